#include "ops/operator_list.h"

#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/mat_mul.h"

namespace mote {

std::span<const OperatorRow> operator_list() {
  static const OperatorRow kRows[] = {
      {"Conv2D", &Conv2D::from_fields, &sample_conv2d},
      {"DepthwiseConv2D", &DepthwiseConv2D::from_fields, &sample_depthwise_conv2d},
      {"ConvTranspose2D", &ConvTranspose2D::from_fields, &sample_conv_transpose2d},
      {"FullyConnected", &FullyConnected::from_fields, &sample_fully_connected},
      {"MatMul", &MatMul::from_fields, &sample_mat_mul},
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
