#include "base/text.h"

#include <gtest/gtest.h>

namespace mote {
namespace {

TEST(Text, ParsesSizes) {
  EXPECT_EQ(parse_bytes("64K"), 65536U);
  EXPECT_EQ(parse_bytes("1M"), 1048576U);
  EXPECT_EQ(parse_bytes("512"), 512U);
  EXPECT_EQ(parse_bytes("1.5KiB"), 1536U);
  EXPECT_FALSE(parse_bytes("64X"));
  EXPECT_FALSE(parse_bytes("-1"));
  EXPECT_FALSE(parse_bytes(""));
}

TEST(Text, FormatsCounts) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(12500000), "12,500,000");
  EXPECT_EQ(format_bytes(1536), "1,536 bytes (1.5 KiB)");
}

TEST(Text, FloatsRoundTrip) {
  for (const float value : {0.1F, 1.0F / 3, 1e-30F, -2.5F}) EXPECT_EQ(std::stof(format_float(value)), value);
}

TEST(Text, MakesIdentifiers) {
  EXPECT_EQ(c_identifier("a-b c"), "a_b_c");
  EXPECT_EQ(c_identifier("7x"), "_7x");
}

}  // namespace
}  // namespace mote
