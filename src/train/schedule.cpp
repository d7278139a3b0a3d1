#include "train/schedule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/text.h"

namespace mote::train {

namespace {

constexpr double kOneCycleStart = 1.0 / 25;
constexpr double kOneCycleEnd = 1.0 / 250000;
constexpr double kOneCycleWarmUp = 0.3;

// From `from` at t = 0 to `to` at t = 1 along half a cosine.
double half_cosine(double from, double to, double t) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * t)) / 2;
}

struct Name {
  const char* text;
  ScheduleKind kind;
};
constexpr std::array<Name, 4> kNames = {{{"constant", ScheduleKind::Constant},
                                         {"cosine", ScheduleKind::Cosine},
                                         {"step", ScheduleKind::Step},
                                         {"one-cycle", ScheduleKind::OneCycle}}};

[[noreturn]] void malformed(const std::string& text, const std::string& why) {
  throw UserError({"unknown learning-rate schedule", text, why,
                   "write constant, cosine, step, step=EPOCH:EPOCH or one-cycle"});
}

std::vector<double> parse_milestones(const std::string& list, const std::string& text, double epochs) {
  std::vector<double> fractions;
  for (const std::string& item : split(list, ':')) {
    double epoch = 0;
    const auto [end, code] = std::from_chars(item.data(), item.data() + item.size(), epoch);
    if (code != std::errc() || end != item.data() + item.size())
      malformed(text, "'" + item + "' is not a number");
    const double last = fractions.empty() ? 0 : fractions.back();
    if (!(epoch / epochs > last && epoch < epochs))
      malformed(text, "the epochs must rise and lie inside the run of " + format_double(epochs) + " epochs");
    fractions.push_back(epoch / epochs);
  }
  return fractions;
}

}  // namespace

double rate_factor(const Schedule& schedule, std::uint64_t step, std::uint64_t steps) {
  MOTE_CHECK(step < steps);
  const double total = static_cast<double>(steps);
  const double warm = schedule.warm_up * total;
  const double at = static_cast<double>(step);
  if (at < warm) {
    if (schedule.kind == ScheduleKind::OneCycle) return half_cosine(kOneCycleStart, 1, at / warm);
    return (at + 1) / (warm + 1);
  }
  const double span = total - 1 - warm;
  const double t = span > 0 ? std::min(1.0, (at - warm) / span) : 0;
  switch (schedule.kind) {
    case ScheduleKind::Constant: return 1;
    case ScheduleKind::Cosine: return half_cosine(1, 0, t);
    case ScheduleKind::OneCycle: return half_cosine(1, kOneCycleEnd, t);
    case ScheduleKind::Step: {
      double factor = 1;
      for (const double milestone : schedule.milestones)
        if (at >= milestone * total) factor *= schedule.factor;
      return factor;
    }
  }
  MOTE_CHECK(false);
}

Schedule parse_schedule(const std::string& text, double epochs, double warm_up_epochs, double factor) {
  MOTE_CHECK(epochs > 0);
  const std::size_t equals = text.find('=');
  const std::string word = text.substr(0, equals);
  const auto* name =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& n) { return word == n.text; });
  if (name == kNames.end()) malformed(text, "there is no schedule '" + word + "'");
  Schedule schedule;
  schedule.kind = name->kind;
  schedule.factor = factor;
  if (schedule.kind == ScheduleKind::Step) schedule.milestones = {0.5, 0.75};
  if (equals != std::string::npos) {
    if (schedule.kind != ScheduleKind::Step) malformed(text, "only step takes epochs");
    schedule.milestones = parse_milestones(text.substr(equals + 1), text, epochs);
  }
  const double own = schedule.kind == ScheduleKind::OneCycle ? kOneCycleWarmUp : 0;
  schedule.warm_up = warm_up_epochs < 0 ? own : warm_up_epochs / epochs;
  if (schedule.warm_up >= 1)
    throw UserError({"the warm-up is too long", format_double(warm_up_epochs) + " epochs",
                     "the whole run has " + format_double(epochs), "give fewer epochs of warm-up"});
  return schedule;
}

std::string schedule_name(ScheduleKind kind) {
  for (const Name& name : kNames)
    if (name.kind == kind) return name.text;
  MOTE_CHECK(false);
}

}  // namespace mote::train
