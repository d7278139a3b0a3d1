/* QEMU plugin: exact instruction counts of one function and of the steps it calls.
 *   -plugin count.so,map=FILE,out=FILE
 * map: lines "begin ADDRESS", "end ADDRESS", "step ADDRESS" (hexadecimal; steps in order). Counting starts at
 * each entry of begin and stops at the entry of end; an instruction belongs to the step entered last, before
 * the first one to step 0. out: per counted stretch a line "total COUNT" and a line "step INDEX COUNT" for
 * each step. QEMU installs no header for plugins: the prototypes below are those of its version 1 interface
 * (QEMU 7.2). */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t PluginId;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
typedef void (*InstructionCallback)(unsigned cpu, void* data);
typedef void (*TranslationCallback)(PluginId id, struct qemu_plugin_tb* block);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* block);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb* block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn* instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(PluginId id, TranslationCallback callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn* instruction,
                                            InstructionCallback callback, int flags, void* data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn* instruction, int operation,
                                                void* counter, uint64_t addend);
EXPORT int qemu_plugin_version = 1;

enum { kMaxSteps = 65536, kInlineAdd = 0, kNoRegisters = 0 };

static uint64_t begin_address, end_address, step_address[kMaxSteps], step_count[kMaxSteps];
static size_t steps, current;
static uint64_t executed, begun, since;
static bool counting, entered;
static FILE* out;

static void close_stretch(void) {
  if (steps > 0) step_count[current] += executed - since;
  since = executed;
}

static void on_begin(unsigned cpu, void* data) {
  (void)cpu, (void)data;
  counting = true, entered = false, current = 0;
  begun = since = executed;
  memset(step_count, 0, steps * sizeof step_count[0]);
}

static void on_end(unsigned cpu, void* data) {
  (void)cpu, (void)data;
  if (!counting) return;
  close_stretch();
  counting = false;
  fprintf(out, "total %" PRIu64 "\n", executed - begun);
  for (size_t i = 0; i < steps; ++i) fprintf(out, "step %zu %" PRIu64 "\n", i, step_count[i]);
  fflush(out);
}

/* Compilers may give steps of equal code one address: then the next such step in order is the one entered. */
static void on_step(unsigned cpu, void* data) {
  (void)cpu;
  const uint64_t address = step_address[(size_t)(uintptr_t)data];
  if (!counting) return;
  const size_t first = entered ? current + 1 : 0;
  if (entered) close_stretch();
  for (size_t i = 0; i < steps; ++i) {
    const size_t candidate = (first + i) % steps;
    if (step_address[candidate] == address) {
      current = candidate;
      break;
    }
  }
  entered = true;
}

static void on_translation(PluginId id, struct qemu_plugin_tb* block) {
  (void)id;
  const size_t count = qemu_plugin_tb_n_insns(block);
  for (size_t i = 0; i < count; ++i) {
    struct qemu_plugin_insn* const instruction = qemu_plugin_tb_get_insn(block, i);
    const uint64_t address = qemu_plugin_insn_vaddr(instruction);
    if (address == begin_address)
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_begin, kNoRegisters, NULL);
    if (address == end_address)
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_end, kNoRegisters, NULL);
    for (size_t step = 0; step < steps; ++step) {
      if (address != step_address[step]) continue;
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_step, kNoRegisters, (void*)(uintptr_t)step);
      break;
    }
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, kInlineAdd, &executed, 1);
  }
}

static int read_map(const char* path) {
  FILE* map = fopen(path, "r");
  char kind[16];
  uint64_t address;
  if (map == NULL) return -1;
  while (fscanf(map, "%15s %" SCNx64, kind, &address) == 2) {
    if (strcmp(kind, "begin") == 0)
      begin_address = address;
    else if (strcmp(kind, "end") == 0)
      end_address = address;
    else if (steps < kMaxSteps)
      step_address[steps++] = address;
  }
  fclose(map);
  return 0;
}

EXPORT int qemu_plugin_install(PluginId id, const struct qemu_info* info, int argc, char** argv) {
  (void)info;
  int failed = 0;
  for (int i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "map=", 4) == 0) failed |= read_map(argv[i] + 4);
    if (strncmp(argv[i], "out=", 4) == 0) out = fopen(argv[i] + 4, "w");
  }
  if (failed != 0 || out == NULL) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
