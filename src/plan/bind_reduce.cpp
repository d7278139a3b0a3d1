#include "base/text.h"
#include "ops/arg_max.h"
#include "ops/reduce.h"
#include "plan/bind_movement.h"

namespace mote {

namespace {

constexpr std::size_t kRuns = 3;  // kept and reduced axes of the kernels, each

Parameter number(std::string name, std::int64_t value) { return {std::move(name), value}; }

}  // namespace

BindResult bind_reduce(const BindContext& context) {
  const Reduce& reduce = *context.node().as<Reduce>();
  const TensorType& in = context.input(0);
  const TensorType& out = context.output();
  if (nothing_to_do(context)) return Bound{};
  if (in.elements() == 0) return Refusal{"there is nothing to reduce"};
  const ReduceViews views = reduce_views(in.shape, reduce.axes);
  const movement::View kept = movement::collapsed(views.kept);
  const movement::View reduced = movement::collapsed(views.reduced);
  if (kept.sizes.size() > kRuns || reduced.sizes.size() > kRuns)
    return Refusal{"more than 3 separate runs of kept or of reduced axes"};
  const std::int64_t count = movement::product(reduced.sizes, 0, reduced.sizes.size());
  std::vector<Parameter> params{{"kept_sizes", right_aligned(kept.sizes, kRuns, 1)},
                                {"kept_strides", right_aligned(kept.strides, kRuns, 0)},
                                {"reduced_sizes", right_aligned(reduced.sizes, kRuns, 1)},
                                {"reduced_strides", right_aligned(reduced.strides, kRuns, 0)},
                                number("count", count)};
  const bool is_mean = reduce.function == "Mean";
  const bool scaled = in.encoding.is_quantized() && (is_mean || reduce.function == "Sum");
  if (scaled) {
    const Multiplier m = reduce_multiplier(is_mean, in.encoding, out.encoding, count);
    for (auto& p :
         {number("zero_in", in.encoding.zero_point()), number("zero_out", out.encoding.zero_point()),
          number("multiplier", m.value), number("shift", m.shift), number("low", out.encoding.min()),
          number("high", out.encoding.max())})
      params.push_back(p);
  }
  return one_call(
      context,
      "reduce_" + (scaled ? "scaled" : lower_case(reduce.function)) + "_" + element_suffix(in.encoding),
      "reduce_params", std::move(params));
}

BindResult bind_arg_max(const BindContext& context) {
  const ArgMax& op = *context.node().as<ArgMax>();
  const Shape& shape = context.input(0).shape;
  const auto axis = static_cast<std::size_t>(op.axis);
  if (nothing_to_do(context)) return Bound{};
  return one_call(
      context, "arg_max_" + element_suffix(context.input(0).encoding), "arg_max_params",
      {number("outer", movement::product(shape, 0, axis)), number("extent", shape[axis]),
       number("inner", movement::product(shape, axis + 1, shape.size())),
       number("smallest", op.function == ArgMax::kNames[1] ? 1 : 0), number("last", op.select_last ? 1 : 0)});
}

}  // namespace mote
