#include "zoo/zoo.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "compress/import.h"
#include "ops/batch_normalization.h"

namespace mote {
namespace {

std::int64_t parameters(const Graph& graph) {
  std::int64_t count = 0;
  for (const Value& value : graph.values())
    if (value.constant) count += value.type.elements();
  return count;
}

// Elements of the running statistics, which papers do not count as parameters.
std::int64_t statistics(const Graph& graph) {
  std::int64_t count = 0;
  for (const Node& node : graph.nodes())
    if (node.as<BatchNormalization>()) count += 2 * graph.type(node.inputs.at(3)).elements();
  return count;
}

struct Figure {
  const char* spec;
  std::int64_t parameters;  // batch normalization: gamma and beta; in front of it no bias
  std::int64_t macs;
  const char* source;
};

class ZooFigures : public ::testing::TestWithParam<Figure> {};

TEST_P(ZooFigures, ParametersAndMacsAreThePublishedOnes) {
  const Figure& figure = GetParam();
  const Graph graph = zoo_model(figure.spec);
  EXPECT_EQ(parameters(graph) - statistics(graph), figure.parameters) << figure.source;
  EXPECT_EQ(total_macs(graph), figure.macs) << figure.source;
}

INSTANTIATE_TEST_SUITE_P(
    Zoo, ZooFigures,
    ::testing::Values(
        // Keras reports 78,666: with the statistics of 240 channels and biases in front of them
        Figure{"resnet8", 78666 - 3 * 240, 12501632, "MLPerf Tiny v1.0, pretrainedResnet"},
        Figure{"resnet20", 272474, 40813184, "He et al. 2016, table 6: 0.27 M"}));

TEST(Zoo, NamesWhatExists) {
  const auto message = [](const char* spec) {
    try {
      zoo_model(spec);
    } catch (const UserError& e) {
      return e.parts().why + " " + e.parts().remedy;
    }
    return std::string("no error");
  };
  EXPECT_NE(message("resnet9").find("resnet8, resnet20"), std::string::npos);
  EXPECT_NE(message("cnn?depth=3").find("width=8, classes=10"), std::string::npos);
  EXPECT_NE(message("cnn?width=0").find("from 1 to 4096"), std::string::npos);
  EXPECT_NE(message("cnn?width=3.5").find("integer"), std::string::npos);
  EXPECT_NE(message("cnn?width").find("integer"), std::string::npos);
}

TEST(Zoo, SeedsGiveWeights) {
  EXPECT_EQ(zoo_model("cnn"), zoo_model("cnn?seed=1"));
  EXPECT_FALSE(zoo_model("cnn") == zoo_model("cnn?seed=2"));
}

}  // namespace
}  // namespace mote
