/* Attributes of the kernels. A kernel is a static function of the emitted file, one body for all layers that call it: inlining it
 * into each call would multiply the code. A step that kernels share is inlined into each of them. */
#ifndef MOTE_KERNEL_H
#define MOTE_KERNEL_H

#include <stdint.h>
#include <string.h>

#if defined(__clang__)
#define MOTE_KERNEL static __attribute__((noinline, unused))
#define MOTE_INLINE static inline __attribute__((always_inline, unused))
#elif defined(__GNUC__)
#define MOTE_KERNEL static __attribute__((noinline, noclone, unused))
#define MOTE_INLINE static inline __attribute__((always_inline, unused))
#else
#define MOTE_KERNEL static
#define MOTE_INLINE static inline
#endif

#endif
