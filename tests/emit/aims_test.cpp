// Random networks emitted in every aim, with the input whole and row by row: the code runs in an arena of
// garbage and equals the oracle.
#include <gtest/gtest.h>

#include "base/process.h"
#include "ir/text_form.h"
#include "plan/plan.h"
#include "tests/support/device_layers.h"
#include "tests/support/random_network.h"

namespace mote {
namespace {

class EmittedNetworks : public ::testing::TestWithParam<std::tuple<std::string, Optimize, bool>> {};

TEST_P(EmittedNetworks, EqualTheOracle) {
  const auto& [name, aim, fed] = GetParam();
  Target target = load_target(name);
  if (!target.runner.program.empty() && !find_program(target.runner.program))
    GTEST_SKIP() << target.runner.program << " is missing";
  if (name == "host") target.compiler.speed_flags = {"-O1"};
  Rng rng(23);
  for (int i = 0; i < 4; ++i) {
    const Graph graph = testing::random_network(rng);
    const Plan plan = make_plan(graph, target, {.optimize = aim, .stream_input = fed});
    for (const std::string& problem : testing::device_differences(plan, target, rng))
      ADD_FAILURE() << problem << "\n" << print(graph, {.constant_bytes = false});
  }
}

INSTANTIATE_TEST_SUITE_P(Aims, EmittedNetworks,
                         ::testing::Combine(::testing::Values("host", "cortex-m0", "cortex-m4"),
                                            ::testing::Values(Optimize::kSpeed, Optimize::kBalanced,
                                                              Optimize::kRam),
                                            ::testing::Bool()),
                         [](const auto& instance) {
                           std::string text = std::get<0>(instance.param);
                           for (char& c : text)
                             if (c == '-') c = '_';
                           return text + "_" + std::string(optimize_name(std::get<1>(instance.param))) +
                                  (std::get<2>(instance.param) ? "_fed" : "");
                         });

}  // namespace
}  // namespace mote
