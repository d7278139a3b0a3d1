// The emitted front end gives the host's numbers, byte for byte, here and on simulated devices.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/rng.h"
#include "compress/import.h"
#include "compress/quantize/quantize_post_training.h"
#include "emit/c.h"
#include "measure/device.h"
#include "measure/host.h"
#include "ops/encode.h"
#include "run/interpreter.h"
#include "tests/support/random_inputs.h"
#include "zoo/zoo.h"

namespace mote {
namespace {

constexpr int kHops = 4;

struct Case {
  const char* features;
  int rate_hz;
  Encoding input;  // of the network
  const char* normalize;
};

const Case kCases[] = {
    {"log-mel?bins=20", 8000, Encoding::affine(8, true, 1.0F / 32, 0), ""},
    {"log-mel?bins=24&frame=30", 16000, Encoding::affine(8, false, 0.03F, 117), "mean=-0.5,std=1.7"},
    {"mfcc?coefficients=10&fft=1024", 16000, Encoding::affine(8, true, 0.11F, -3), ""},
    {"mfcc?bits=16", 8000, Encoding::real(), ""},
    {"log-mel?bits=16&hop=32", 8000, Encoding::affine(16, true, 1.0F / 8192, 0), ""},
};

data::AudioFeatures features_of(const Case& c) { return {data::parse_audio_features(c.features), c.rate_hz}; }

// The front end in the form of a network: kHops hops of samples in, as many rows out.
Artifact wrapped(const Case& c, const std::filesystem::path& folder) {
  const data::AudioFeatures f = features_of(c);
  const TensorType input{{1, kHops, f.columns(), 1}, c.input, {}};
  emit_audio_features({f, data::parse_normalization(c.normalize)}, input, "front", folder);
  const int sample_bytes = 2 * kHops * f.hop();
  const int work = (sample_bytes + 15) / 16 * 16;
  const int rows = work + (4 << f.log2_fft());
  Artifact a;
  a.name = "front";
  a.folder = folder;
  a.steps = {{"features", "Features", 0}};
  a.arena_bytes = static_cast<std::uint64_t>(rows + input.bytes() + 15) / 16 * 16;
  a.inputs = {{"samples", 0, static_cast<std::uint64_t>(sample_bytes)}};
  a.outputs = {{"rows", static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(input.bytes())}};
  const auto define = [](const std::string& name, std::uint64_t value) {
    return "#define FRONT_" + name + " " + std::to_string(value) + "\n";
  };
  write_file(folder / "front.h",
             "#ifndef FRONT_H\n#define FRONT_H\n" + define("ARENA_BYTES", a.arena_bytes) +
                 define("ARENA_ALIGN", 16) + define("INPUT_0_OFFSET", 0) +
                 define("INPUT_0_BYTES", a.inputs[0].bytes) + define("OUTPUT_0_OFFSET", a.outputs[0].offset) +
                 define("OUTPUT_0_BYTES", a.outputs[0].bytes) + "void front_run(void *arena);\n#endif\n");
  write_file(folder / "front.c",
             "#include \"front.h\"\n#include \"front_features.c\"\n"
             "static __attribute__((noinline)) void front_step_0(void *arena)\n{\n"
             "  front_features_state state;\n  const int16_t *samples = (const int16_t *)arena;\n"
             "  int32_t *work = (int32_t *)(void *)((char *)arena + " +
                 std::to_string(work) +
                 ");\n"
                 "  front_feature *rows = (front_feature *)(void *)((char *)arena + FRONT_OUTPUT_0_OFFSET);\n"
                 "  int i;\n  front_features_begin(&state);\n  for (i = 0; i < FRONT_FEATURES_ROWS; i++)\n"
                 "    front_features_push(&state, samples + i * FRONT_FEATURES_HOP, work,\n"
                 "        rows + i * FRONT_FEATURES_COLUMNS);\n}\n"
                 "void front_run(void *arena)\n{\n  front_step_0(arena);\n}\n");
  return a;
}

std::vector<std::int16_t> sounds(const Case& c, std::uint64_t seed) {
  Rng rng(seed);
  const double level = std::pow(10.0, rng.uniform(0, 4.5));
  std::vector<std::int16_t> samples;
  for (int i = 0; i < kHops * features_of(c).hop(); ++i)
    samples.push_back(static_cast<std::int16_t>(
        std::clamp(level * (std::sin(0.05 * i * i / 100) + 0.2 * rng.normal()), -32768.0, 32767.0)));
  return samples;
}

Sample bytes_of(const std::vector<std::int16_t>& samples) {
  const auto bytes = std::as_bytes(std::span(samples));
  return {Bytes(bytes.begin(), bytes.end())};
}

// What evaluation on a data set would feed the network.
Bytes expected(const Case& c, const std::vector<std::int16_t>& samples) {
  const data::AudioFeatures f = features_of(c);
  std::vector<float> values;
  for (const std::int16_t q : f.rows(samples)) values.push_back(f.scale() * static_cast<float>(q));
  data::parse_normalization(c.normalize).apply(values, 1);
  const Tensor tensor = encode_reals(values, {{static_cast<std::int64_t>(values.size())}, c.input, {}});
  return {tensor.bytes().begin(), tensor.bytes().end()};
}

TEST(EmittedAudioFeatures, EqualTheHostsEverywhere) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.features);
    const TemporaryFolder folder;
    const Artifact artifact = wrapped(c, folder.path());
    std::vector<std::vector<std::int16_t>> inputs;
    std::vector<Sample> samples;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      inputs.push_back(sounds(c, seed));
      samples.push_back(bytes_of(inputs.back()));
    }
    const CompiledModel host(artifact);
    for (std::size_t i = 0; i < samples.size(); ++i)
      EXPECT_EQ(host.run(samples[i]).at(0), expected(c, inputs[i])) << i;
    for (const char* device : {"cortex-m0", "cortex-m4"}) {
      const Target target = load_target(device);
      if (!find_program(target.compiler.program) || !find_program(target.runner.program)) continue;
      const DeviceRun run = run_on_device(artifact, target, samples);
      for (std::size_t i = 0; i < samples.size(); ++i)
        EXPECT_EQ(run.outputs.at(i).at(0), expected(c, inputs[i])) << device << " " << i;
    }
  }
}

