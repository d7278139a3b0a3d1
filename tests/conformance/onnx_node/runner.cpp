// Runs ONNX node tests: folders with model.onnx and test_data_set_*/{input,output}_K.pb, loose or inside a
// tar.
//   onnx_node_tests DIR|TAR [--emitted] [--skips FILE]
// Each model is read, simplified and evaluated by the oracle, with --emitted also by the emitted C on this
// computer; results must agree within rtol 1e-3 and atol 1e-7, integers exactly. Prints a line per failure
// and closes with "N passed, M failed, K skipped". Exit status 1 when a test failed.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "base/archive.h"
#include "base/file.h"
#include "compress/pipelines.h"
#include "compress/quantize/lower_qdq.h"
#include "emit/c.h"
#include "format/onnx_reader.h"
#include "measure/host.h"
#include "plan/plan.h"
#include "run/interpreter.h"

namespace {

using namespace mote;
using Bytes = std::vector<std::byte>;
using Files = std::map<std::string, Bytes>;  // of one test: path inside its folder -> content

constexpr double kRelative = 1e-3;
constexpr double kAbsolute = 1e-7;

std::map<std::string, Files> load_tests(const std::filesystem::path& source) {
  std::map<std::string, Files> tests;
  const auto add = [&](const std::filesystem::path& path, Bytes bytes) {
    // the folder of model.onnx names the test; data sets are one folder deeper
    const bool is_model = path.filename() == "model.onnx";
    const auto folder = is_model ? path.parent_path() : path.parent_path().parent_path();
    tests[folder.string()][path.lexically_relative(folder).string()] = std::move(bytes);
  };
  const auto wanted = [](const std::filesystem::path& p) {
    return p.extension() == ".pb" || p.filename() == "model.onnx";
  };
  if (!std::filesystem::is_directory(source)) {
    read_archive(source, std::uint64_t{4} << 30, [&](ArchiveMember&& m) {
      if (wanted(m.path)) add(m.path, std::move(m.bytes));
    });
  } else {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source))
      if (entry.is_regular_file() && wanted(entry.path()))
        add(entry.path().lexically_relative(source), read_file(entry.path()));
  }
  std::erase_if(tests, [](const auto& t) { return !t.second.contains("model.onnx"); });
  return tests;
}

struct Skip {
  std::regex pattern;
  std::string reason;
};

// Lines "PATTERN: REASON", where * in a pattern stands for anything; # begins a comment.
std::vector<Skip> load_skips(const std::filesystem::path& path) {
  std::vector<Skip> skips;
  std::istringstream lines(read_text_file(path));
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    const std::string pattern = std::regex_replace(line.substr(0, colon), std::regex("\\*"), ".*");
    skips.push_back({std::regex(pattern), line.substr(colon + 1)});
  }
  return skips;
}

// The files prefix_0.pb, prefix_1.pb, ... of a data set; missing ones (optional values) are left out.
std::vector<Tensor> load_tensors(const Files& files, const std::string& prefix) {
  std::vector<Tensor> tensors;
  for (int k = 0; k < 64; ++k)
    if (const auto f = files.find(prefix + std::to_string(k) + ".pb"); f != files.end())
      tensors.push_back(read_onnx_tensor(f->second, f->first).tensor);
  return tensors;
}

// Reads the model; inputs that it needs to know are fixed to the test's values, integers before all others.
Graph read_model(const Files& files, const std::map<std::string, Tensor>& inputs) {
  const Bytes& model = files.at("model.onnx");
  OnnxReadOptions options;
  try {
    return read_onnx(model, "model.onnx", options);
  } catch (const OnnxNeedsConstant&) {
    for (const auto& [name, tensor] : inputs)
      if (tensor.type().encoding.is_integer() || tensor.type().elements() == 1)
        options.fixed.emplace(name, tensor);
  }
  try {
    return read_onnx(model, "model.onnx", options);
  } catch (const OnnxNeedsConstant&) {
    // small ones are parameters (scales); the largest input stays a real one
    std::int64_t largest = 0;
    for (const auto& [name, tensor] : inputs) largest = std::max(largest, tensor.type().elements());
    for (const auto& [name, tensor] : inputs)
      if (tensor.type().elements() < largest) options.fixed.emplace(name, tensor);
  }
  try {
    return read_onnx(model, "model.onnx", options);
  } catch (const OnnxNeedsConstant&) {
    options.fixed = inputs;
    return read_onnx(model, "model.onnx", options);
  }
}

// Evaluates a graph; the two ways must give the same results.
using Evaluate = std::vector<Tensor> (*)(const Graph& graph, const std::vector<Tensor>& inputs);

