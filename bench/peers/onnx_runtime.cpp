// The C interface of ONNX Runtime (onnxruntime_c_api.h): a table of functions whose places never change;
// named here are those in use.
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/peers/contender.h"
#include "compress/import.h"
#include "measure/sample_input.h"

namespace mote::bench {

namespace {

constexpr std::uint32_t kApiVersion = 16;

enum Slot : std::size_t {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetOptimizationLevel = 23,
  kSetIntraOpThreads = 24,
  kCreateTensorWithData = 49,
  kCreateCpuMemoryInfo = 69,
};

struct ApiBase {
  void* const* (*get_api)(std::uint32_t version);
  const char* (*version)();
};

enum ElementType { kFloat = 1, kUint8 = 2, kInt8 = 3 };  // ONNXTensorElementDataType

ElementType element_type(const Encoding& encoding) {
  if (encoding.is_real()) return kFloat;
  return encoding.is_signed() ? kInt8 : kUint8;
}

class OnnxRuntime : public Contender {
 public:
  OnnxRuntime(const std::filesystem::path& modules, const std::filesystem::path& model)
      : library_(modules / "onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1") {
    api_ = library_.function<ApiBase*()>("OrtGetApiBase")()->get_api(kApiVersion);
    MOTE_CHECK(api_ != nullptr, "ONNX Runtime is too old");
    void *env = nullptr, *options = nullptr, *memory = nullptr;
    check(slot<void*(int, const char*, void**)>(kCreateEnv)(3, "mote", &env));
    check(slot<void*(void**)>(kCreateSessionOptions)(&options));
    check(slot<void*(void*, int)>(kSetIntraOpThreads)(options, 1));
    check(slot<void*(void*, int)>(kSetOptimizationLevel)(options, 99));
    check(slot<void*(void*, const char*, const void*, void**)>(kCreateSession)(env, model.c_str(), options,
                                                                               &session_));
    check(slot<void*(int, int, void**)>(kCreateCpuMemoryInfo)(1, 0, &memory));
    const Graph graph = import_model(model);
    for (const ValueId v : graph.inputs()) {
      const TensorType& type = graph.type(v);
      add(graph.value(v).name, type,
          input_bytes(static_cast<std::size_t>(type.bytes()), type.encoding.is_real()), memory, inputs_);
    }
    for (const ValueId v : graph.outputs())
      add(graph.value(v).name, graph.type(v), Bytes(static_cast<std::size_t>(graph.type(v).bytes())), memory,
          outputs_);
  }

  void run() override {
    check(slot<void*(void*, const void*, const char* const*, const void* const*, std::size_t,
                     const char* const*, std::size_t, void**)>(kRun)(
        session_, nullptr, inputs_.names.data(), inputs_.values.data(), inputs_.values.size(),
        outputs_.names.data(), outputs_.values.size(), outputs_.values.data()));
  }

  Bytes output() const override { return *outputs_.data.at(0); }

 private:
  struct Tensors {
    std::vector<std::unique_ptr<std::string>> texts;
    std::vector<const char*> names;
    std::vector<std::unique_ptr<Bytes>> data;
    std::vector<void*> values;
  };

  template <class Function>
  Function* slot(Slot at) const {
    return reinterpret_cast<Function*>(api_[at]);
  }

  void check(void* status) const {
    if (status)
      throw UserError({"ONNX Runtime refuses", "", slot<const char*(void*)>(kGetErrorMessage)(status),
                       "give a model that it can run"});
  }

  void add(const std::string& name, const TensorType& type, Bytes data, void* memory, Tensors& to) {
    to.texts.push_back(std::make_unique<std::string>(name));
    to.names.push_back(to.texts.back()->c_str());
    to.data.push_back(std::make_unique<Bytes>(std::move(data)));
    void* value = nullptr;
    check(slot<void*(void*, void*, std::size_t, const std::int64_t*, std::size_t, int, void**)>(
        kCreateTensorWithData)(memory, to.data.back()->data(), to.data.back()->size(), type.shape.data(),
                               type.shape.size(), element_type(type.encoding), &value));
    to.values.push_back(value);
  }

  Library library_;
  void* const* api_ = nullptr;
  void* session_ = nullptr;
  Tensors inputs_, outputs_;
};

}  // namespace

std::unique_ptr<Contender> onnx_runtime_contender(const std::filesystem::path& modules,
                                                  const std::filesystem::path& model) {
  return std::make_unique<OnnxRuntime>(modules, model);
}

}  // namespace mote::bench