// Front end and network together, as docs/audio.md has it: samples in, outputs of the network out.
Artifact chained(const Graph& network, const AudioFrontEnd& front_end, const Target& target,
                 const std::filesystem::path& folder) {
  const Artifact net = emit_c(make_plan(prepare_model(network, {}).graph, target),
                              {.name = "net", .folder = folder, .front_end = front_end});
  const auto align = [](std::uint64_t bytes) { return (bytes + 63) / 64 * 64; };
  const std::uint64_t samples =
      2U * static_cast<unsigned>(front_end.features.hop()) * static_cast<unsigned>(kHops);
  const std::uint64_t arena = align(samples);
  const std::uint64_t rows = arena + align(net.arena_bytes);
  const std::uint64_t work = rows + align(net.inputs[0].bytes);
  Artifact a;
  a.name = "chain";
  a.folder = folder;
  a.has_assembly = net.has_assembly;
  a.steps = {{"chain", "Features", 0}};
  a.inputs = {{"samples", 0, samples}};
  a.outputs = {{"out", work + align(4U << front_end.features.log2_fft()), net.outputs[0].bytes}};
  a.arena_bytes = a.outputs[0].offset + align(net.outputs[0].bytes);
  if (net.has_assembly) std::filesystem::copy_file(folder / "net.S", folder / "chain.S");
  write_file(folder / "chain.h", "#define CHAIN_ARENA_BYTES " + std::to_string(a.arena_bytes) +
                                     "\n#define CHAIN_ARENA_ALIGN 64\n" +
                                     "#define CHAIN_INPUT_0_OFFSET 0\n#define CHAIN_INPUT_0_BYTES " +
                                     std::to_string(samples) + "\n#define CHAIN_OUTPUT_0_OFFSET " +
                                     std::to_string(a.outputs[0].offset) + "\n#define CHAIN_OUTPUT_0_BYTES " +
                                     std::to_string(net.outputs[0].bytes) +
                                     "\nvoid chain_run(void *arena);\n");
  write_file(folder / "chain.c",
             "#include \"chain.h\"\n#include \"net.c\"\n#include \"net_features.c\"\n"
             "static __attribute__((noinline)) void chain_step_0(unsigned char *memory)\n{\n"
             "  net_features_state state;\n  const int16_t *samples = (const int16_t *)(void *)memory;\n"
             "  unsigned char *arena = memory + " +
                 std::to_string(arena) +
                 ";\n"
                 "  net_feature *rows = (net_feature *)(void *)(memory + " +
                 std::to_string(rows) +
                 ");\n"
                 "  int32_t *work = (int32_t *)(void *)(memory + " +
                 std::to_string(work) +
                 ");\n  int i;\n"
                 "  net_features_begin(&state);\n  for (i = 0; i < NET_FEATURES_ROWS; i++)\n"
                 "    net_features_push(&state, samples + i * NET_FEATURES_HOP, work,\n"
                 "        rows + i * NET_FEATURES_COLUMNS);\n"
                 "  memcpy(net_input_0(arena), rows, NET_INPUT_0_BYTES);\n  net_run(arena);\n"
                 "  memcpy(memory + CHAIN_OUTPUT_0_OFFSET, net_output_0(arena), NET_OUTPUT_0_BYTES);\n}\n"
                 "void chain_run(void *arena)\n{\n  chain_step_0((unsigned char *)arena);\n}\n");
  return a;
}

