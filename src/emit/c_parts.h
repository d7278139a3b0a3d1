// The parts of emitted C, each made by its own file. Internal to emit/.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "emit/artifact.h"
#include "plan/plan.h"

namespace mote::emit {

// Every constant array of the code, equal ones once, in the order of first use.
class ConstantPool {
 public:
  explicit ConstantPool(std::string prefix) : prefix_(std::move(prefix)) {}
  // Symbol of the array.
  std::string add(const ConstantArray& array);
  std::uint64_t bytes() const { return bytes_; }
  // Definitions in C.
  std::string definitions() const;

 private:
  std::string prefix_;
  std::vector<ConstantArray> arrays_;
  std::map<std::uint64_t, std::vector<std::size_t>> by_hash_;
  std::uint64_t bytes_ = 0;
};

// Text of the kernel files and of all they include from kernels/c, each once, dependencies first, without
// their include lines; system headers are collected apart.
struct KernelText {
  std::string text;
  std::set<std::string> system_headers;  // "stdint.h"
};
KernelText gather_kernels(const std::vector<std::string>& files);

// The assembly of a network: macro files once, and an instance of a macro per symbol.
class AssemblyText {
 public:
  void add(const AssemblyFunction& function);
  // NAME.S; empty without functions. Symbols get the prefix `name`_.
  std::string text(const std::string& name) const;

 private:
  std::vector<std::string> files_;
  std::map<std::string, AssemblyFunction> by_symbol_;
};

// The function that runs a group of steps row by row, and the table of its calls. `step_numbers`: the number
// in the emitted names of each step of the plan. NAME_group_N(arena); of a group that the input feeds
// NAME_advance(arena, state), which returns 0 where it needs another row.
std::string group_text(const Plan& plan, std::size_t group, const std::string& name,
                       const std::vector<std::size_t>& step_numbers);
// NAME_begin and NAME_push_row; `start` and `rest`: statements before the first row and after the first
// group.
std::string feed_text(const Plan& plan, const std::string& name, const std::string& start,
                      const std::string& rest);

std::string header_text(const Plan& plan, const Artifact& artifact);
std::string readme_text(const Plan& plan, const Artifact& artifact);
std::string main_text(const Plan& plan, const Artifact& artifact);
std::string cmake_text(const Artifact& artifact);
// NAME_threads.c; empty where no layer is shared.
std::string threads_text(const Artifact& artifact);

// "int8_t", "float": the C type of an element in memory.
std::string c_type(const Encoding& encoding);
std::string c_float(float value);
std::string c_integer(std::int64_t value);
// C comments must not end early: "*/" inside is broken up.
std::string comment_safe(std::string text);
// Places of the graph's inputs and outputs.
std::vector<Port> ports(const Plan& plan, std::span<const ValueId> values);

}  // namespace mote::emit
