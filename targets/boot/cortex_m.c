/* Start-up of Arm Cortex-M: vector table, floating-point or vector unit on, memory ready, main. The console
 * and the end of the simulation go through semihosting (Arm, "Semihosting for AArch32 and AArch64":
 * SYS_WRITE0, SYS_EXIT_EXTENDED). */
#include "start.h"

void mote_reset(void);
void mote_trap(void);

/* Armv6-M to v8.1-M: initial stack pointer, reset, and the fourteen system exceptions. */
__attribute__((section(".vectors"), used)) static const struct {
  const unsigned char* stack;
  void (*handlers[15])(void);
} mote_vectors = {mote_stack_top,
                  {mote_reset, mote_trap, mote_trap, mote_trap, mote_trap, mote_trap, mote_trap, 0, 0, 0,
                   mote_trap, mote_trap, 0, mote_trap, mote_trap}};

/* The stack may be what failed, so the handler begins with a fresh one. */
__attribute__((naked)) void mote_trap(void) {
  __asm__ volatile("ldr r0, =mote_stack_top\n\tmov sp, r0\n\tldr r0, =mote_fault\n\tbx r0\n\t.ltorg");
}

__attribute__((noreturn)) void mote_reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  /* CPACR, coprocessors 10 and 11: full access (Armv7-M Architecture Reference Manual, B3.2.20) */
  *(volatile uint32_t*)0xE000ED88u |= 0xFu << 20;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
  mote_prepare_memory();
  main();
  for (;;) {
  }
}

static int semihost(uint32_t operation, const void* argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return (int)r0;
}

void mote_device_print(const char* text) { semihost(0x04, text); }

void mote_device_exit(int code) {
  const uint32_t block[2] = {0x20026u /* ADP_Stopped_ApplicationExit */, (uint32_t)code};
  semihost(0x20, block);
}
