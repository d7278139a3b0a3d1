#include "plan/kernel.h"

namespace mote {

#define MOTE_KERNEL(op, name, file, feature, bind) BindResult bind(const BindContext&);
#include "../../kernels/c/kernels.inc"
#undef MOTE_KERNEL

std::span<const KernelRow> kernel_table() {
#define MOTE_KERNEL(op, name, file, feature, bind) {op, name, file, feature, &bind},
  static constexpr KernelRow kRows[] = {
#include "../../kernels/c/kernels.inc"
  };
#undef MOTE_KERNEL
  return kRows;
}

}  // namespace mote
