#include "train/quantizers/step_function.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/error.h"

namespace mote::train {

namespace {

// Blocks of a fixed size, which the compiler turns into vectors.
constexpr std::int64_t kBlock = 16;
constexpr std::int64_t kSegment = 1 << 14;  // elements that one task takes at once

// round(v) with halves to even for |v| < 2^22: adding 1.5 * 2^23 leaves no bits for a fraction.
inline float rounded(float v) {
  constexpr float kMagic = 12582912.0F;
  return (v + kMagic) - kMagic;
}

struct Step {
  float step, zero, low, high;
  float position(float x) const { return x / step + zero; }
  float clamped(float v) const { return std::min(std::max(v, low), high); }
};

// x as runs of elements with one step each, in memory order.
struct Segments {
  std::int64_t count, length, total, channels;
  std::int64_t channel(std::int64_t i) const { return i % channels; }
  std::int64_t size(std::int64_t i) const { return std::min(length, total - i * length); }
};

Segments segments_of(const torch::Tensor& x, int axis) {
  const std::int64_t n = x.numel();
  if (axis < 0) return {(n + kSegment - 1) / kSegment, kSegment, n, 1};
  std::int64_t inner = 1;
  for (std::int64_t d = axis + 1; d < x.dim(); ++d) inner *= x.size(d);
  const std::int64_t channels = x.size(axis);
  return {inner == 0 ? 0 : n / inner, inner, n, channels};
}

template <class Body>
void for_segments(const Segments& segments, const Body& body) {
  const std::int64_t grain = std::max<std::int64_t>(1, kSegment / std::max<std::int64_t>(1, segments.length));
  at::parallel_for(0, segments.count, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i);
  });
}

// Elements in an order that x shares with results made by empty_like: any dense layout for one step.
torch::Tensor dense(const torch::Tensor& x, int axis) {
  return axis < 0 && x.is_non_overlapping_and_dense() ? x : x.contiguous();
}
torch::Tensor as_laid_out(const torch::Tensor& g, const torch::Tensor& like) {
  return g.strides() == like.strides() ? g : torch::empty_like(like).copy_(g);
}

std::vector<Step> steps_of(const torch::Tensor& step, const torch::Tensor& zero, const Grid& grid) {
  const torch::Tensor s = step.contiguous();
  const torch::Tensor z = zero.contiguous();
  std::vector<Step> steps;
  for (std::int64_t i = 0; i < s.numel(); ++i)
    steps.push_back({s.data_ptr<float>()[i], z.data_ptr<float>()[i], grid.low, grid.high});
  return steps;
}

// Steps by value and restrict pointers: with neither could the compiler make vectors of the loops.
void quantize_run(const float* __restrict x, float* __restrict y, std::int64_t n, const Step s) {
  const auto one = [s](float value) { return (rounded(s.clamped(s.position(value))) - s.zero) * s.step; };
  std::int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock)
    for (std::int64_t l = 0; l < kBlock; ++l) y[i + l] = one(x[i + l]);
  for (; i < n; ++i) y[i] = one(x[i]);
}

struct Sums {
  double step = 0, offset = 0;
};

// dx of whole blocks; adds to dstep and doffset, by lane. Not inlined: the compiler would keep the lanes in
// scalar registers and make no vectors.
[[gnu::noinline]] void backward_blocks(const float* __restrict x, const float* __restrict g,
                                       float* __restrict dx, std::int64_t blocks, const Step s, float learned,
                                       float* __restrict of_step, float* __restrict of_offset) {
  for (std::int64_t i = 0; i < blocks * kBlock; i += kBlock)
    for (std::int64_t l = 0; l < kBlock; ++l) {
      const float v = s.position(x[i + l]);
      const float q = s.clamped(v);
      const float is_inside = static_cast<float>(static_cast<int>(q == v));
      const float inside = g[i + l] * is_inside;
      const float outside = g[i + l] - inside;
      dx[i + l] = inside;
      of_step[l] += inside * (learned * (rounded(q) - v)) + outside * q;
      of_offset[l] += outside;
    }
}

Sums backward_run(const float* x, const float* g, float* dx, std::int64_t n, const Step& s, float learned) {
  std::array<float, kBlock> of_step{};
  std::array<float, kBlock> of_offset{};
  const std::int64_t whole = n / kBlock * kBlock;
  backward_blocks(x, g, dx, n / kBlock, s, learned, of_step.data(), of_offset.data());
  if (const auto rest = static_cast<std::size_t>(n - whole); rest > 0) {
    std::array<float, kBlock> last_x{};
    std::array<float, kBlock> last_g{};
    std::array<float, kBlock> last_dx{};
    std::copy_n(x + whole, rest, last_x.begin());
    std::copy_n(g + whole, rest, last_g.begin());
    backward_blocks(last_x.data(), last_g.data(), last_dx.data(), 1, s, learned, of_step.data(),
                    of_offset.data());
    std::copy_n(last_dx.begin(), rest, dx + whole);
  }
  Sums sums;
  for (std::size_t l = 0; l < kBlock; ++l) {
    sums.step += static_cast<double>(of_step[l]);
    sums.offset += static_cast<double>(of_offset[l]);
  }
  return sums;
}

