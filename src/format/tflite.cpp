#include "format/tflite.h"

#include <cstring>

#include "base/file.h"
#include "format/tflite_import.h"

namespace mote {

namespace {

constexpr unsigned kMaxDepth = 32;
constexpr unsigned kMaxTables = 4'000'000;

const tflite::Model& checked_model(std::span<const std::byte> file, const std::string& name) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(file.data());
  if (file.empty())
    throw UserError({"the model cannot be read", name, "the file is empty", "give a complete .tflite file"});
  if (file.size() < 8 || !tflite::ModelBufferHasIdentifier(bytes))
    throw UserError({"the model cannot be read", name,
                     "it is not a TensorFlow Lite file: the identifier TFL3 is missing",
                     "give a .tflite file of schema version 3"});
  flatbuffers::Verifier verifier(bytes, file.size(), kMaxDepth, kMaxTables);
  if (!tflite::VerifyModelBuffer(verifier))
    throw UserError({"the model cannot be read", name, "its structure is damaged or cut short",
                     "copy or export the file again"});
  const tflite::Model& model = *tflite::GetModel(bytes);
  if (model.version() != 3)
    throw UserError({"the model cannot be read", name,
                     "its schema version is " + std::to_string(model.version()) + ", not 3",
                     "export the model with a current converter"});
  if (!model.subgraphs() || model.subgraphs()->size() == 0 || !model.subgraphs()->Get(0))
    throw UserError({"the model cannot be read", name, "it holds no network", "export the model again"});
  return model;
}

}  // namespace

Graph read_tflite(std::span<const std::byte> file, const std::string& name) {
  if (reinterpret_cast<std::uintptr_t>(file.data()) % alignof(std::max_align_t) != 0) {
    const std::vector<std::byte> aligned(file.begin(), file.end());  // FlatBuffers reads words in place
    return read_tflite(aligned, name);
  }
  try {
    return tflite::Import(checked_model(file, name), file, name).run();
  } catch (const UserError& e) {
    const auto& [what, where, why, remedy] = e.parts();
    if (where.starts_with(name)) throw;
    throw UserError({what, where.empty() ? name : name + ", " + where, why, remedy});
  }
}

Graph read_tflite(const std::filesystem::path& path) { return read_tflite(read_file(path), path.string()); }

}  // namespace mote
