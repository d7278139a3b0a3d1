/* Start-up of a 32-bit RISC-V machine in M mode: stack and global pointer, traps to mote_fault, memory ready,
 * main. Console and exit go through semihosting, which RISC-V marks by three uncompressed instructions
 * (RISC-V Semihosting, section 2.1). */
#include "start.h"

void mote_begin(void);

/* mtvec is CSR 0x305; its low two bits zero mean that every trap goes to that address, hence the alignment.
 */
__asm__(
    ".section .vectors, \"ax\"\n"
    ".global mote_reset\n"
    "mote_reset:\n"
    ".option push\n.option norelax\n"
    "  la gp, __global_pointer$\n"
    ".option pop\n"
    "  la sp, mote_stack_top\n"
    "  la t0, mote_trap\n"
    "  csrw 0x305, t0\n"
    "  j mote_begin\n"
    ".balign 4\n"
    "mote_trap:\n"
    "  la sp, mote_stack_top\n" /* the stack may be what failed */
    "  j mote_fault\n"
    ".text\n");

__attribute__((noreturn, used)) void mote_begin(void) {
  mote_prepare_memory();
  main();
  for (;;) {
  }
}

static __attribute__((noinline)) int semihost(uint32_t operation, const void* argument) {
  register uint32_t a0 __asm__("a0") = operation;
  register const void* a1 __asm__("a1") = argument;
  __asm__ volatile(
      ".option push\n.option norvc\n.balign 16\n"
      "slli x0, x0, 0x1f\n"
      "ebreak\n"
      "srai x0, x0, 7\n"
      ".option pop\n"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return (int)a0;
}

void mote_device_print(const char* text) { semihost(0x04, text); }

void mote_device_exit(int code) {
  const uint32_t block[2] = {0x20026u /* ADP_Stopped_ApplicationExit */, (uint32_t)code};
  semihost(0x20, block);
}
