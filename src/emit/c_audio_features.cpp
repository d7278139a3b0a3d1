#include "emit/c_audio_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "emit/c_parts.h"
#include "ops/encode.h"

namespace mote {

namespace {

[[noreturn]] void refuse(const std::string& why, const std::string& remedy) {
  throw UserError({"the features do not fit the network", "--features", why, remedy});
}

template <class T>
ConstantArray array_of(std::string_view type, const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {std::string(type), {bytes.begin(), bytes.end()}};
}

// What the 256 features of 8 bits become in the encoding of the input.
Tensor input_table(const AudioFrontEnd& front_end, const TensorType& input) {
  std::vector<float> values(256);
  for (int q = -128; q < 128; ++q)
    values[static_cast<std::size_t>(q + 128)] = front_end.features.scale() * static_cast<float>(q);
  front_end.normalization.apply(values, 1);
  return encode_reals(values, {{256}, input.encoding, {}});
}

bool is_identity(const Tensor& table) {
  if (table.type().encoding.is_real() || !table.type().encoding.is_signed()) return false;
  for (int q = -128; q < 128; ++q)
    if (table.integer_at(q + 128) != q) return false;
  return true;
}

void check_input(const AudioFrontEnd& front_end, const TensorType& input) {
  const data::AudioFeatures& f = front_end.features;
  if (input.elements() % f.columns() != 0)
    refuse(fmt::format("a row has {} features, the input is {}", f.columns(), to_string(input)),
           "give the features that the network was trained with");
  if (input.encoding.is_per_axis()) refuse("its input has a scale per channel", "quantize it per tensor");
  if (f.bits() == 8) return;
  const Encoding same = Encoding::affine(16, true, f.scale(), 0);
  if (!front_end.normalization.is_identity() || !(input.encoding.is_real() || input.encoding == same))
    refuse("features of 16 bits pass to a real input, or to one of 16 bits with their scale " +
               format_float(f.scale()) + ", without normalization",
           "use bits=8");
}

std::string header(const data::AudioFeatures& f, const TensorType& input, const std::string& name) {
  const std::string prefix = upper_case(name) + "_FEATURES";
  return fmt::format(
      "/* Audio front end of {0}: {1} features of 16-bit samples at {2} Hz, a row for each hop. Rows are in\n"
      " * the encoding of the network's input, which is {3} of them, the oldest first. */\n"
      "#ifndef {4}_H\n#define {4}_H\n\n#include <stdint.h>\n\n"
      "#define {4}_RATE_HZ {2}\n#define {4}_HOP {5}\n#define {4}_FRAME {6}\n#define {4}_COLUMNS {1}\n"
      "#define {4}_ROWS {3}\n#define {4}_WORK_WORDS {7}\n\n"
      "typedef {8} {0}_feature;\n\n/* The latest {6} samples. */\n"
      "typedef struct {{\n  int16_t history[{4}_FRAME];\n}} {0}_features_state;\n\n"
      "/* Silence before the first sample. */\nvoid {0}_features_begin({0}_features_state *state);\n\n"
      "/* The next {4}_HOP samples give the next row of {4}_COLUMNS features. The {4}_WORK_WORDS\n"
      " * words of `work` may be the network's arena between two runs. */\n"
      "void {0}_features_push({0}_features_state *state, const int16_t *samples, int32_t *work,\n"
      "    {0}_feature *row);\n\n#endif\n",
      name, f.columns(), f.rate_hz(), input.elements() / f.columns(), prefix, f.hop(), f.frame(),
      1 << f.log2_fft(), emit::c_type(input.encoding));
}

// Statement of the loop over columns: q of the row, in the input's encoding.
std::string conversion(const AudioFrontEnd& front_end, const TensorType& input, const std::string& name,
                       emit::ConstantPool& pool) {
  if (front_end.features.bits() == 16)
    return input.encoding.is_real()
               ? fmt::format("{} * (float)wide[i]", emit::c_float(front_end.features.scale()))
               : "wide[i]";
  const Tensor table = input_table(front_end, input);
  if (is_identity(table)) return fmt::format("({}_feature)audio_features_byte(wide[i])", name);
  const std::string symbol =
      pool.add({emit::c_type(input.encoding), {table.bytes().begin(), table.bytes().end()}});
  return symbol + "[audio_features_byte(wide[i]) + 128]";
}

std::string source(const AudioFrontEnd& front_end, const TensorType& input, const std::string& name) {
  const data::AudioFeatures& f = front_end.features;
  const std::string prefix = upper_case(name) + "_FEATURES";
  emit::ConstantPool pool(name + "_features_w");
  const std::string window = pool.add(array_of("int16_t", f.window()));
  const std::string sine = pool.add(array_of("int16_t", f.sine()));
  const std::string edges = pool.add(array_of("uint16_t", f.edges()));
  const std::string weights = pool.add(array_of("uint16_t", f.weights()));
  const std::string dct = f.coefficients() > 0 ? pool.add(array_of("int16_t", f.dct())) : "0";
  const std::string element = conversion(front_end, input, name, pool);
  const emit::KernelText kernel = emit::gather_kernels({"mote_step.h", "audio_features.h"});
  std::string text = fmt::format(
      "/* Audio front end of {0}: made by mote. See {0}_features.h. */\n"
      "#include \"{0}_features.h\"\n\n",
      name);
  for (const std::string& header : kernel.system_headers) text += "#include <" + header + ">\n";
  text += "\n" + kernel.text + "\n" + pool.definitions();
  text += fmt::format(
      "\nstatic const audio_features_params {0}_features_p = {{\n  .frame = {1},\n  .log2_fft = {2},\n"
      "  .bins = {3},\n  .coefficients = {4},\n  .offset = {5},\n  .window = {6},\n  .sine = {7},\n"
      "  .edges = {8},\n  .weights = {9},\n  .dct = {10},\n}};\n\n",
      name, f.frame(), f.log2_fft(), f.bins(), f.coefficients(), f.offset(), window, sine, edges, weights,
      dct);
  text += fmt::format(
      "void {0}_features_begin({0}_features_state *state)\n{{\n"
      "  memset(state->history, 0, sizeof state->history);\n}}\n\n"
      "void {0}_features_push({0}_features_state *state, const int16_t *samples, int32_t *work,\n"
      "    {0}_feature *row)\n{{\n  int16_t wide[{1}_COLUMNS];\n  int32_t i;\n"
      "  memmove(state->history, state->history + {1}_HOP, sizeof(int16_t) * ({1}_FRAME - {1}_HOP));\n"
      "  memcpy(state->history + {1}_FRAME - {1}_HOP, samples, sizeof(int16_t) * {1}_HOP);\n"
      "  audio_features(&{0}_features_p, state->history, work, wide);\n"
      "  for (i = 0; i < {1}_COLUMNS; i++)\n    row[i] = {2};\n}}\n",
      name, prefix, element);
  return text;
}

}  // namespace

void emit_audio_features(const AudioFrontEnd& front_end, const TensorType& input, const std::string& name,
                         const std::filesystem::path& folder) {
  check_input(front_end, input);
  make_folder(folder);
  write_file(folder / (name + "_features.h"), header(front_end.features, input, name));
  write_file(folder / (name + "_features.c"), source(front_end, input, name));
}

}  // namespace mote