class StepFunction : public torch::autograd::Function<StepFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& step, const torch::Tensor& offset, double low,
                               double high, std::int64_t axis, bool learned, double gradient_scale) {
    const Grid grid{static_cast<float>(low), static_cast<float>(high)};
    const torch::Tensor input = dense(x, static_cast<int>(axis));
    const torch::Tensor s = effective_step(step);
    const torch::Tensor z = effective_zero(step, offset, grid);
    const torch::Tensor y = torch::empty_like(input);
    const Segments segments = segments_of(input, static_cast<int>(axis));
    const auto steps = steps_of(s, z, grid);
    const float* from = input.data_ptr<float>();
    float* to = y.data_ptr<float>();
    for_segments(segments, [&](std::int64_t i) {
      const std::int64_t at = i * segments.length;
      quantize_run(from + at, to + at, segments.size(i),
                   steps[static_cast<std::size_t>(segments.channel(i))]);
    });
    context->save_for_backward({input, s, z});
    context->saved_data["low"] = low;
    context->saved_data["high"] = high;
    context->saved_data["axis"] = axis;
    context->saved_data["learned"] = learned;
    context->saved_data["gradient_scale"] = gradient_scale;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor& input = saved[0];
    const int axis = static_cast<int>(context->saved_data["axis"].toInt());
    const Grid grid{static_cast<float>(context->saved_data["low"].toDouble()),
                    static_cast<float>(context->saved_data["high"].toDouble())};
    const float learned = context->saved_data["learned"].toBool() ? 1.0F : 0.0F;
    const torch::Tensor g = as_laid_out(gradients[0], input);
    const torch::Tensor dx = torch::empty_like(input);
    const Segments segments = segments_of(input, axis);
    const auto steps = steps_of(saved[1], saved[2], grid);
    std::vector<Sums> sums(static_cast<std::size_t>(segments.count));
    const float* x = input.data_ptr<float>();
    const float* from = g.data_ptr<float>();
    float* to = dx.data_ptr<float>();
    for_segments(segments, [&](std::int64_t i) {
      const std::int64_t at = i * segments.length;
      sums[static_cast<std::size_t>(i)] =
          backward_run(x + at, from + at, to + at, segments.size(i),
                       steps[static_cast<std::size_t>(segments.channel(i))], learned);
    });
    const torch::Tensor dstep = torch::zeros_like(saved[1]);
    const torch::Tensor doffset = torch::zeros_like(saved[1]);
    add_up(sums, segments, context->saved_data["gradient_scale"].toDouble(), dstep, doffset);
    const torch::Tensor none;
    return {dx, dstep, doffset, none, none, none, none, none};
  }

 private:
  // In a fixed order, on any number of threads.
  static void add_up(const std::vector<Sums>& sums, const Segments& segments, double gradient_scale,
                     const torch::Tensor& dstep, const torch::Tensor& doffset) {
    std::vector<Sums> totals(static_cast<std::size_t>(segments.channels));
    for (std::int64_t i = 0; i < segments.count; ++i) {
      Sums& total = totals[static_cast<std::size_t>(segments.channel(i))];
      total.step += sums[static_cast<std::size_t>(i)].step;
      total.offset += sums[static_cast<std::size_t>(i)].offset;
    }
    for (std::int64_t c = 0; c < segments.channels; ++c) {
      const Sums& total = totals[static_cast<std::size_t>(c)];
      dstep.data_ptr<float>()[c] = static_cast<float>(total.step * gradient_scale);
      doffset.data_ptr<float>()[c] = static_cast<float>(total.offset * gradient_scale);
    }
  }
};

}  // namespace

torch::Tensor effective_step(const torch::Tensor& step) { return step.detach().clamp_min(kLeastStep); }

torch::Tensor effective_zero(const torch::Tensor& step, const torch::Tensor& offset, const Grid& grid) {
  const torch::Tensor s = effective_step(step);
  if (!offset.defined()) return torch::zeros_like(s);
  return (-offset.detach() / s).round().clamp(grid.low, grid.high);
}

torch::Tensor quantize_with_step(const torch::Tensor& x, const torch::Tensor& step,
                                 const torch::Tensor& offset, const StepOptions& options) {
  MOTE_CHECK(x.scalar_type() == torch::kFloat, "quantizers compute in float32");
  MOTE_CHECK(step.numel() == (options.axis < 0 ? 1 : x.size(options.axis)), "a step per channel");
  const torch::Tensor shift = offset.defined() ? offset : torch::zeros_like(step.detach());
  return StepFunction::apply(x, step, shift, static_cast<double>(options.grid.low),
                             static_cast<double>(options.grid.high), static_cast<std::int64_t>(options.axis),
                             options.gradient == StepGradient::Learned, options.gradient_scale);
}

torch::Tensor step_levels(const torch::Tensor& x, const torch::Tensor& step, const StepOptions& options) {
  torch::Tensor s = effective_step(step);
  if (options.axis >= 0) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
    shape[static_cast<std::size_t>(options.axis)] = s.numel();
    s = s.reshape(shape);
  }
  return (x.detach() / s).clamp(options.grid.low, options.grid.high).round();
}

}  // namespace mote::train
