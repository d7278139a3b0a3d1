#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "data/dataset.h"
#include "data/preview.h"

namespace mote::cli {

namespace {

struct Options {
  std::string specification, preview, features;
  std::string split = "train";
  bool list = false;
};

nlohmann::json describe(const data::DatasetInfo& info) {
  return {{"name", info.name},
          {"format", info.format},
          {"kind", data::element_kind_name(info.kind)},
          {"shape", info.shape},
          {"classes", info.class_names},
          {"train", info.counts[0]},
          {"valid", info.counts[1]},
          {"test", info.counts[2]},
          {"split_rule", info.split_rule},
          {"sample_rate_hz", info.sample_rate_hz}};
}

std::string describe_text(const data::DatasetInfo& info) {
  std::string text = fmt::format("{}: {} ({})\nsample   {}\n", info.name, info.format,
                                 data::element_kind_name(info.kind), data::shape_text(info.shape));
  if (info.sample_rate_hz > 0) text += fmt::format("rate     {} Hz\n", info.sample_rate_hz);
  text += fmt::format("train    {}\nvalid    {}\ntest     {}\nsplit    {}\n", format_count(info.counts[0]),
                      format_count(info.counts[1]), format_count(info.counts[2]), info.split_rule);
  text += fmt::format("classes  {}: {}\n", info.class_names.size(), join(info.class_names, " "));
  return text;
}

void run(const Options& o, Context& context) {
  if (o.list || o.specification.empty()) {
    const auto names = data::list_generators();
    if (context.json) return context.print(nlohmann::json(names));
    return context.print("generators: " + join(names, " ") +
                         "\nfiles:      folders or archives of images or sounds by class, IDX, CIFAR binary, "
                         ".npy, .npz, .csv\n");
  }
  const auto dataset = data::open_dataset(data::with_features(o.specification, o.features));
  if (!o.preview.empty()) {
    constexpr std::size_t kRows = 8;
    constexpr std::size_t kColumns = 12;
    const auto samples =
        dataset->load(data::parse_split(o.split), {.max_count = kRows * kColumns, .seed = 1, .shape = {}});
    data::write_preview_png(samples, kRows, kColumns, o.preview);
  }
  if (context.json)
    context.print(describe(dataset->info()));
  else
    context.print(describe_text(dataset->info()));
}

}  // namespace

void add_data(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("data", "list, describe and preview data sets");
  command->add_option("SPEC", options->specification, "a path or synth:NAME");
  command->add_flag("--list", options->list, "the generators and the kinds of files");
  command->add_option("--preview", options->preview, "write a contact sheet of images to this PNG");
  command->add_option("--split", options->split, "train, valid or test")->capture_default_str();
  add_features(*command, options->features);
  add_common(*command, context);
  command->footer("Example: mote data synth:glyphs --preview glyphs.png");
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace mote::cli
