#include "data/normalization.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace mote::data {
namespace {

TEST(Normalization, ParsesAndFormats) {
  const Normalization n = parse_normalization("scale=1/255,mean=0.5:0.25:0,std=1/4");
  EXPECT_EQ(n.scale, 1.0 / 255);
  EXPECT_EQ(n.mean, (std::vector<double>{0.5, 0.25, 0}));
  EXPECT_EQ(n.std, std::vector<double>{0.25});
  EXPECT_EQ(parse_normalization(format_normalization(n)), n);
  EXPECT_TRUE(parse_normalization("").is_identity());
  EXPECT_EQ(format_normalization({}), "none");
  for (const char* bad :
       {"scale", "scale=", "scale=1/0", "scale=x", "mean=1:", "std=0", "std=-1", "gain=2", "scale=inf"}) {
    EXPECT_THROW(parse_normalization(bad), UserError) << bad;
  }
}

TEST(Normalization, AppliesPerChannel) {
  std::vector<float> values = {2, 4, 6, 8};
  parse_normalization("scale=0.5,mean=1:0,std=2:1").apply(values, 2);
  EXPECT_EQ(values, (std::vector<float>{0, 2, 1, 4}));
  EXPECT_THROW(parse_normalization("mean=1:2:3").apply(values, 2), UserError);
}

}  // namespace
}  // namespace mote::data
