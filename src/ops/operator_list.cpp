#include "ops/operator_list.h"

#include "ops/arg_max.h"
#include "ops/batch_normalization.h"
#include "ops/binary.h"
#include "ops/bipolar_quant.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depth_to_space.h"
#include "ops/depthwise_conv2d.h"
#include "ops/dequantize.h"
#include "ops/fully_connected.h"
#include "ops/gather.h"
#include "ops/layer_normalization.h"
#include "ops/mat_mul.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/prelu.h"
#include "ops/quant.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/requantize.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "ops/split.h"
#include "ops/transpose.h"
#include "ops/trunc.h"
#include "ops/unary.h"

namespace mote {

std::span<const OperatorRow> operator_list() {
  static const OperatorRow kRows[] = {
      {"Conv2D", &Conv2D::from_fields, &sample_conv2d},
      {"DepthwiseConv2D", &DepthwiseConv2D::from_fields, &sample_depthwise_conv2d},
      {"ConvTranspose2D", &ConvTranspose2D::from_fields, &sample_conv_transpose2d},
      {"FullyConnected", &FullyConnected::from_fields, &sample_fully_connected},
      {"MatMul", &MatMul::from_fields, &sample_mat_mul},
      {"MaxPool", &Pool::from_fields, &sample_max_pool},
      {"AveragePool", &Pool::from_fields, &sample_average_pool},
      {"ReduceMean", &Reduce::from_fields, &sample_reduce_mean},
      {"ReduceSum", &Reduce::from_fields, &sample_reduce_sum},
      {"ReduceMax", &Reduce::from_fields, &sample_reduce_max},
      {"ReduceMin", &Reduce::from_fields, &sample_reduce_min},
      {"ReduceProd", &Reduce::from_fields, &sample_reduce_prod},
      {"ArgMax", &ArgMax::from_fields, &sample_arg_max},
      {"ArgMin", &ArgMax::from_fields, &sample_arg_min},
      {"Pad", &Pad::from_fields, &sample_pad},
      {"Concat", &Concat::from_fields, &sample_concat},
      {"Split", &Split::from_fields, &sample_split},
      {"Slice", &Slice::from_fields, &sample_slice},
      {"Reshape", &Reshape::from_fields, &sample_reshape},
      {"Transpose", &Transpose::from_fields, &sample_transpose},
      {"Gather", &Gather::from_fields, &sample_gather},
      {"Resize", &Resize::from_fields, &sample_resize},
      {"DepthToSpace", &DepthToSpace::from_fields, &sample_depth_to_space},
      {"SpaceToDepth", &DepthToSpace::from_fields, &sample_space_to_depth},
      {"Add", &Binary::from_fields, [](Rng& rng) { return sample_binary(rng, "Add"); }},
      {"Sub", &Binary::from_fields, [](Rng& rng) { return sample_binary(rng, "Sub"); }},
      {"Mul", &Binary::from_fields, [](Rng& rng) { return sample_binary(rng, "Mul"); }},
      {"Div", &Binary::from_fields, [](Rng& rng) { return sample_binary(rng, "Div"); }},
      {"Minimum", &Binary::from_fields, [](Rng& rng) { return sample_binary(rng, "Minimum"); }},
      {"Maximum", &Binary::from_fields, [](Rng& rng) { return sample_binary(rng, "Maximum"); }},
      {"Pow", &Binary::from_fields, [](Rng& rng) { return sample_binary(rng, "Pow"); }},
      {"Relu", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Relu"); }},
      {"Relu6", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Relu6"); }},
      {"Clip", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Clip"); }},
      {"LeakyRelu", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "LeakyRelu"); }},
      {"HardSigmoid", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "HardSigmoid"); }},
      {"HardSwish", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "HardSwish"); }},
      {"Sigmoid", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Sigmoid"); }},
      {"Tanh", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Tanh"); }},
      {"Gelu", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Gelu"); }},
      {"Erf", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Erf"); }},
      {"Exp", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Exp"); }},
      {"Log", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Log"); }},
      {"Sqrt", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Sqrt"); }},
      {"Rsqrt", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Rsqrt"); }},
      {"Abs", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Abs"); }},
      {"Neg", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Neg"); }},
      {"Floor", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Floor"); }},
      {"Ceil", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Ceil"); }},
      {"Round", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Round"); }},
      {"Sign", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Sign"); }},
      {"Elu", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Elu"); }},
      {"Selu", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Selu"); }},
      {"Softplus", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Softplus"); }},
      {"Softsign", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Softsign"); }},
      {"Square", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Square"); }},
      {"Reciprocal", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Reciprocal"); }},
      {"Sin", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Sin"); }},
      {"Cos", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Cos"); }},
      {"Identity", &Unary::from_fields, [](Rng& rng) { return sample_unary(rng, "Identity"); }},
      {"PRelu", &PRelu::from_fields, &sample_prelu},
      {"Softmax", &Softmax::from_fields, &sample_softmax},
      {"LogSoftmax", &Softmax::from_fields, &sample_log_softmax},
      {"BatchNormalization", &BatchNormalization::from_fields, &sample_batch_normalization},
      {"LayerNormalization", &LayerNormalization::from_fields, &sample_layer_normalization},
      {"Quantize", &Quantize::from_fields, &sample_quantize},
      {"Dequantize", &Dequantize::from_fields, &sample_dequantize},
      {"Requantize", &Requantize::from_fields, &sample_requantize},
      {"Quant", &Quant::from_fields, &sample_quant},
      {"Cast", &Cast::from_fields, &sample_cast},
      {"BipolarQuant", &BipolarQuant::from_fields, &sample_bipolar_quant},
      {"Trunc", &Trunc::from_fields, &sample_trunc},
  };
  return kRows;
}

const OperatorRow& find_operator(std::string_view name) {
  for (const OperatorRow& row : operator_list())
    if (row.name == name) return row;
  throw UserError({"unknown operator", std::string(name), "no operator of that name exists",
                   "see docs for the list of operators"});
}

OperatorPtr make_operator(std::string_view name, const Fields& fields) {
  return find_operator(name).from_fields(fields);
}

}  // namespace mote
