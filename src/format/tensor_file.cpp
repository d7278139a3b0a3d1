#include "format/tensor_file.h"

#include "base/error.h"
#include "base/file.h"
#include "base/npy.h"
#include "ops/encode.h"

namespace mote {

namespace {

NpyType npy_type(const Encoding& e) {
  if (e.is_real()) return NpyType::kFloat32;
  switch (e.container_bytes()) {
    case 1: return e.is_signed() ? NpyType::kInt8 : NpyType::kUint8;
    case 2: return e.is_signed() ? NpyType::kInt16 : NpyType::kUint16;
    default: return e.is_signed() ? NpyType::kInt32 : NpyType::kUint32;
  }
}

UserError misfit(const std::filesystem::path& path, const TensorType& type, const std::string& why) {
  return UserError({"the file does not hold the tensor that the model wants", path.string(), why,
                    "give " + to_string(type) + ", or float32 values of that shape as .npy"});
}

}  // namespace

Tensor read_tensor_file(const std::filesystem::path& path, const TensorType& type) {
  if (path.extension() != ".npy") {
    auto bytes = read_file(path);
    if (static_cast<std::int64_t>(bytes.size()) != type.bytes())
      throw misfit(path, type,
                   "it has " + std::to_string(bytes.size()) + " bytes, not " + std::to_string(type.bytes()));
    return {type, std::move(bytes)};
  }
  NpyArray array = read_npy(path);
  if (static_cast<std::int64_t>(array.count()) != type.elements())
    throw misfit(path, type, "it has the shape " + to_string(array.shape));
  if (array.type == npy_type(type.encoding)) return {type, std::move(array.bytes)};
  if (is_float(array.type)) return encode_reals(array.as_float(), type);
  if (type.encoding.is_real()) return encode_reals(array.as_float(), type);
  throw misfit(path, type, std::string("its elements are ") + npy_descr(array.type));
}

void write_tensor_file(const std::filesystem::path& path, const Tensor& tensor) {
  if (path.extension() == ".npy")
    write_npy(path, {npy_type(tensor.type().encoding),
                     tensor.type().shape,
                     {tensor.bytes().begin(), tensor.bytes().end()}});
  else
    write_file(path, tensor.bytes());
}

}  // namespace mote
