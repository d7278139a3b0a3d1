#include "plan/kernel.h"

namespace mote {

#define MOTE_KERNEL(op, name, file, feature, bind) BindResult bind(const BindContext&);
#define MOTE_PACKED_KERNEL(op, name, file, feature, bind) BindResult bind(const BindContext&);
#include "../../kernels/c/kernels.inc"
#undef MOTE_KERNEL
#undef MOTE_PACKED_KERNEL

std::span<const KernelRow> kernel_table() {
#define MOTE_KERNEL(op, name, file, feature, bind) {op, name, file, feature, &bind},
#define MOTE_PACKED_KERNEL(op, name, file, feature, bind) {op, name, file, feature, &bind, true},
  static constexpr KernelRow kRows[] = {
#include "../../kernels/c/kernels.inc"
  };
#undef MOTE_KERNEL
#undef MOTE_PACKED_KERNEL
  return kRows;
}

}  // namespace mote
