#include <fmt/format.h>

#include "base/text.h"
#include "emit/c_parts.h"

namespace mote::emit {

namespace {

std::string encoding_text(const Encoding& e) {
  if (e.is_real()) return "float32";
  std::string text = fmt::format("{}-bit {} integer", e.bits(), e.is_signed() ? "signed" : "unsigned");
  if (e.is_quantized() && !e.is_per_axis())
    text += fmt::format(", real = {} * (q - {})", format_float(e.scale()), e.zero_point());
  return text;
}

// Conversion between reals and one quantized port. Rounds halves away from zero, like the network's own
// Quantize.
std::string conversion_text(const std::string& name, const std::string& port, const Encoding& e) {
  const std::string type = c_type(e);
  return fmt::format(
      "static inline {0} {1}_quantize_{2}(float real)\n"
      "{{\n"
      "  float q = real / {3};\n"
      "  int32_t whole;\n"
      "  if (!(q > {4}))\n"
      "    return {6};\n"
      "  if (q > {5})\n"
      "    return {7};\n"
      "  whole = (int32_t)q;\n"
      "  if (q - (float)whole >= 0.5f)\n"
      "    whole++;\n"
      "  if (q - (float)whole <= -0.5f)\n"
      "    whole--;\n"
      "  whole += {8};\n"
      "  return ({0})(whole < {6} ? {6} : whole > {7} ? {7} : whole);\n"
      "}}\n\n"
      "static inline float {1}_dequantize_{2}({0} q)\n"
      "{{\n"
      "  return {3} * (float)((int32_t)q - {8});\n"
      "}}\n\n",
      type, name, port, c_float(e.scale()), c_float(static_cast<float>(e.min() - e.zero_point()) - 1),
      c_float(static_cast<float>(e.max() - e.zero_point()) + 1), e.min(), e.max(), e.zero_point());
}

std::string port_text(const Plan& plan, const std::string& name, const std::string& kind, std::size_t i,
                      ValueId v, const Port& port) {
  const TensorType& type = plan.graph.type(v);
  const std::string prefix = fmt::format("{}_{}_{}", upper_case(name), upper_case(kind), i);
  const std::string element = c_type(type.encoding);
  std::string text =
      fmt::format("/* {} {}: '{}', shape {} (NHWC order as listed), {} */\n", kind, i,
                  comment_safe(port.name), to_string(type.shape), encoding_text(type.encoding));
  const bool is_fed = plan.feed && kind == "input";
  text +=
      fmt::format("#define {0}_BYTES {1}\n#define {0}_ELEMENTS {2}\n", prefix, port.bytes, type.elements());
  text += is_fed ? fmt::format("#define {0}_ROWS {1}\n#define {0}_ROW_BYTES {2}\n", prefix, plan.feed->rows,
                               plan.feed->row_bytes)
                 : fmt::format("#define {0}_OFFSET {1}\n", prefix, port.offset);
  if (type.encoding.is_quantized() && !type.encoding.is_per_axis())
    text += fmt::format("#define {0}_SCALE {1}\n#define {0}_ZERO_POINT ({2})\n", prefix,
                        c_float(type.encoding.scale()), type.encoding.zero_point());
  if (!is_fed)
    text += fmt::format(
        "static inline {0} *{1}_{2}_{3}(void *arena)\n{{\n  return ({0} *)(void *)((unsigned char *)arena + "
        "{4}_OFFSET);\n}}\n\n",
        element, name, kind, i, prefix);
  const Encoding& e = type.encoding;
  if (e.is_quantized() && !e.is_per_axis() && e.bits() <= 16)
    text += conversion_text(name, fmt::format("{}_{}", kind, i), e);
  return text;
}

std::string threads_declaration(const Artifact& a) {
  if (a.threads < 2) return {};
  return fmt::format(
      "/* Up to {0} threads share large layers: {1}_run calls this function, which calls part(arena, i) for\n"
      " * every i below count, at the same time where it can, and returns when all are done. {1}_threads.c "
      "has it\n"
      " * for POSIX threads; leave that file out to give your own. */\n"
      "void {1}_parallel_for(void (*part)(void *arena, int32_t i), void *arena, int32_t count);\n\n",
      a.threads, a.name);
}

// How the caller runs the network, and the declarations.
std::string usage_text(const Artifact& a) {
  if (a.feed_rows == 0)
    return fmt::format(
        " *   write the input to {0}_input_0(arena), call {0}_run(arena), read {0}_output_0(arena).\n",
        a.name);
  return fmt::format(
      " *   {0}_begin(arena), then {0}_push_row(arena, row) for each row of the input from the top, "
      "{1}_INPUT_0_ROW_BYTES "
      "each;\n"
      " *   the call that returns 1 has computed the outputs: read {0}_output_0(arena). The row is copied.\n",
      a.name, upper_case(a.name));
}

std::string declarations_text(const Artifact& a) {
  if (a.feed_rows == 0) return fmt::format("void {0}_run(void *arena);\n\n", a.name);
  return fmt::format("void {0}_begin(void *arena);\nint {0}_push_row(void *arena, const void *row);\n\n",
                     a.name);
}

}  // namespace

std::string header_text(const Plan& plan, const Artifact& a) {
  const std::string guard = upper_case(a.name) + "_H";
  std::string text = fmt::format(
      "/* {0}: a neural network as C, made by mote from '{1}'.\n"
      " *\n"
      " *   static unsigned char arena[{2}_ARENA_BYTES] __attribute__((aligned({2}_ARENA_ALIGN)));\n"
      "{8}"
      " *\n"
      " * The arena is all the memory the network uses besides the stack; inputs are overwritten by a run. "
      "Re-entrant with one\n"
      " * arena each; no heap, no failure path. Flash of constants: {3} bytes.\n"
      " */\n"
      "#ifndef {4}\n#define {4}\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n"
      "#define {2}_ARENA_BYTES {5}\n#define {2}_ARENA_ALIGN {6}\n\n"
      "{9}{7}",
      a.name, comment_safe(plan.graph.name()), upper_case(a.name), a.weights_bytes, guard, a.arena_bytes,
      kArenaAlignment, threads_declaration(a), usage_text(a), declarations_text(a));
  for (std::size_t i = 0; i < a.inputs.size(); ++i)
    text += port_text(plan, a.name, "input", i, plan.graph.inputs()[i], a.inputs[i]);
  for (std::size_t i = 0; i < a.outputs.size(); ++i)
    text += port_text(plan, a.name, "output", i, plan.graph.outputs()[i], a.outputs[i]);
  text += "#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

}  // namespace mote::emit
