// The operators of TensorFlow Lite: one row per known code, with its conversion where there is one.
#pragma once

#include <string_view>

namespace mote::tflite {

class Call;

// Converts one operator; `function` is the row's, for families that share a conversion.
using ReadOperator = void (*)(Call& call, std::string_view function);

struct OperatorRow {
  int code;
  std::string_view name;
  ReadOperator read = nullptr;  // nullptr: not supported
  std::string_view function = {};
};

// nullptr for codes newer than the table.
const OperatorRow* find_row(int code);

// tflite_read_convolution.cpp
void read_conv2d(Call& call, std::string_view);
void read_depthwise_conv2d(Call& call, std::string_view);
void read_transpose_conv(Call& call, std::string_view);
void read_fully_connected(Call& call, std::string_view);
void read_batch_matmul(Call& call, std::string_view);
// tflite_read_elementwise.cpp
void read_add(Call& call, std::string_view);
void read_sub(Call& call, std::string_view);
void read_mul(Call& call, std::string_view);
void read_div(Call& call, std::string_view);
void read_binary(Call& call, std::string_view function);
void read_squared_difference(Call& call, std::string_view);
void read_unary(Call& call, std::string_view function);
void read_leaky_relu(Call& call, std::string_view);
void read_relu_n1_to_1(Call& call, std::string_view);
void read_relu_0_to_1(Call& call, std::string_view);
void read_elu(Call& call, std::string_view);
void read_gelu(Call& call, std::string_view);
void read_prelu(Call& call, std::string_view);
void read_softmax(Call& call, std::string_view);
void read_log_softmax(Call& call, std::string_view);
void read_quantize(Call& call, std::string_view);
void read_dequantize(Call& call, std::string_view);
void read_cast(Call& call, std::string_view);
// tflite_read_window.cpp
void read_pool(Call& call, std::string_view function);
void read_reduce(Call& call, std::string_view function);
void read_arg_max(Call& call, std::string_view function);
void read_resize_bilinear(Call& call, std::string_view);
void read_resize_nearest(Call& call, std::string_view);
void read_depth_to_space(Call& call, std::string_view);
void read_space_to_depth(Call& call, std::string_view);
// tflite_read_movement.cpp
void read_reshape(Call& call, std::string_view);
void read_squeeze(Call& call, std::string_view);
void read_expand_dims(Call& call, std::string_view);
void read_transpose(Call& call, std::string_view);
void read_concatenation(Call& call, std::string_view);
void read_pack(Call& call, std::string_view);
void read_unpack(Call& call, std::string_view);
void read_split(Call& call, std::string_view);
void read_split_v(Call& call, std::string_view);
void read_gather(Call& call, std::string_view);
void read_pad(Call& call, std::string_view);
void read_mirror_pad(Call& call, std::string_view);
void read_shape(Call& call, std::string_view);
void read_tile(Call& call, std::string_view);
void read_broadcast_to(Call& call, std::string_view);
// tflite_read_slice.cpp
void read_slice(Call& call, std::string_view);
void read_strided_slice(Call& call, std::string_view);
void read_reverse(Call& call, std::string_view);
void read_space_to_batch(Call& call, std::string_view);
void read_batch_to_space(Call& call, std::string_view);
// tflite_table.cpp
void read_recurrent(Call& call, std::string_view);

}  // namespace mote::tflite
