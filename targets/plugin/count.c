/* QEMU plugin: exact counts of one function and of the steps it calls: instructions, and on Arm cores the
 * events that a cycle model prices (docs/cycles.md).
 *   -plugin
 * count.so,map=FILE,out=FILE[,issue=1|2,flash=BASE:BYTES,wait=CYCLES,line=BYTES,fetch=BYTES,data=BYTES] map:
 * lines "begin ADDRESS", "end ADDRESS", "step ADDRESS" (hexadecimal; steps in order). Counting starts at each
 * entry of begin and stops at the entry of end; an instruction belongs to the step entered last, before the
 * first one to step 0. out: a line "events NAME..." first; per counted stretch a line "total COUNT..." and a
 * line "step INDEX COUNT..." for each step, one count per event. issue: instructions per cycle of the core
 * whose events are counted (absent: only instructions are). flash: it is read in lines of `line` bytes, each
 * with `wait` wait states, through caches of `fetch` bytes for instructions and `data` bytes for data; while
 * a line runs, the next one is fetched. QEMU installs no header for plugins: the prototypes below are those
 * of its version 1 interface (QEMU 7.2). */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm_timing.h"

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t PluginId;
typedef uint32_t MemoryInfo;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
typedef void (*InstructionCallback)(unsigned cpu, void* data);
typedef void (*MemoryCallback)(unsigned cpu, MemoryInfo info, uint64_t address, void* data);
typedef void (*TranslationCallback)(PluginId id, struct qemu_plugin_tb* block);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* block);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb* block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn* instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn* instruction);
char* qemu_plugin_insn_disas(const struct qemu_plugin_insn* instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(PluginId id, TranslationCallback callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb* block, InstructionCallback callback,
                                          int flags, void* data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn* instruction,
                                            InstructionCallback callback, int flags, void* data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn* instruction, int operation,
                                                void* counter, uint64_t addend);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn* instruction, MemoryCallback callback,
                                      int flags, int access, void* data);
EXPORT int qemu_plugin_version = 1;

enum {
  kMaxSteps = 65536,
  kInlineAdd = 0,
  kNoRegisters = 0,
  kReadsAndWrites = 3,
  kWays = 4,
  kMaxLines = 8192
};

typedef uint64_t Counts[kEvents];

static uint64_t begin_address, end_address, step_address[kMaxSteps];
static Counts step_counts[kMaxSteps], executed, begun, since;
static size_t steps, current;
static bool counting, entered;
static FILE* out;

/* The core: 0 for plain counting. */
static unsigned issue;
static uint64_t flash_base, flash_bytes, line_bytes = 8, wait_states, expected;

struct Cache {
  uint64_t lines[kMaxLines], used[kMaxLines], clock;
  size_t sets;
};
static struct Cache fetches, data_reads;

/* A sequence of instructions that runs from its first to its last one. */
struct Block {
  uint64_t start, end;
  bool wide_start; /* its first instruction has 32 bits */
  uint64_t cycles; /* that it takes about, without waiting */
};

static bool in_flash(uint64_t address) { return address - flash_base < flash_bytes; }

/* True when the line of the address is in the cache; afterwards it is. Least recently used of a set goes. */
static bool look_up(struct Cache* cache, uint64_t address) {
  if (cache->sets == 0) return false;
  const uint64_t line = address / line_bytes + 1; /* 0: empty */
  const size_t first = (size_t)(line % cache->sets) * kWays;
  size_t victim = first;
  ++cache->clock;
  for (size_t i = first; i < first + kWays; ++i) {
    if (cache->lines[i] == line) {
      cache->used[i] = cache->clock;
      return true;
    }
    if (cache->used[i] < cache->used[victim]) victim = i;
  }
  cache->lines[victim] = line;
  cache->used[victim] = cache->clock;
  return false;
}

static void close_stretch(void) {
  for (int e = 0; e < kEvents; ++e) {
    if (steps > 0) step_counts[current][e] += executed[e] - since[e];
    since[e] = executed[e];
  }
}

static void on_begin(unsigned cpu, void* data) {
  (void)cpu, (void)data;
  counting = true, entered = false, current = 0;
  memcpy(begun, executed, sizeof begun);
  memcpy(since, executed, sizeof since);
  memset(step_counts, 0, steps * sizeof step_counts[0]);
}

static void print_counts(const Counts now, const Counts before) {
  for (int e = 0; e < kEvents; ++e) fprintf(out, " %" PRIu64, now[e] - (before == NULL ? 0 : before[e]));
  fputc('\n', out);
}

