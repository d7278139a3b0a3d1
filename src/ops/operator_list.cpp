#include "ops/operator_list.h"

#include "ops/arg_max.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depth_to_space.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/gather.h"
#include "ops/mat_mul.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/transpose.h"

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
  };
  return kRows;
}

const OperatorRow& find_operator(std::string_view name) {
  for (const OperatorRow& row : operator_list())
    if (row.name == name) return row;
  throw UserError({"unknown operator", std::string(name), "no operator of that name exists",
                   "see docs for the list of operators"});
}

}  // namespace mote
