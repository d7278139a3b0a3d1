#include <fmt/format.h>

#include "base/resource.h"
#include "base/text.h"
#include "emit/c_parts.h"

namespace mote::emit {

std::string main_text(const Plan& plan, const Artifact& a) {
  std::string fill;
  for (std::size_t i = 0; i < a.inputs.size() && a.feed_rows == 0; ++i) {
    const Encoding& e = plan.graph.type(plan.graph.inputs()[i]).encoding;
    const std::string zero = e.is_quantized() && !e.is_per_axis() && e.bits() <= 16
                                 ? fmt::format("{}_quantize_input_{}(0.0f)", a.name, i)
                                 : "0";
    fill += fmt::format(
        "  for (i = 0; i < {}_INPUT_{}_ELEMENTS; i++)\n    {}_input_{}(arena)[i] = {}; /* your data */\n",
        upper_case(a.name), i, a.name, i, zero);
  }
  const std::string run =
      a.feed_rows == 0
          ? fmt::format("  {}_run(arena);\n", a.name)
          : fmt::format(
                "  {0}_begin(arena);\n"
                "  do\n    for (i = 0; i < {1}_INPUT_0_ROW_BYTES; i++)\n      row[i] = 0; /* your data */\n"
                "  while (!{0}_push_row(arena, row));\n",
                a.name, upper_case(a.name));
  const std::string row =
      a.feed_rows == 0
          ? ""
          : fmt::format("  static unsigned char row[{}_INPUT_0_ROW_BYTES];\n", upper_case(a.name));
  std::string show;
  for (std::size_t i = 0; i < a.outputs.size(); ++i) {
    const Encoding& e = plan.graph.type(plan.graph.outputs()[i]).encoding;
    const std::string element = fmt::format("{}_output_{}(arena)[i]", a.name, i);
    const bool real = e.is_quantized() && !e.is_per_axis() && e.bits() <= 16;
    show += fmt::format("  for (i = 0; i < {}_OUTPUT_{}_ELEMENTS; i++)\n    printf(\"%g\\n\", (double){});\n",
                        upper_case(a.name), i,
                        real ? fmt::format("{}_dequantize_output_{}({})", a.name, i, element) : element);
  }
  return fmt::format(
      "/* Example of use: fills the input, runs the network once, prints the output as real numbers. */\n"
      "#include <stdio.h>\n\n#include \"{0}.h\"\n\n"
      "static union {{\n  unsigned char bytes[{1}_ARENA_BYTES];\n  double align[2];\n}} memory;\n\n"
      "int main(void)\n{{\n  void *arena = memory.bytes;\n{5}  long i;\n{2}{4}{3}  return "
      "0;\n}}\n",
      a.name, upper_case(a.name), fill, show, run, row);
}

std::string threads_text(const Artifact& a) {
  if (a.threads < 2) return {};
  return fmt::format(
             "#include \"{0}.h\"\n\n#define MOTE_PARALLEL_FOR {0}_parallel_for\n#define MOTE_THREADS {1}\n\n",
             a.name, a.threads) +
         std::string(resource("kernels/c/parallel_for.c"));
}

std::string cmake_text(const Artifact& a) {
  return fmt::format(
      "cmake_minimum_required(VERSION 3.13)\nproject({0} C{3})\nset(CMAKE_C_STANDARD 99)\nif(NOT "
      "CMAKE_BUILD_TYPE)\n"
      "  set(CMAKE_BUILD_TYPE Release)\nendif()\nadd_library({0} STATIC {0}.c{4}{5}{6})\n"
      "target_include_directories({0} PUBLIC "
      "${{CMAKE_CURRENT_SOURCE_DIR}})\n{1}{2}add_executable({0}_example "
      "main.c)\n"
      "target_link_libraries({0}_example {0})\n",
      a.name,
      a.threads > 1
          ? fmt::format("find_package(Threads REQUIRED)\ntarget_link_libraries({} PUBLIC Threads::Threads)\n",
                        a.name)
          : "",
      a.uses_math ? fmt::format("target_link_libraries({} PUBLIC m)\n", a.name) : "",
      a.has_assembly ? " ASM" : "", a.has_assembly ? " " + a.name + ".S" : "",
      a.threads > 1 ? " " + a.name + "_threads.c" : "", a.has_features ? " " + a.name + "_features.c" : "");
}

std::string readme_text(const Plan& plan, const Artifact& a) {
  std::string text = fmt::format(
      "# {0}\n\nMade by mote from '{1}' for {2}. `{0}.h` says how to call it, `main.c` is an example.\n\n"
      "| | bytes |\n|---|---:|\n| arena (RAM for tensors and scratch) | {3} |\n| lower bound of the arena "
      "(largest live set) | {4} |\n"
      "| constants (flash) | {5} |\n\n",
      a.name, plan.graph.name(), plan.target.name, format_count(a.arena_bytes),
      format_count(static_cast<std::uint64_t>(plan.lower_bound_bytes)), format_count(a.weights_bytes));
  if (!a.peak_step.empty()) text += fmt::format("The peak is set by '{}'.\n\n", a.peak_step);
  text +=
      "Compile with any C99 compiler, for this target for example:\n\n    " + plan.target.compiler.program;
  for (const std::string& flag : plan.target.compiler.flags) text += " " + flag;
  for (const std::string& flag :
       a.optimize == Optimize::kSize ? plan.target.compiler.size_flags : plan.target.compiler.speed_flags)
    text += " " + flag;
  text += fmt::format(
      " -std=c99 -c {}\n\n## Steps\n\n| step | layer | operator | kernel | constants "
      "|\n|---:|---|---|---|---:|\n",
      a.name + ".c" + (a.has_assembly ? " " + a.name + ".S" : ""));
  std::size_t number = 0;
  for (const Step& step : plan.steps) {
    if (!step.kernel) continue;
    const StepInfo& info = a.steps[number];
    text += fmt::format("| {} | {} | {} | {} | {} |\n", number++, info.name, info.operator_name,
                        step.kernel->name, format_count(info.weights_bytes));
  }
  return text;
}

}  // namespace mote::emit
