#include "ops/reduce.h"

#include <algorithm>
#include <limits>

#include "ir/patch.h"
#include "ops/movement.h"

namespace mote {

namespace {

constexpr std::pair<std::string_view, std::string_view> kFunctions[] = {{"Mean", "ReduceMean"},
                                                                        {"Sum", "ReduceSum"},
                                                                        {"Max", "ReduceMax"},
                                                                        {"Min", "ReduceMin"},
                                                                        {"Prod", "ReduceProd"}};

bool rescales(const std::string& function) { return function == "Mean" || function == "Sum"; }

}  // namespace

std::string_view Reduce::name() const {
  for (const auto& [function_name, operator_name] : kFunctions)
    if (function == function_name) return operator_name;
  return kName;
}

Multiplier reduce_multiplier(bool mean, const Encoding& input, const Encoding& output, std::int64_t count) {
  Multiplier m =
      quantize_multiplier(static_cast<double>(input.scale()) / static_cast<double>(output.scale()));
  if (!mean) return m;
  MOTE_CHECK(count > 0);
  // TFLite's reference divides the multiplier: as many left shifts as the count has bits keep its precision
  int bits = 0;
  while (count >> (bits + 1) != 0) ++bits;
  const int shift = std::min({bits, 32, 31 + m.shift});
  m.value = static_cast<std::int32_t>((static_cast<std::int64_t>(m.value) << shift) / count);
  m.shift -= shift;
  return m;
}

std::vector<TensorType> Reduce::infer(const InputTypes& inputs) const {
  movement::require(name() != kName, kName, "the function is '" + function + "'");
  const TensorType& x = movement::expect_passing_input(name(), inputs);
  TensorType y{{}, x.encoding, {}};
  std::size_t next = 0;
  for (std::size_t a = 0; a < x.shape.size(); ++a) {
    const bool reduced = next < axes.size() && axes[next] == static_cast<std::int64_t>(a);
    if (reduced) ++next;
    if (!reduced || keep_dims) y.shape.push_back(reduced ? 1 : x.shape[a]);
  }
  movement::require(next == axes.size(), name(), "its axes are not ascending axes of " + to_string(x.shape));
  return {std::move(y)};
}

void Reduce::check(const InputTypes& inputs, const OutputTypes& outputs) const {
  const Encoding& in = inputs.at(0)->encoding;
  const Encoding& out = outputs.at(0)->encoding;
  if (!in.is_quantized() || !rescales(function)) {
    movement::require(in == out, name(), "its output must have the encoding of its input");
    movement::require(!in.is_quantized() || function != "Prod", name(), "the product has no quantized form");
    const bool keeps_range = function == "Max" || function == "Min" || in.is_real();
    movement::require(keeps_range || in.bits() >= 8, name(), "plain integers must have 8, 16 or 32 bits");
    return;
  }
  movement::require(
      out.is_quantized() && !out.is_per_axis() && !out.has_levels() && in.bits() <= 16 &&
          out.container_bytes() == in.container_bytes() && out.is_signed() == in.is_signed(),
      name(), "its quantized input needs an output of the same sign, both of at most 8 or both of 16 bits");
  std::int64_t count = 1;
  for (const std::int64_t axis : axes) count *= inputs[0]->shape.at(static_cast<std::size_t>(axis));
  movement::require(count > 0 && count <= (std::int64_t{1} << (31 - in.bits())), name(),
                    "the sum of " + std::to_string(count) + " elements does not fit 32 bits");
}

ReduceViews reduce_views(const Shape& shape, const std::vector<std::int64_t>& axes) {
  const auto strides = movement::strides_of(shape);
  ReduceViews views;
  for (std::size_t a = 0; a < shape.size(); ++a) {
    const bool reduced = std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(a)) != axes.end();
    movement::View& view = reduced ? views.reduced : views.kept;
    view.sizes.push_back(shape[a]);
    view.strides.push_back(strides[a]);
  }
  return views;
}

namespace {

// Folds the group of every output element: finish(fold over the group from `start`).
template <class From, class To, class Value, class Fold, class Finish>
void fold_groups(const ReduceViews& views, const From& from, To& to, Value start, const Fold& fold,
                 const Finish& finish) {
  movement::for_each(views.kept, [&](std::size_t target, std::size_t base) {
    Value value = start;
    movement::for_each(views.reduced,
                       [&](std::size_t, std::size_t offset) { value = fold(value, from[base + offset]); });
    to[target] = finish(value);
  });
}

// Keeps the low bits of the container, as two's complement hardware does.
std::int64_t wrapped(std::uint64_t value, const Encoding& e) {
  const std::uint64_t mask = (std::uint64_t{1} << e.bits()) - 1;
  const auto low = static_cast<std::int64_t>(value & mask);
  return e.is_signed() && low > e.max() ? low - static_cast<std::int64_t>(mask) - 1 : low;
}

}  // namespace