static void on_end(unsigned cpu, void* data) {
  (void)cpu, (void)data;
  if (!counting) return;
  close_stretch();
  counting = false;
  fputs("total", out);
  print_counts(executed, begun);
  for (size_t i = 0; i < steps; ++i) {
    fprintf(out, "step %zu", i);
    print_counts(step_counts[i], NULL);
  }
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

/* The line at hand arrives after the wait states, less what the line before it ran in the meantime where it
 * follows in sequence. */
static void fetch_lines(const struct Block* block, bool jumped) {
  const uint64_t lines = (block->end - 1) / line_bytes - block->start / line_bytes + 1;
  const uint64_t line_cycles = block->cycles / lines;
  for (uint64_t at = block->start / line_bytes * line_bytes; at < block->end; at += line_bytes) {
    const bool present = look_up(&fetches, at);
    const uint64_t hidden = !jumped && line_cycles > 0 ? line_cycles - 1 : 0;
    if (!present && hidden < wait_states) executed[kFetchWait] += wait_states - hidden;
    jumped = false;
  }
}

static void on_block(unsigned cpu, void* data) {
  (void)cpu;
  const struct Block* const block = data;
  const bool jumped = block->start != expected;
  expected = block->end;
  if (!counting) return;
  executed[kBranch] += jumped;
  executed[kBranchRefill] += jumped && block->wide_start && block->start % 4 != 0;
  if (in_flash(block->start)) fetch_lines(block, jumped);
}

static void on_read(unsigned cpu, MemoryInfo info, uint64_t address, void* data) {
  (void)cpu, (void)info, (void)data;
  if (counting && in_flash(address) && !look_up(&data_reads, address)) executed[kDataWait] += wait_states;
}

/* The events of one instruction, given its predecessor in the block. Gives about how many cycles it takes. */
static unsigned count_events(struct qemu_plugin_insn* instruction, struct Timing* previous,
                             bool* has_previous, bool* free_slot) {
  char* const text = qemu_plugin_insn_disas(instruction);
  if (text == NULL) return 1;
  const struct Timing timing = timing_of(text);
  free(text);
  unsigned events[kEvents] = {0};
  const struct Timing* const before = *has_previous ? previous : NULL;
  if (issue == 2)
    dual_issue_events(&timing, before, free_slot, events);
  else
    single_issue_events(&timing, before, events);
  events[kWord] += timing.words;
  events[kDivide] += timing.unit == kDivider;
  events[kFloatAccumulate] += timing.unit == kFloatMac;
  events[kFloatDivide] += timing.unit == kFloatDivider;
  for (int e = 1; e < kEvents; ++e)
    if (events[e] > 0)
      qemu_plugin_register_vcpu_insn_exec_inline(instruction, kInlineAdd, &executed[e], events[e]);
  /* QEMU 7.2 takes "reads only" the other way round */
  if (moves_memory(&timing))
    qemu_plugin_register_vcpu_mem_cb(instruction, on_read, kNoRegisters, kReadsAndWrites, NULL);
  *previous = timing;
  *has_previous = true;
  return 1 + events[kLoad] + events[kStoreIndexed] + events[kWord] + events[kInterlock] - events[kPaired];
}

static void on_translation(PluginId id, struct qemu_plugin_tb* block) {
  (void)id;
  const size_t count = qemu_plugin_tb_n_insns(block);
  struct Timing previous;
  bool has_previous = false, free_slot = true;
  uint64_t cycles = 0;
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
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, kInlineAdd, &executed[kInstruction], 1);
    if (issue > 0) cycles += count_events(instruction, &previous, &has_previous, &free_slot);
  }
  struct Block* const whole =
      issue > 0 ? malloc(sizeof *whole) : NULL; /* lives as long as QEMU's translation */
  if (whole == NULL) return;
  struct qemu_plugin_insn* const first = qemu_plugin_tb_get_insn(block, 0);
  struct qemu_plugin_insn* const last = qemu_plugin_tb_get_insn(block, count - 1);
  whole->start = qemu_plugin_insn_vaddr(first);
  whole->end = qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last);
  whole->cycles = cycles;
  whole->wide_start = qemu_plugin_insn_size(first) == 4;
  qemu_plugin_register_vcpu_tb_exec_cb(block, on_block, kNoRegisters, whole);
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

static void size_cache(struct Cache* cache, uint64_t bytes) {
  cache->sets = (size_t)(bytes / line_bytes / kWays);
  if (cache->sets > kMaxLines / kWays) cache->sets = kMaxLines / kWays;
}

EXPORT int qemu_plugin_install(PluginId id, const struct qemu_info* info, int argc, char** argv) {
  (void)info;
  int failed = 0;
  uint64_t fetch_bytes = 0, data_bytes = 0;
  for (int i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "map=", 4) == 0) failed |= read_map(argv[i] + 4);
    if (strncmp(argv[i], "out=", 4) == 0) out = fopen(argv[i] + 4, "w");
    if (strncmp(argv[i], "issue=", 6) == 0) issue = (unsigned)atoi(argv[i] + 6);
    if (strncmp(argv[i], "flash=", 6) == 0)
      failed |= sscanf(argv[i] + 6, "%" SCNu64 ":%" SCNu64, &flash_base, &flash_bytes) != 2;
    if (strncmp(argv[i], "wait=", 5) == 0) wait_states = strtoull(argv[i] + 5, NULL, 10);
    if (strncmp(argv[i], "line=", 5) == 0) line_bytes = strtoull(argv[i] + 5, NULL, 10);
    if (strncmp(argv[i], "fetch=", 6) == 0) fetch_bytes = strtoull(argv[i] + 6, NULL, 10);
    if (strncmp(argv[i], "data=", 5) == 0) data_bytes = strtoull(argv[i] + 5, NULL, 10);
  }
  if (failed != 0 || out == NULL || line_bytes == 0) return -1;
  size_cache(&fetches, fetch_bytes);
  size_cache(&data_reads, data_bytes);
  fputs("events", out);
  for (int e = 0; e < kEvents; ++e) fprintf(out, " %s", kEventNames[e]);
  fputc('\n', out);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
