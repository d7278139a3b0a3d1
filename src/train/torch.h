// The one place that includes LibTorch: tensors, automatic differentiation and custom autograd functions. Its
// whole umbrella header takes three times as long to compile. Included by .cpp files and internal headers of
// train/ and compress/finetune/ only (tools/include_ranks.sh).
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/grad_mode.h>
#include <torch/types.h>
