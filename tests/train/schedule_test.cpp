#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace mote::train {
namespace {

constexpr std::uint64_t kSteps = 1001;

TEST(Schedule, FollowsItsClosedForm) {
  const Schedule cosine{ScheduleKind::Cosine, 0, {}, 0.1};
  for (std::uint64_t step : {0U, 1U, 250U, 999U, 1000U})
    EXPECT_NEAR(rate_factor(cosine, step, kSteps),
                0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(step) / 1000)), 1e-12);
  const Schedule one{ScheduleKind::OneCycle, 0.25, {}, 0.1};
  EXPECT_NEAR(rate_factor(one, 0, kSteps), 1.0 / 25, 1e-12);
  EXPECT_NEAR(rate_factor(one, 1000, kSteps), 1.0 / 250000, 1e-12);
  double most = 0;
  std::uint64_t at = 0;
  for (std::uint64_t step = 0; step < kSteps; ++step)
    if (rate_factor(one, step, kSteps) > most) most = rate_factor(one, at = step, kSteps);
  EXPECT_NEAR(most, 1, 1e-5);
  EXPECT_NEAR(static_cast<double>(at), 250, 1);
  const Schedule steps{ScheduleKind::Step, 0, {0.5, 0.75}, 0.2};
  EXPECT_EQ(rate_factor(steps, 499, 1000), 1);
  EXPECT_DOUBLE_EQ(rate_factor(steps, 500, 1000), 0.2);
  EXPECT_DOUBLE_EQ(rate_factor(steps, 750, 1000), 0.2 * 0.2);
}

TEST(Schedule, WarmsUpLinearly) {
  const Schedule constant{ScheduleKind::Constant, 0.1, {}, 0.1};
  for (std::uint64_t step = 0; step < 100; ++step)
    EXPECT_DOUBLE_EQ(rate_factor(constant, step, 1000), static_cast<double>(step + 1) / 101);
  EXPECT_EQ(rate_factor(constant, 100, 1000), 1);
  EXPECT_EQ(rate_factor({ScheduleKind::Cosine, 0, {}, 0.1}, 0, 1), 1);
}

TEST(Schedule, ReadsWordsAndRefusesOthers) {
  const Schedule step = parse_schedule("step=60:80", 100, -1, 0.5);
  EXPECT_EQ(step.milestones, (std::vector<double>{0.6, 0.8}));
  EXPECT_EQ(step.factor, 0.5);
  EXPECT_EQ(parse_schedule("one-cycle", 10, -1, 0.1).warm_up, 0.3);
  EXPECT_EQ(parse_schedule("cosine", 10, 1, 0.1).warm_up, 0.1);
  for (const char* text : {"", "linear", "step=", "step=a", "step=80:60", "step=100", "cosine=3"})
    EXPECT_THROW(parse_schedule(text, 100, -1, 0.1), UserError) << text;
  EXPECT_THROW(parse_schedule("cosine", 10, 10, 0.1), UserError);
}

}  // namespace
}  // namespace mote::train
