// Weight sharing by k-means (Han, Mao, Dally: "Deep Compression", ICLR 2016, section 3): 2^b centroids per
// layer, initialized linearly between the least and the greatest weight, refined by Lloyd's algorithm;
// afterwards each weight keeps its cluster and the centroids learn from the sum of their weights' gradients.
// Per axis the weights are divided by the greatest magnitude of their channel first. Centroids are rounded to
// a fixed grid of 8 bits in every forward pass, so that what is trained is what is stored.
#include "train/quantizers/methods.h"
#include "train/quantizers/rows.h"

namespace mote::train {

namespace {

constexpr int kIterations = 50;
constexpr double kGreatest = 127;
constexpr double kHeadroom = 1.25;  // centroids may grow so far beyond the greatest weight of the start

class KMeans final : public Quantizer {
 public:
  explicit KMeans(const QuantizerSpec& spec)
      : spec_(spec),
        scales_(torch::ones({row_count(spec), 1})),
        reference_(torch::ones({1})),
        centroids_(torch::zeros({std::int64_t{1} << spec.bits}).requires_grad_()),
        clusters_(torch::zeros(to_rows(torch::empty(spec.shape), spec.axis).sizes(), torch::kLong)) {}

  void initialize(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    const torch::Tensor rows = to_rows(x.detach(), spec_.axis);
    scales_.copy_(rows.abs().amax(1, true).clamp_min(kLeastScale) * (kHeadroom / kGreatest));
    reference_.copy_(scales_.mean().reshape({1}));
    const torch::Tensor u = (rows / scales_).flatten();
    torch::Tensor c = torch::linspace(u.min().item<double>(), u.max().item<double>(), centroids_.size(0));
    for (int i = 0; i < kIterations; ++i) {
      const torch::Tensor index = nearest_index(u, c);
      const torch::Tensor count = torch::zeros_like(c).index_add_(0, index, torch::ones_like(u));
      const torch::Tensor sum = torch::zeros_like(c).index_add_(0, index, u);
      c = std::get<0>(torch::where(count > 0, sum / count.clamp_min(1), c).sort());
    }
    centroids_.copy_(c * reference_);
    clusters_.copy_(nearest_index(rows / scales_, c));
  }
  // The sum of gradients is divided by the root of the number of weights in the cluster, as LSQ does with its
  // step: rates of learning that suit weights then suit centroids.
  torch::Tensor forward(const torch::Tensor& x, bool /*training*/) override {
    const torch::Tensor c = centroids_ / reference_;
    const torch::Tensor gain =
        torch::bincount(clusters_.flatten(), {}, centroids_.size(0)).clamp_min(1).to(c.dtype()).rsqrt();
    const torch::Tensor levels = with_gradient(on_grid(), c, gain);
    return from_rows(levels.index({clusters_}) * scales_, x, spec_.axis);
  }
  std::vector<Parameter> parameters() override { return {{{"centroids", centroids_}, Role::Quantizer}}; }
  std::vector<NamedTensor> buffers() override {
    return {{"scales", scales_}, {"reference", reference_}, {"clusters", clusters_}};
  }
  ExportedQuant exported(const torch::Tensor& x) override {
    const torch::NoGradGuard no_gradient;
    return exported_levels(spec_, 8, scales_, forward(x, false));
  }

 private:
  torch::Tensor on_grid() const {
    return (centroids_.detach() / reference_).round().clamp(-kGreatest, kGreatest);
  }
  QuantizerSpec spec_;
  torch::Tensor scales_;     // [rows, 1] size of a grid step
  torch::Tensor reference_;  // mean of the scales: centroids are kept in units of weights
  torch::Tensor centroids_;
  torch::Tensor clusters_;  // [rows, weights] index of the centroid
};

}  // namespace

std::unique_ptr<Quantizer> make_kmeans(const QuantizerSpec& spec) { return std::make_unique<KMeans>(spec); }

}  // namespace mote::train