void Reduce::evaluate(const InputArrays& inputs, const OutputArrays& outputs) const {
  const Array& input = *inputs[0];
  Array& output = *outputs[0];
  const ReduceViews views = reduce_views(input.shape(), axes);
  const std::int64_t count = movement::product(views.reduced.sizes, 0, views.reduced.sizes.size());
  const Encoding& in = input.encoding();
  const Encoding& out = output.encoding();
  const auto keep = [](auto value) { return value; };
  if (function == "Max" || function == "Min") {
    const bool max = function == "Max";
    const auto better = [&](auto a, auto b) { return max ? std::max(a, b) : std::min(a, b); };
    if (in.is_real()) {
      const double start = std::numeric_limits<double>::infinity() * (max ? -1 : 1);
      fold_groups(views, input.real, output.real, start, better, keep);
    } else {
      fold_groups(views, input.integer, output.integer, max ? in.min() : in.max(), better, keep);
    }
    return;
  }
  if (in.is_real()) {
    const auto add = [](double a, double b) { return a + b; };
    const auto multiply = [](double a, double b) { return a * b; };
    const auto mean = [&](double sum) { return sum / static_cast<double>(count); };
    if (function == "Prod") return fold_groups(views, input.real, output.real, 1.0, multiply, keep);
    if (function == "Sum") return fold_groups(views, input.real, output.real, 0.0, add, keep);
    return fold_groups(views, input.real, output.real, 0.0, add, mean);
  }
  if (in.is_quantized()) {
    const Multiplier m = reduce_multiplier(function == "Mean", in, out, count);
    const auto add = [&](std::int64_t a, std::int64_t q) { return a + q - in.zero_point(); };
    const auto finish = [&](std::int64_t sum) {
      return std::clamp<std::int64_t>(
          std::int64_t{multiply_by_multiplier(static_cast<std::int32_t>(sum), m)} + out.zero_point(),
          out.min(), out.max());
    };
    return fold_groups(views, input.integer, output.integer, std::int64_t{0}, add, finish);
  }
  const auto unsigned_add = [](std::uint64_t a, std::int64_t b) { return a + static_cast<std::uint64_t>(b); };
  const auto unsigned_multiply = [](std::uint64_t a, std::int64_t b) {
    return a * static_cast<std::uint64_t>(b);
  };
  const auto wrap = [&](std::uint64_t value) { return wrapped(value, out); };
  // the mean of plain integers: of the true sum, truncated
  const auto mean = [&](std::uint64_t sum) {
    return count == 0 ? 0 : static_cast<std::int64_t>(sum) / count;
  };
  if (function == "Prod")
    return fold_groups(views, input.integer, output.integer, std::uint64_t{1}, unsigned_multiply, wrap);
  if (function == "Sum")
    return fold_groups(views, input.integer, output.integer, std::uint64_t{0}, unsigned_add, wrap);
  fold_groups(views, input.integer, output.integer, std::uint64_t{0}, unsigned_add, mean);
}

namespace {

Graph sample(Rng& rng, const std::string& function) {
  auto op = std::make_shared<Reduce>();
  op->function = function;
  Shape shape = movement::sample_shape(rng, 1, 5);
  for (std::size_t a = 0; a < shape.size(); ++a)
    if (rng.chance(0.5)) op->axes.push_back(static_cast<std::int64_t>(a));
  if (rng.chance(0.25)) {  // images
    shape = {rng.integer(1, 2), rng.integer(1, 20), rng.integer(1, 20), rng.integer(1, 20)};
    op->axes = {1, 2};
  }
  op->keep_dims = rng.chance(0.5);
  Encoding encoding = movement::sample_encoding(rng);
  if (function == "Prod" && encoding.is_quantized()) encoding = Encoding::real();
  const TensorType x{shape, encoding, {}};
  TensorType y = op->infer({&x})[0];
  if (encoding.is_quantized() && rescales(function) && rng.chance(0.7)) {
    const auto zero = encoding.bits() == 16 ? 0 : rng.integer(encoding.min(), encoding.max());
    y.encoding = Encoding::affine(encoding.bits(), encoding.is_signed(),
                                  encoding.scale() * static_cast<float>(rng.uniform(0.3, 3)),
                                  static_cast<std::int32_t>(zero));
  }
  Patch patch;
  const ValueId in = patch.add_input("x", x);
  patch.add_output(patch.add_node(op, {in}, {y}, "reduce")[0]);
  return std::move(patch).apply();
}

}  // namespace

Graph sample_reduce_mean(Rng& rng) { return sample(rng, "Mean"); }
Graph sample_reduce_sum(Rng& rng) { return sample(rng, "Sum"); }
Graph sample_reduce_max(Rng& rng) { return sample(rng, "Max"); }
Graph sample_reduce_min(Rng& rng) { return sample(rng, "Min"); }
Graph sample_reduce_prod(Rng& rng) { return sample(rng, "Prod"); }

}  // namespace mote
