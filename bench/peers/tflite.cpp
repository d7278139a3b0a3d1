// The C interface of TensorFlow Lite 2.9 (tensorflow/lite/c/c_api.h), declared as far as it is used here.
#include <vector>

#include "base/error.h"
#include "bench/peers/contender.h"
#include "measure/sample_input.h"

namespace mote::bench {

namespace {

struct XnnpackOptions {  // TfLiteXNNPackDelegateOptions of 2.9
  std::int32_t num_threads;
  std::uint32_t flags;
  void* weights_cache;
};

class TfLite : public Contender {
 public:
  TfLite(const std::filesystem::path& modules, const std::filesystem::path& model, bool xnnpack)
      : library_(modules / "tfjs-tflite-node/cc_deps/linux_amd64/libtensorflowlite_c.so") {
    void* const options = call<void*()>("TfLiteInterpreterOptionsCreate")();
    call<void(void*, std::int32_t)>("TfLiteInterpreterOptionsSetNumThreads")(options, 1);
    if (xnnpack) {
      XnnpackOptions x = call<XnnpackOptions()>("TfLiteXNNPackDelegateOptionsDefault")();
      x.num_threads = 1;
      x.flags |= 3;  // signed and unsigned 8-bit operators
      void* const delegate = call<void*(const XnnpackOptions*)>("TfLiteXNNPackDelegateCreate")(&x);
      call<void(void*, void*)>("TfLiteInterpreterOptionsAddDelegate")(options, delegate);
    }
    void* const loaded = call<void*(const char*)>("TfLiteModelCreateFromFile")(model.c_str());
    interpreter_ = loaded ? call<void*(void*, void*)>("TfLiteInterpreterCreate")(loaded, options) : nullptr;
    if (!interpreter_ || call<int(void*)>("TfLiteInterpreterAllocateTensors")(interpreter_) != 0)
      throw UserError({"TensorFlow Lite cannot load the model", model.string(), "see its message above",
                       "give a .tflite file"});
    invoke_ = call<int(void*)>("TfLiteInterpreterInvoke");
    const int inputs = call<int(void*)>("TfLiteInterpreterGetInputTensorCount")(interpreter_);
    for (int i = 0; i < inputs; ++i) {
      void* const tensor =
          call<void*(void*, std::int32_t)>("TfLiteInterpreterGetInputTensor")(interpreter_, i);
      const std::size_t bytes = call<std::size_t(void*)>("TfLiteTensorByteSize")(tensor);
      const Bytes data = input_bytes(bytes, call<int(void*)>("TfLiteTensorType")(tensor) == 1);
      call<int(void*, const void*, std::size_t)>("TfLiteTensorCopyFromBuffer")(tensor, data.data(), bytes);
    }
  }

  void run() override { MOTE_CHECK(invoke_(interpreter_) == 0, "TensorFlow Lite's inference failed"); }

  Bytes output() const override {
    const void* const tensor =
        call<const void*(void*, std::int32_t)>("TfLiteInterpreterGetOutputTensor")(interpreter_, 0);
    Bytes bytes(call<std::size_t(const void*)>("TfLiteTensorByteSize")(tensor));
    call<int(const void*, void*, std::size_t)>("TfLiteTensorCopyToBuffer")(tensor, bytes.data(),
                                                                           bytes.size());
    return bytes;
  }

 private:
  template <class Function>
  Function* call(const char* name) const {
    return library_.function<Function>(name);
  }

  Library library_;
  void* interpreter_ = nullptr;
  int (*invoke_)(void*) = nullptr;
};

}  // namespace

std::unique_ptr<Contender> tflite_contender(const std::filesystem::path& modules,
                                            const std::filesystem::path& model, bool xnnpack) {
  return std::make_unique<TfLite>(modules, model, xnnpack);
}

}  // namespace mote::bench
