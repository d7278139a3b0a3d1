/* The part of the start that all bare-metal machines share: memory is made ready, then main runs for ever. */
#ifndef MOTE_START_H
#define MOTE_START_H

#include <stdint.h>

#include "device.h"

extern uint32_t mote_data_begin[], mote_data_end[], mote_bss_begin[], mote_bss_end[];
extern const uint32_t mote_data_image[];
extern int main(void);

__attribute__((weak)) void mote_fault(void) {
  for (;;) {
  }
}

/* The volatile pointers keep the compiler from turning the loops into calls of memcpy and memset. */
static inline void mote_prepare_memory(void) {
  const uint32_t* from = mote_data_image;
  for (volatile uint32_t* to = mote_data_begin; to < mote_data_end;) *to++ = *from++;
  for (volatile uint32_t* to = mote_bss_begin; to < mote_bss_end;) *to++ = 0;
}

#endif