std::vector<Tensor> evaluate_emitted(const Graph& graph, const std::vector<Tensor>& inputs) {
  const TemporaryFolder folder;
  const Artifact artifact =
      emit_c(make_plan(graph, load_target("host")), {.name = "m", .folder = folder.path()});
  Target host = load_target("host");
  host.compiler.speed_flags = {"-O1"};
  const CompiledModel model(artifact, host);
  std::vector<Bytes> bytes;
  for (const Tensor& t : inputs) bytes.emplace_back(t.bytes().begin(), t.bytes().end());
  const auto results = model.run(bytes);
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < results.size(); ++i)
    outputs.emplace_back(graph.type(graph.outputs()[i]), results[i]);
  return outputs;
}

std::vector<Tensor> evaluate_oracle(const Graph& graph, const std::vector<Tensor>& inputs) {
  return interpret(graph, inputs);
}

std::string compare(const Tensor& expected, const Tensor& actual) {
  const TensorType& e = expected.type();
  const TensorType& a = actual.type();
  if (e.shape != a.shape || e.encoding.is_real() != a.encoding.is_real())
    return "it is " + to_string(a) + ", expected " + to_string(e);
  for (std::int64_t i = 0; i < e.elements(); ++i) {
    const double want =
        e.encoding.is_real() ? expected.real_at(i) : static_cast<double>(expected.integer_at(i));
    const double got = a.encoding.is_real() ? actual.real_at(i) : static_cast<double>(actual.integer_at(i));
    const double allowed = e.encoding.is_real() ? kAbsolute + kRelative * std::abs(want) : 0;
    const bool same = want == got || (std::isnan(want) && std::isnan(got)) || std::abs(want - got) <= allowed;
    if (!same)
      return "element " + std::to_string(i) + " is " + std::to_string(got) + ", expected " +
             std::to_string(want);
  }
  return {};
}

std::string run_data_set(const Files& files, const std::string& set, Evaluate evaluate) {
  const auto names = onnx_input_names(files.at("model.onnx"), "model.onnx");
  const auto given = load_tensors(files, set + "/input_");
  const auto expected = load_tensors(files, set + "/output_");
  std::map<std::string, Tensor> by_name;
  for (std::size_t i = 0; i < std::min(names.size(), given.size()); ++i) by_name.emplace(names[i], given[i]);
  const Graph graph = simplify(lower_qdq(simplify(read_model(files, by_name))));
  std::vector<Tensor> inputs;
  for (const ValueId v : graph.inputs()) {
    const auto found = by_name.find(graph.value(v).name);
    if (found == by_name.end()) return "the test has no input '" + graph.value(v).name + "'";
    TensorType type = found->second.type();
    type.encoding = graph.type(v).encoding;
    inputs.push_back(found->second.with_type(type));
  }
  const auto outputs = evaluate(graph, inputs);
  if (outputs.size() != expected.size())
    return std::to_string(outputs.size()) + " outputs, expected " + std::to_string(expected.size());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (const std::string problem = compare(expected[i], outputs[i]); !problem.empty())
      return "output " + std::to_string(i) + ": " + problem;
  return {};
}

std::string run_test(const Files& files, Evaluate evaluate) {
  std::set<std::string> sets;
  for (const auto& [path, bytes] : files)
    if (path != "model.onnx") sets.insert(std::filesystem::path(path).parent_path().string());
  if (sets.empty()) return "it has no data sets";
  for (const std::string& set : sets) {
    try {
      if (std::string problem = run_data_set(files, set, evaluate); !problem.empty()) return problem;
    } catch (const std::exception& e) {
      std::string message = e.what();
      std::replace(message.begin(), message.end(), '\n', ' ');
      return message;
    }
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path source;
  std::filesystem::path skips_path;
  bool emitted = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--emitted")
      emitted = true;
    else if (argument == "--skips" && i + 1 < argc)
      skips_path = argv[++i];
    else
      source = argument;
  }
  if (source.empty() || !std::filesystem::exists(source)) {
    std::fprintf(stderr, "usage: onnx_node_tests DIR|TAR [--emitted] [--skips FILE]\n");
    return 2;
  }
  const auto skips = skips_path.empty() ? std::vector<Skip>{} : load_skips(skips_path);
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  for (const auto& [path, files] : load_tests(source)) {
    const std::string name = std::filesystem::path(path).filename().string();
    const auto skip = std::find_if(skips.begin(), skips.end(),
                                   [&](const Skip& s) { return std::regex_match(name, s.pattern); });
    if (skip != skips.end()) {
      ++skipped;
      continue;
    }
    std::string problem = run_test(files, evaluate_oracle);
    if (problem.empty() && emitted) {
      problem = run_test(files, evaluate_emitted);
      if (!problem.empty()) problem = "emitted C: " + problem;
    }
    if (problem.empty()) {
      ++passed;
    } else {
      ++failed;
      std::printf("FAILED %s: %s\n", name.c_str(), problem.c_str());
      std::fflush(stdout);
    }
  }
  std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  return failed == 0 ? 0 : 1;
}
