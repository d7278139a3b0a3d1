// LQ-Nets (Zhang, Yang, Ye, Hua: "LQ-Nets: Learned Quantization for Highly Accurate and Compact Deep Neural
// Networks", ECCV 2018): the levels are inner products of a learned basis with {-1, +1}^b; the basis follows
// the weights by alternating least squares in every forward pass (QEM, algorithm 1) with a moving average of
// factor 0.9, the weights learn straight-through. The paper has a basis per filter; we have one per layer
// times a scale per filter, so that the layer has 2^b integer levels. The basis is rounded to integers whose
// sum stays within 8 bits before it is used.
#include "train/quantizers/lq_nets.h"

#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"

namespace mote::train {

torch::Tensor levels_of(const torch::Tensor& basis) {
  torch::Tensor levels = torch::zeros({1}, basis.options());
  for (std::int64_t i = 0; i < basis.size(0); ++i)
    levels = torch::cat({levels - basis[i], levels + basis[i]});
  return std::get<0>(levels.sort());
}

double quantization_error(const torch::Tensor& rows, const LearnedBasis& current) {
  const torch::Tensor q = nearest_level(rows / current.scales, levels_of(current.basis));
  return (rows - q * current.scales).square().sum().item<double>();
}

LearnedBasis minimize_error(const torch::Tensor& rows, const LearnedBasis& current) {
  const torch::NoGradGuard no_gradient;
  const auto b = current.basis.size(0);
  // Signs of the sums in ascending order: codes[k, i] of level k.
  torch::Tensor sums = torch::zeros({1}, rows.options());
  torch::Tensor codes = torch::zeros({1, 0}, rows.options());
  for (std::int64_t i = 0; i < b; ++i) {
    const torch::Tensor one = torch::ones({codes.size(0), 1}, rows.options());
    codes = torch::cat({torch::cat({codes, -one}, 1), torch::cat({codes, one}, 1)});
    sums = torch::cat({sums - current.basis[i], sums + current.basis[i]});
  }
  const auto [levels, order] = sums.sort();
  codes = codes.index({order});
  const torch::Tensor index = nearest_index(rows / current.scales, levels);
  const torch::Tensor signs = codes.index({index});  // [rows, weights, b]
  const torch::Tensor a = (signs * current.scales.unsqueeze(2)).reshape({-1, b});
  const torch::Tensor normal = a.t().matmul(a);
  const torch::Tensor right = a.t().matmul(rows.reshape({-1, 1}));
  // The pseudo-inverse: codes that never differ make the normal matrix singular.
  torch::Tensor basis = torch::linalg_pinv(normal).matmul(right).reshape({b});
  const torch::Tensor q = signs.matmul(basis);
  const torch::Tensor power = q.square().sum(1, true);
  const torch::Tensor scales = torch::where(power > 0, (rows * q).sum(1, true) / power, current.scales);
  // A row whose best scale is not positive keeps its own: codes that are nearest never ask for it.
  return {torch::where(scales > 0, scales, current.scales), basis.abs().clamp_min(kLeastScale)};
}

namespace {

constexpr double kMomentum = 0.9;
constexpr double kSum = 124;  // of the integer basis before rounding: at most 3 more afterwards, within 127
constexpr int kFirstAlternations = 30;

class LqNets final : public Quantizer {
 public:
  explicit LqNets(const QuantizerSpec& spec)
      : spec_(spec),
        scales_(torch::ones({row_count(spec), 1}, torch::kDouble)),
        basis_(torch::ones({spec.bits}, torch::kDouble)) {}

  // From the uniform grid (basis 1, 2, 4, ...), which is a special case.
  void initialize(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor rows = to_rows(x.detach(), spec_.axis).to(torch::kDouble);
    basis_.copy_(torch::pow(2.0, torch::arange(spec_.bits, torch::kDouble)));
    scales_.copy_(fitted_scales(rows, levels_of(basis_)));
    for (int i = 0; i < kFirstAlternations; ++i) follow(rows, 0);
  }
  torch::Tensor forward(const torch::Tensor& x, bool training) override {
    if (training) follow(to_rows(x.detach(), spec_.axis).to(torch::kDouble), kMomentum);
    return with_gradient(quantized(x).values, x);
  }
  std::vector<NamedTensor> buffers() override { return {{"scales", scales_}, {"basis", basis_}}; }
  ExportedQuant exported(const torch::Tensor& x) override {
    const Quantized q = quantized(x);
    return exported_levels(spec_, 8, q.scales, q.values);
  }

 private:
  struct Quantized {
    torch::Tensor scales, values;
  };
  void follow(const torch::Tensor& rows, double momentum) {
    const torch::NoGradGuard no_gradient;
    LearnedBasis next = minimize_error(rows, {scales_, basis_});
    // Scales and basis have a common factor to share: the basis is kept at the sum of magnitudes 1.
    const torch::Tensor sum = next.basis.sum();
    basis_.mul_(momentum).add_(next.basis / sum, 1 - momentum);
    scales_.mul_(momentum).add_(next.scales * sum, 1 - momentum).clamp_min_(kLeastScale);
  }
  Quantized quantized(const torch::Tensor& x) const {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor integers = (basis_ * (kSum / basis_.sum())).round().clamp_min(1);
    const torch::Tensor scales = (scales_ * (basis_.sum() / kSum)).to(x.dtype());
    const torch::Tensor codes =
        nearest_level(to_rows(x.detach(), spec_.axis) / scales, levels_of(integers).to(x.dtype()));
    return {scales, from_rows(codes * scales, x, spec_.axis)};
  }
  QuantizerSpec spec_;
  torch::Tensor scales_, basis_;
};

}  // namespace

std::unique_ptr<Quantizer> make_lq_nets(const QuantizerSpec& spec) { return std::make_unique<LqNets>(spec); }

}  // namespace mote::train
