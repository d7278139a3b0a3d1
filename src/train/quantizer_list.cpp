#include "train/quantizer_list.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "train/quantizers/uniform.h"

namespace mote::train {

namespace {

// weights, activations, bits, ...
constexpr QuantizerRow kRows[] = {
    {"lsq", true, true, 2, 8, make_lsq, "first choice at every width: the step is learned",
     "Esser et al. 2020, arXiv:1902.08153"},
    {"lsq_plus", true, true, 2, 8, make_lsq_plus,
     "activations neither rectified nor symmetric: an offset is learned, too",
     "Bhalgat et al. 2020, arXiv:2004.09576"},
    {"pact", false, true, 2, 8, make_pact, "few bits of rectified activations: the clipping value is learned",
     "Choi et al. 2018, arXiv:1805.06085"},
    {"dorefa", true, true, 2, 8, make_dorefa,
     "nothing to learn; four levels of 2-bit weights, none of them zero",
     "Zhou et al. 2016, arXiv:1606.06160"},
    {"learned_interval", true, false, 2, 8, make_learned_interval,
     "learned pruning threshold and clipping: many weights become zero",
     "Jung et al. 2019, arXiv:1808.05779"},
    {"ste_identity", true, true, 2, 8, make_ste_identity,
     "baseline: fixed steps, the gradient passes everywhere", "Bengio et al. 2013, arXiv:1308.3432"},
    {"ste_clipped", true, true, 2, 8, make_ste_clipped,
     "baseline: fixed steps, the gradient passes within the range",
     "Courbariaux et al. 2016, arXiv:1602.02830"},
    {"ste_tanh", true, true, 2, 8, make_ste_tanh, "baseline: fixed steps, the slope of a tanh over the range",
     "Gong et al. 2019, arXiv:1908.05033"},
};

}  // namespace

std::span<const QuantizerRow> quantizer_list() { return kRows; }

const QuantizerRow& find_quantizer(std::string_view name) {
  std::vector<std::string> names;
  for (const QuantizerRow& row : quantizer_list()) {
    if (row.name == name) return row;
    names.emplace_back(row.name);
  }
  throw UserError({"unknown quantizer", std::string(name), "no method of that name exists",
                   "methods: " + join(names, " ")});
}

}  // namespace mote::train
