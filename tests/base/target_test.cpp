#include "base/target.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/resource.h"

namespace mote {
namespace {

std::string edited(std::string from, std::string to) {
  std::string text(resource("targets/cortex-m4.toml"));
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text) {
  try {
    parse_target(text, "board.toml");
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Target, AllOfThemLoad) {
  const auto names = list_targets();
  EXPECT_EQ(names.front(), "host");
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()),
            (std::set<std::string>{"host", "aarch64", "aarch64-dotprod", "cortex-m0", "cortex-m3",
                                   "cortex-m33", "cortex-m4", "cortex-m55", "cortex-m7", "riscv32"}));
  for (const auto& name : names) EXPECT_EQ(load_target(name).name, name);
}

TEST(Target, ReadsFieldsAndSizes) {
  const auto m4 = load_target("cortex-m4");
  EXPECT_TRUE(m4.has("dsp"));
  EXPECT_FALSE(m4.has("mve"));
  EXPECT_EQ(m4.ram.base, 0x20000000U);
  EXPECT_EQ(m4.board.ram_bytes, 640U << 10);
  EXPECT_EQ(m4.energy_per_cycle_joules.value().value, 349e-12);
  EXPECT_TRUE(load_target("cortex-m55").has("mve"));
}

TEST(Target, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(refusal(edited("clock_hz", "clock_khz")).find("board.clock_khz"), std::string::npos);
  EXPECT_NE(refusal(edited("\"dsp\"", "\"simd\"")).find("simd"), std::string::npos);
  EXPECT_NE(refusal(edited("\"640K\"", "\"lots\"")).find("board.ram_bytes"), std::string::npos);
  EXPECT_NE(refusal(edited("kind = \"qemu-system\"", "kind = \"jtag\"")).find("jtag"), std::string::npos);
  EXPECT_NE(refusal(edited("boot = \"cortex_m\"", "boot = \"x86\"")).find("runner.boot"), std::string::npos);
  EXPECT_NE(refusal(edited("core = \"cortex-m4\"", "")).find("core"), std::string::npos);
  EXPECT_NE(refusal(edited("energy_source", "energy_origin")).find("source"), std::string::npos);
  EXPECT_NE(refusal("name = ").find("line 1"), std::string::npos);
  EXPECT_NE(refusal(edited("ram_base = 0x20000000", "ram_base = 0xFFFFFFFF")).find("4 GiB"),
            std::string::npos);
  EXPECT_THROW(load_target("cortex-m99"), UserError);
  EXPECT_THROW(load_target("no/such.toml"), UserError);
}

}  // namespace
}  // namespace mote
