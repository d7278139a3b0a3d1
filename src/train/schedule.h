// Learning rates over a training run, as pure functions of the step.
//
//   constant    1
//   cosine      (1 + cos(pi t)) / 2              Loshchilov, Hutter 2017 (arXiv:1608.03983), eq. 5, one
//   period step        factor^(milestones passed)       He et al. 2016 (arXiv:1512.03385), section 4.2
//   one-cycle   rises from 1/25 to 1 in the warm-up and falls to 1/250000, both along half a cosine
//               Smith, Topin 2018 (arXiv:1708.07120)
//
// t runs from 0 after the warm-up to 1 at the end. All but one-cycle rise linearly from 0 during the warm-up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mote::train {

enum class ScheduleKind { Constant, Cosine, Step, OneCycle };

struct Schedule {
  ScheduleKind kind = ScheduleKind::OneCycle;
  double warm_up = 0;              // fraction of all steps, 0..1
  std::vector<double> milestones;  // step: fractions of all steps, ascending
  double factor = 0.1;             // step: at each milestone
};

// What the learning rate is multiplied by in step `step` of `steps` (0-based).
double rate_factor(const Schedule& schedule, std::uint64_t step, std::uint64_t steps);

// "constant", "cosine", "step", "step=60:80" (epochs; without numbers: half and three quarters of the run),
// "one-cycle". `warm_up_epochs` below 0 takes the kind's own: 0.3 of the run for one-cycle, else none.
// UserError for another word and for epochs outside the run.
Schedule parse_schedule(const std::string& text, double epochs, double warm_up_epochs, double factor);
std::string schedule_name(ScheduleKind kind);

}  // namespace mote::train
