#include "train/forward.h"

#include <string_view>

#include "ops/binary.h"
#include "ops/unary.h"

namespace mote::train {

namespace {

struct ForwardRow {
  std::string_view name;
  Forward forward;
};

// By operator name; the elementwise families follow by class.
constexpr ForwardRow kRows[] = {
    {"Conv2D", forward_conv2d},
    {"DepthwiseConv2D", forward_depthwise_conv2d},
    {"ConvTranspose2D", forward_conv_transpose2d},
    {"FullyConnected", forward_fully_connected},
    {"MatMul", forward_mat_mul},
    {"MaxPool", forward_pool},
    {"AveragePool", forward_pool},
    {"ReduceMean", forward_reduce},
    {"ReduceSum", forward_reduce},
    {"ReduceMax", forward_reduce},
    {"ReduceMin", forward_reduce},
    {"ReduceProd", forward_reduce},
    {"Pad", forward_pad},
    {"Concat", forward_concat},
    {"Split", forward_split},
    {"Slice", forward_slice},
    {"Reshape", forward_reshape},
    {"Transpose", forward_transpose},
    {"Gather", forward_gather},
    {"Resize", forward_resize},
    {"DepthToSpace", forward_depth_to_space},
    {"SpaceToDepth", forward_depth_to_space},
    {"PRelu", forward_prelu},
    {"Softmax", forward_softmax},
    {"LogSoftmax", forward_softmax},
    {"BatchNormalization", forward_batch_normalization},
    {"LayerNormalization", forward_layer_normalization},
    {"Quant", forward_quant},
    {"BipolarQuant", forward_bipolar_quant},
    {"Trunc", forward_trunc},
    {"Cast", forward_cast},
};

}  // namespace

Forward find_forward(const Operator& op) {
  for (const ForwardRow& row : kRows)
    if (row.name == op.name()) return row.forward;
  if (dynamic_cast<const Unary*>(&op)) return forward_unary;
  if (dynamic_cast<const Binary*>(&op)) return forward_binary;
  return nullptr;
}

}  // namespace mote::train
