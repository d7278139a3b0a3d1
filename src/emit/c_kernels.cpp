#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/resource.h"
#include "base/text.h"
#include "emit/c_parts.h"

namespace mote::emit {

namespace {

constexpr std::string_view kFolder = "kernels/c/";

// The name in `#include <name>` or `#include "name"`, or nothing.
std::string_view included(std::string_view line, char open, char close) {
  if (!line.starts_with("#include")) return {};
  const auto from = line.find(open);
  const auto to = line.find(close, from == std::string_view::npos ? from : from + 1);
  if (from == std::string_view::npos || to == std::string_view::npos) return {};
  return line.substr(from + 1, to - from - 1);
}

}  // namespace

KernelText gather_kernels(const std::vector<std::string>& files) {
  KernelText result;
  std::set<std::string> seen;
  const std::function<void(const std::string&)> take = [&](const std::string& file) {
    if (!seen.insert(file).second) return;
    std::string body;
    for (const std::string& line : split(resource(std::string(kFolder) + file), '\n')) {
      if (const auto system = included(line, '<', '>'); !system.empty()) {
        // a header that belongs to one instruction set stays where it is guarded
        if (system == "stdint.h" || system == "string.h" || system == "math.h" || system == "float.h" ||
            system == "limits.h")
          result.system_headers.emplace(system);
        else
          body += line + "\n";
      } else if (const auto own = included(line, '"', '"'); !own.empty()) {
        take(std::string(own));
      } else if (!line.starts_with("#pragma once")) {
        body += line + "\n";
      }
    }
    while (body.starts_with("\n")) body.erase(0, 1);
    result.text += body;
  };
  for (const std::string& file : files) take(file);
  return result;
}

void AssemblyText::add(const AssemblyFunction& function) {
  const auto [at, is_new] = by_symbol_.emplace(function.symbol, function);
  MOTE_CHECK(is_new || (at->second.file == function.file && at->second.macro == function.macro &&
                        at->second.arguments == function.arguments),
             function.symbol + " names two functions");
  if (std::find(files_.begin(), files_.end(), function.file) == files_.end()) files_.push_back(function.file);
}

std::string AssemblyText::text(const std::string& name) const {
  if (by_symbol_.empty()) return {};
  std::string text = "/* Kernels of " + name + " in assembly. */\n" + gather_kernels(files_).text + "\n";
  for (const auto& [symbol, function] : by_symbol_)
    text += "        " + function.macro + " " + name + "_" + symbol +
            (function.arguments.empty() ? "" : ", " + function.arguments) + "\n";
  return text + "\n        .section .note.GNU-stack, \"\", %progbits\n";
}

}  // namespace mote::emit