TEST(EmittedAudioFeatures, LeadFromSamplesToOutputsOnADevice) {
  Rng rng(11);
  const Graph network = simplify(zoo_model("ds-cnn?width=8&depth=1&frames=4&bins=20&classes=5"));
  const Graph quantized = quantize_with_samples(network, {testing::random_inputs(network, rng)}, {});
  const Case c{"log-mel?bins=20", 8000, quantized.type(quantized.inputs()[0]).encoding, "mean=-1,std=2"};
  const AudioFrontEnd front_end{features_of(c), data::parse_normalization(c.normalize)};
  for (const char* name : {"host", "cortex-m0", "cortex-m4"}) {
    const Target target = load_target(name);
    if (!find_program(target.compiler.program)) continue;
    if (!target.runner.program.empty() && !find_program(target.runner.program)) continue;
    const TemporaryFolder folder;
    const Artifact artifact = chained(quantized, front_end, target, folder.path());
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      const std::vector<std::int16_t> samples = sounds(c, seed);
      const Tensor features(quantized.type(quantized.inputs()[0]), expected(c, samples));
      const Tensor wanted = interpret(quantized, {features}).at(0);
      const std::vector<Sample> inputs{bytes_of(samples)};
      EXPECT_EQ(run_on_device(artifact, target, inputs).outputs.at(0).at(0),
                Bytes(wanted.bytes().begin(), wanted.bytes().end()))
          << name << " " << seed;
    }
  }
}

TEST(EmittedAudioFeatures, CompileWithoutWarnings) {
  for (const Case& c : kCases) {
    const TemporaryFolder folder;
    emit_audio_features({features_of(c), data::parse_normalization(c.normalize)},
                        {{1, kHops, features_of(c).columns(), 1}, c.input, {}}, "front", folder.path());
    const ProcessResult result =
        run_process({"gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
                     "-Werror", "-fsyntax-only", (folder.path() / "front_features.c").string()});
    EXPECT_EQ(result.exit_code, 0) << result.output;
  }
}

TEST(EmittedAudioFeatures, RefuseWhatTheNetworkCannotTake) {
  const TemporaryFolder folder;
  const auto emit = [&](const char* features, const Shape& shape, const Encoding& encoding) {
    emit_audio_features({data::AudioFeatures(data::parse_audio_features(features), 8000)},
                        {shape, encoding, {}}, "front", folder.path());
  };
  EXPECT_THROW(emit("log-mel?bins=20", {1, 10, 13, 1}, Encoding::real()), UserError);
  EXPECT_THROW(emit("log-mel?bits=16", {1, 10, 40, 1}, Encoding::affine(8, true, 0.1F, 0)), UserError);
}

}  // namespace
}  // namespace mote
