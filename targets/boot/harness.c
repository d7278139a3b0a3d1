/* Runs a model on samples that are linked into the image and reports over the console, one fact per line:
 *   output SAMPLE INDEX HEX...   64 bytes of an output tensor, in order
 *   stack BYTES                  deepest use of the stack by the first run (bare metal only)
 *   trace STEP OUTPUT HASH       with MOTE_TRACE: FNV-1a (32 bits) of each step's output, first sample only
 *   done | fault
 * measured_model.h and the samples are generated for each measurement. */
#include <stdint.h>
#include <string.h>

#include "device.h"
#include "measured_model.h"

extern const unsigned char mote_samples[];

#ifdef MOTE_HOSTED
#define MOTE_NOINIT
#else
#define MOTE_NOINIT __attribute__((section(".noinit")))
#endif

MOTE_NOINIT _Alignas(MEASURED_ARENA_ALIGN) unsigned char mote_arena[MEASURED_ARENA_BYTES];

/* The instruction counter stops where this function is entered. */
__attribute__((noipa)) void mote_measure_end(void);
void mote_measure_end(void) { __asm__ volatile("" ::: "memory"); }

static char line[192];
static unsigned long line_length;

static void put_text(const char* text) {
  while (*text != 0 && line_length < sizeof line - 2) line[line_length++] = *text++;
}

static void put_hex(uint32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    line[line_length++] = "0123456789abcdef"[(value >> shift) & 15u];
}

static void put_number(uint32_t value) {
  char digits[11];
  int first = 10;
  digits[10] = 0;
  do {
    digits[--first] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  line[line_length++] = ' ';
  put_text(digits + first);
}

static void end_line(void) {
  line[line_length] = '\n';
  line[line_length + 1] = 0;
  line_length = 0;
  mote_device_print(line);
}

static void print_output(uint32_t sample, uint32_t index, const unsigned char* data, unsigned long bytes) {
  for (unsigned long start = 0; start < bytes; start += 64) {
    put_text("output");
    put_number(sample);
    put_number(index);
    put_text(" ");
    for (unsigned long i = start; i < bytes && i < start + 64; ++i) put_hex(data[i], 2);
    end_line();
  }
}

void mote_fault(void) {
  line_length = 0;
  put_text("fault");
  end_line();
  mote_device_exit(99);
}

#ifdef MOTE_TRACE
void mote_trace(int step, int output, const void* data, unsigned long bytes, unsigned long offset,
                unsigned long total);

static int trace_wanted = 1;
static uint32_t trace_hashes[MEASURED_STEPS + 1]; /* of outputs that come row by row: those of one output */

void mote_trace(int step, int output, const void* data, unsigned long bytes, unsigned long offset,
                unsigned long total) {
  const unsigned char* byte = data;
  uint32_t hash = offset == 0 ? 2166136261u : trace_hashes[step];
  if (!trace_wanted) return;
  for (unsigned long i = 0; i < bytes; ++i) hash = (hash ^ byte[i]) * 16777619u;
  trace_hashes[step] = hash;
  if (offset + bytes < total) return;
  put_text("trace");
  put_number((uint32_t)step);
  put_number((uint32_t)output);
  put_text(" ");
  put_hex(hash, 8);
  end_line();
}
#endif

#ifdef MOTE_HOSTED
static void run(void) {
  MEASURED_RUN(mote_arena);
  mote_measure_end();
}
#else
#define MOTE_PAINT 0xC5A3F17Du

static uint32_t stack_bytes;

/* Paints all free stack below its own frame, runs, and looks for the deepest word that changed. */
static __attribute__((noipa)) void run(void) {
  uintptr_t top;
#ifdef __riscv
  __asm__ volatile("mv %0, sp" : "=r"(top)::"memory");
#else
  __asm__ volatile("mov %0, sp" : "=r"(top)::"memory");
#endif
  volatile uint32_t* const end = (volatile uint32_t*)top;
  volatile uint32_t* const begin = (volatile uint32_t*)(uintptr_t)mote_stack_limit;
  for (volatile uint32_t* word = begin; word < end; ++word) *word = MOTE_PAINT;
  MEASURED_RUN(mote_arena);
  mote_measure_end();
  volatile uint32_t* word = begin;
  if (*word != MOTE_PAINT) mote_fault(); /* the stack met the variables */
  while (word < end && *word == MOTE_PAINT) ++word;
  const uint32_t used = (uint32_t)((uintptr_t)end - (uintptr_t)word);
  if (used > stack_bytes) stack_bytes = used;
}
#endif

int main(void) {
  const unsigned char* sample_data = mote_samples;
  for (uint32_t sample = 0; sample < MEASURED_SAMPLES; ++sample) {
    /* a pattern instead of zeros: a model may not depend on what the arena held before */
    memset(mote_arena, 0xA5, sizeof mote_arena);
    for (unsigned i = 0; i < sizeof model_inputs / sizeof model_inputs[0]; ++i) {
#ifdef MEASURED_FEED
      measured_input = sample_data;
#else
      memcpy(mote_arena + model_inputs[i].offset, sample_data, model_inputs[i].bytes);
#endif
      sample_data += model_inputs[i].bytes;
    }
    run();
#ifdef MOTE_TRACE
    trace_wanted = 0;
#endif
    for (unsigned i = 0; i < sizeof model_outputs / sizeof model_outputs[0]; ++i)
      print_output(sample, i, mote_arena + model_outputs[i].offset, model_outputs[i].bytes);
  }
#ifndef MOTE_HOSTED
  put_text("stack");
  put_number(stack_bytes);
  end_line();
#endif
  put_text("done");
  end_line();
  mote_device_exit(0);
  return 0;
}
