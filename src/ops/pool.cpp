#include "ops/pool.h"

#include <algorithm>
#include <cmath>

#include "ir/patch.h"
#include "ops/fixed_point.h"
#include "ops/movement.h"

namespace mote {

namespace {

std::int64_t output_extent(const Pool& pool, std::size_t axis, std::int64_t extent) {
  const std::int64_t padded = extent + pool.padding[axis] + pool.padding[axis + 2] + pool.ceil_extra[axis];
  const std::int64_t reach = pool.dilation[axis] * (pool.window[axis] - 1) + 1;
  return padded < reach ? 0 : (padded - reach) / pool.stride[axis] + 1;
}

// The cells k of a window, first <= k < last, for which low <= start + k * dilation < high.
struct Cells {
  std::int64_t first, last;
  std::int64_t count() const { return std::max<std::int64_t>(last - first, 0); }
};

Cells cells_between(std::int64_t start, std::int64_t dilation, std::int64_t window, std::int64_t low,
                    std::int64_t high) {
  const auto at_or_after = [&](std::int64_t bound) {
    return bound <= start ? 0 : (bound - start + dilation - 1) / dilation;
  };
  return {std::min(at_or_after(low), window), std::min(at_or_after(high), window)};
}

// One window of one channel: what is in the image, and how many cells an average divides by.
struct Window {
  Cells rows, columns;
  std::int64_t top, left, divisor;
};

Window window_at(const Pool& pool, const Shape& x, std::int64_t row, std::int64_t column) {
  Window w{};
  const auto cells = [&](std::size_t axis, std::int64_t start, bool with_padding) {
    const std::int64_t low = with_padding ? -pool.padding[axis] : 0;
    const std::int64_t high = x[axis + 1] + (with_padding ? pool.padding[axis + 2] : 0);
    return cells_between(start, pool.dilation[axis], pool.window[axis], low, high);
  };
  w.top = row * pool.stride[0] - pool.padding[0];
  w.left = column * pool.stride[1] - pool.padding[1];
  w.rows = cells(0, w.top, false);
  w.columns = cells(1, w.left, false);
  w.divisor = pool.count_include_pad ? cells(0, w.top, true).count() * cells(1, w.left, true).count()
                                     : w.rows.count() * w.columns.count();
  return w;
}

std::int64_t rounded_quotient(std::int64_t sum, std::int64_t count) {
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

// finish(sum or maximum, window) gives the output element.
template <class From, class To, class Value, class Fold, class Finish>
void slide(const Pool& pool, const Shape& x, const Shape& y, const From& from, To& to, Value start,
           const Fold& fold, const Finish& finish) {
  std::size_t target = 0;
  for (std::int64_t n = 0; n < y[0]; ++n)
    for (std::int64_t row = 0; row < y[1]; ++row)
      for (std::int64_t column = 0; column < y[2]; ++column) {
        const Window w = window_at(pool, x, row, column);
        for (std::int64_t c = 0; c < y[3]; ++c) {
          Value value = start;
          for (std::int64_t i = w.rows.first; i < w.rows.last; ++i)
            for (std::int64_t j = w.columns.first; j < w.columns.last; ++j) {
              const std::int64_t h = w.top + i * pool.dilation[0], v = w.left + j * pool.dilation[1];
              value = fold(value, from[static_cast<std::size_t>(((n * x[1] + h) * x[2] + v) * x[3] + c)]);
            }
          to[target++] = finish(value, w);
        }
      }
}

}  // namespace

std::vector<TensorType> Pool::infer(const InputTypes& inputs) const {
  movement::require(function == kNames[0] || function == kNames[1], kName,
                    "the function is '" + function + "'");
  const TensorType& x = movement::expect_passing_input(function, inputs);
  movement::require(x.shape.size() == 4, function,
                    "its input has the shape " + to_string(x.shape) + ", not NxHxWxC");
  movement::require(window.size() == 2 && stride.size() == 2 && dilation.size() == 2 && padding.size() == 4 &&
                        ceil_extra.size() == 2,
                    function, "an attribute has the wrong number of entries");
  const auto within = [&](const std::vector<std::int64_t>& values, std::int64_t least) {
    for (const std::int64_t v : values)
      movement::require(v >= least && v < std::int64_t{1} << 30, function,
                        "an attribute is " + std::to_string(v));
  };
  within(window, 1);
  within(stride, 1);
  within(dilation, 1);
  within(padding, 0);
  within(ceil_extra, 0);
  TensorType y{
      {x.shape[0], output_extent(*this, 0, x.shape[1]), output_extent(*this, 1, x.shape[2]), x.shape[3]},
      x.encoding,
      {}};
  movement::require(x.elements() > 0 && element_count(y.shape) > 0, function,
                    "its window does not fit into " + to_string(x.shape));
  return {std::move(y)};
}

void Pool::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  movement::expect_encodings(function, infer(inputs), outputs);
  const Encoding& e = inputs[0]->encoding;
  movement::require(is_max() || e.is_real() || e.bits() <= 16, function,
                    "there is no average of 32-bit integers");
  movement::require(!e.has_levels() || (is_max() && clamp_min == -clamp_max && std::isinf(clamp_max)),
                    function, "there is neither an average nor an activation of " + to_string(e));
  movement::require(!is_max() || e.bits() < 32 || e.is_signed(), function,
                    "there is no maximum of unsigned 32-bit integers");
  movement::require(clamp_min <= clamp_max, function, "its lower bound is above its upper bound");
}

void Pool::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& input = *inputs[0];
  Array& output = *outputs[0];
  const Shape& x = input.shape();
  const Shape& y = output.shape();
  const Encoding& e = input.encoding();
  const auto larger = [](auto a, auto b) { return std::max(a, b); };
  const auto add = [](auto a, auto b) { return a + b; };
  if (e.is_real()) {
    const auto bounded = [&](double value) {
      return std::clamp(value, static_cast<double>(clamp_min), static_cast<double>(clamp_max));
    };
    const auto maximum = [&](double value, const Window&) { return bounded(value); };
    const auto average = [&](double sum, const Window& w) {
      return bounded(w.divisor == 0 ? 0 : sum / static_cast<double>(w.divisor));
    };
    const double lowest = -static_cast<double>(std::numeric_limits<float>::max());
    if (is_max()) return slide(*this, x, y, input.real, output.real, lowest, larger, maximum);
    return slide(*this, x, y, input.real, output.real, 0.0, add, average);
  }
  const IntegerRange range = clamp_range({clamp_min, clamp_max}, e);
  const auto bounded = [&](std::int64_t value) {
    return std::clamp<std::int64_t>(value, range.min, range.max);
  };
  const std::int64_t zero = e.is_quantized() ? e.zero_point() : 0;
  const auto maximum = [&](std::int64_t value, const Window&) { return bounded(value); };
  const auto average = [&](std::int64_t sum, const Window& w) {
    if (w.divisor == 0) return bounded(zero);
    const std::int64_t padded = w.divisor - w.rows.count() * w.columns.count();
    return bounded(rounded_quotient(sum + padded * zero, w.divisor));
  };
  if (is_max()) return slide(*this, x, y, input.integer, output.integer, e.min(), larger, maximum);
  slide(*this, x, y, input.integer, output.integer, std::int64_t{0}, add, average);
}

