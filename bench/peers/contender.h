// One network in one runtime, ready to be timed: what takes part in a side-by-side comparison.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "measure/measurement.h"

namespace mote::bench {

class Contender {
 public:
  virtual ~Contender() = default;
  // One inference on the contender's own fixed input.
  virtual void run() = 0;
  // Bytes of the first output, after run().
  virtual Bytes output() const = 0;
};

// The fixed pseudo-random input of every contender: bytes, or real numbers in [-1, 1].
Bytes input_bytes(std::size_t bytes, bool real);

// mote: the model simplified, planned and emitted for this computer, compiled and loaded.
std::unique_ptr<Contender> mote_contender(const std::filesystem::path& model);

// TensorFlow Lite's C library of the package tfjs-tflite-node, one thread; with XNNPACK or its own kernels.
std::unique_ptr<Contender> tflite_contender(const std::filesystem::path& modules,
                                            const std::filesystem::path& model, bool xnnpack);

// ONNX Runtime's C library of the package onnxruntime-node, one thread, all graph optimizations.
std::unique_ptr<Contender> onnx_runtime_contender(const std::filesystem::path& modules,
                                                  const std::filesystem::path& model);

// A library that stays loaded; throws UserError where it cannot be.
class Library {
 public:
  explicit Library(const std::filesystem::path& file);
  template <class Function>
  Function* function(const char* name) const {
    return reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;
  std::filesystem::path file_;
  void* handle_;
};

}  // namespace mote::bench
