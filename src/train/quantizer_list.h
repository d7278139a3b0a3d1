// The list of quantizers that train: the one place that names them all.
#pragma once

#include <memory>
#include <span>
#include <string_view>

namespace mote::train {

class Quantizer;
struct QuantizerSpec;

struct QuantizerRow {
  std::string_view name;
  bool weights;  // suits weights
  bool activations;
  int min_bits, max_bits;
  std::unique_ptr<Quantizer> (*make)(const QuantizerSpec&);
  std::string_view use;       // when to take it, one line
  std::string_view citation;  // authors, year, arXiv number
};

std::span<const QuantizerRow> quantizer_list();
// The row of that name; throws UserError that lists the names.
const QuantizerRow& find_quantizer(std::string_view name);

}  // namespace mote::train