namespace {

Graph sample(Rng& rng, std::string_view function) {
  auto op = std::make_shared<Pool>();
  op->function = function;
  const Shape shape{rng.integer(1, 2), rng.integer(3, 9), rng.integer(3, 9),
                    rng.integer(1, rng.chance(0.5) ? 40 : 9)};
  for (std::size_t a = 0; a < 2; ++a) {
    op->window[a] = rng.integer(1, 3);
    op->stride[a] = rng.integer(1, 3);
    op->dilation[a] = rng.chance(0.2) ? 2 : 1;
    op->padding[a] = rng.integer(0, op->window[a] - 1);
    op->padding[a + 2] = rng.integer(0, op->window[a] - 1);
    const std::int64_t reach = op->dilation[a] * (op->window[a] - 1) + 1;
    const std::int64_t padded = shape[a + 1] + op->padding[a] + op->padding[a + 2];
    if (padded < reach) op->dilation[a] = 1;
    if (rng.chance(0.3)) op->ceil_extra[a] = op->stride[a] - 1;
  }
  if (rng.chance(0.2)) {  // the whole image
    *op = Pool{};
    op->function = function;
    op->window = {shape[1], shape[2]};
  }
  op->count_include_pad = rng.chance(0.5);
  Encoding encoding = movement::sample_encoding(rng);
  if (!op->is_max() && encoding.is_integer() && encoding.bits() == 32) encoding = Encoding::real();
  if ((encoding.is_real() || encoding.is_quantized()) && rng.chance(0.3)) {
    op->clamp_min = 0;
    op->clamp_max = rng.chance(0.5) ? 6.0F : op->clamp_max;
  }
  return movement::sample_graph(op, {{shape, encoding, {}}});
}

}  // namespace

Graph sample_max_pool(Rng& rng) { return sample(rng, Pool::kNames[0]); }
Graph sample_average_pool(Rng& rng) { return sample(rng, Pool::kNames[1]); }

}  // namespace mote
