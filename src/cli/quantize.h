// What the quantize command has in both programs: mote quantizes after training, mote-train by training, too.
#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "compress/quantize/quantize_options.h"

namespace CLI {
class App;
}

namespace mote::cli {

struct QuantizeArguments {
  std::string model, data, output, normalize, features, method = "percentile";
  std::string split = "train";
  std::size_t calibrate = 200;
  double percentile = 0;
  bool per_tensor = false;
  QuantizeOptions quantize;
};

// The methods that need no training: ranges of activations (compress/quantize/ranges.h).
bool is_range_method(const std::string& method);

// UserError where MODEL, --data or --output is missing; only --method list goes without.
void require_files(const QuantizeArguments& arguments);

void quantize_after_training(QuantizeArguments arguments, Context& context);

// Adds what quantization by training needs to the command, in mote-train; nothing in mote.
void add_quantize_by_training(CLI::App& command, const std::shared_ptr<QuantizeArguments>& arguments,
                              Context& context);

}  // namespace mote::cli
