#include "train/quantizer_list.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "train/quantizers/methods.h"
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
    {"binary_connect", true, false, 1, 1, make_binary_connect,
     "binary weights, the simplest scheme; one scale per layer", "Courbariaux et al. 2015, arXiv:1511.00363"},
    {"bnn", true, true, 1, 1, make_bnn,
     "binary weights and activations, the baseline of xnor-popcount networks",
     "Hubara et al. 2016, arXiv:1602.02830"},
    {"xnor_net", true, true, 1, 1, make_xnor_net,
     "binary weights with a scale per filter: the first choice for 1-bit weights",
     "Rastegari et al. 2016, arXiv:1603.05279"},
    {"bi_real", true, true, 1, 1, make_bi_real,
     "binary activations in networks with shortcuts: a gradient nearer to that of the sign",
     "Liu et al. 2018, arXiv:1808.00278"},
    {"twn", true, false, 2, 2, make_twn, "ternary weights without anything to learn but the weights",
     "Li et al. 2016, arXiv:1605.04711"},
    {"ttq", true, false, 2, 2, make_ttq,
     "ternary weights whose positive and negative level differ; stored as a codebook of three",
     "Zhu et al. 2017, arXiv:1612.01064"},
    {"kmeans", true, false, 2, 4, make_kmeans,
     "codebook of the trained weights: few epochs, clusters stay as they are",
     "Han et al. 2016, arXiv:1510.00149"},
    {"lq_nets", true, false, 2, 4, make_lq_nets,
     "codebook that follows the weights while they train; best at 2 and 3 bits",
     "Zhang et al. 2018, arXiv:1807.10029"},
    {"inq", true, false, 2, 4, make_inq, "powers of two: products are shifts; from a trained network",
     "Zhou et al. 2017, arXiv:1702.03044"},
    {"apot", true, false, 2, 4, make_apot,
     "sums of two powers of two: levels where weights are dense, products of two shifts",
     "Li et al. 2020, arXiv:1909.13144"},
    {"soft", true, true, 2, 8, make_soft, "uniform grid approached by a staircase that sharpens",
     "Gong et al. 2019, arXiv:1908.05033"},
    {"discrete", true, false, 1, 4, make_discrete,
     "distribution over the levels of each weight, by the probabilistic forward pass; gives uncertainty",
     "Roth et al. 2019; Shayer et al. 2018, arXiv:1710.07739"},
    {"gumbel", true, false, 1, 4, make_gumbel,
     "distribution over the levels of each weight, by relaxed samples; gives uncertainty",
     "Jang et al. 2017, arXiv:1611.01144"},
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
