// ONNX element types and tensors, and how they are carried in a graph: every float format as float32;
// integers of up to 32 bits as plain integers; 64-bit integers as 32-bit ones, saturated (they are shapes and
// indices); bool as one unsigned bit. Only for the files of format/ that see the ONNX messages.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ir/tensor.h"
#include "onnx.pb.h"

namespace mote {

// Numbers as in TensorProto.DataType of the ONNX schema.
enum class OnnxElement : int {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16,
  kFloat8e4m3fn = 17,
  kFloat8e4m3fnuz = 18,
  kFloat8e5m2 = 19,
  kFloat8e5m2fnuz = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4e2m1 = 23,
  kUint2 = 25,
  kInt2 = 26,
};

struct OnnxElementRow {
  OnnxElement element;
  const char* name;  // as messages show it
  const char* cast;  // Cast's `to`
  int bits;          // in a file
  bool is_real;
  bool is_signed;
};

// The row of a type; throws UserError (where = `where`) for types that no network operator here can carry.
const OnnxElementRow& onnx_element(int number, const std::string& where);
inline const OnnxElementRow& onnx_element(OnnxElement e) { return onnx_element(static_cast<int>(e), ""); }
Encoding carried_encoding(const OnnxElementRow& row);
// The type that stores elements of this encoding exactly; throws UserError where ONNX has none.
OnnxElement element_of(const Encoding& encoding, const std::string& where);

// The tensor of an initializer, attribute or .pb file. `folder` is where external data may lie; `where` names
// the tensor in errors. Throws UserError for wrong sizes, strings, data outside the folder.
Tensor decode_tensor(const onnx::TensorProto& proto, const std::filesystem::path& folder,
                     const std::string& where);
// The inverse, as raw data. `element` is FLOAT or an integer type that holds every value.
onnx::TensorProto encode_tensor(const std::string& name, const Tensor& tensor, OnnxElement element);

}  // namespace mote
