/* What decides how long an Arm Thumb instruction takes, read from its disassembly: which registers it reads,
 * writes and takes its address from, and what unit it needs. Then, from an instruction and its predecessor,
 * the events that a cycle model prices; docs/cycles.md gives the rules and their sources. */
#ifndef ARM_TIMING_H
#define ARM_TIMING_H

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum Event {
  kInstruction,
  kLoad,         /* a load that is not pipelined behind another one */
  kStoreIndexed, /* a store with register offset, not behind a load */
  kWord,         /* a register moved by LDM, STM, LDRD, STRD and the like */
  kDivide,
  kFloatAccumulate,
  kFloatDivide,  /* and square root */
  kInterlock,    /* waits for the register that the predecessor makes */
  kBranch,       /* taken */
  kBranchRefill, /* taken to a 32-bit instruction across a word boundary */
  kPaired,       /* issued in the same cycle as its predecessor */
  kFetchWait,    /* cycles spent waiting for flash: for instructions, for data */
  kDataWait,
  kEvents
};
static const char* const kEventNames[kEvents] = {
    "instruction", "load",   "store_indexed", "word",   "divide",     "float_accumulate", "float_divide",
    "interlock",   "branch", "branch_refill", "paired", "fetch_wait", "data_wait"};

enum Unit {
  kPlain,
  kMultiply,
  kSingleLoad,
  kSingleStore,
  kMultiple,
  kDivider,
  kFloatMac,
  kFloatDivider,
  kJump
};

struct Timing {
  enum Unit unit;
  uint32_t reads, writes, address; /* registers 0 to 15, one bit each */
  bool indexed;                    /* the address has a register offset */
  bool shifts;                     /* needs the shifter */
  unsigned words;                  /* of kMultiple */
};

static bool starts(const char* text, const char* prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The register at `text`, or -1; *next behind it. */
static int register_at(const char* text, const char** next) {
  static const char* const kNames[] = {"sb", "sl", "fp", "ip", "sp", "lr", "pc"};
  for (int i = 0; i < 7; ++i)
    if (starts(text, kNames[i]) && !isalnum((unsigned char)text[2])) return *next = text + 2, 9 + i;
  if (text[0] != 'r' || !isdigit((unsigned char)text[1])) return -1;
  int number = text[1] - '0';
  *next = text + 2;
  if (isdigit((unsigned char)text[2])) number = 10 * number + text[2] - '0', ++*next;
  return isalnum((unsigned char)**next) ? -1 : number;
}

static unsigned count_of(const char* text, char c) {
  unsigned count = 0;
  for (; *text != 0; ++text) count += *text == c;
  return count;
}

/* Registers of {..}: ranges are written out or as a-b. */
static unsigned list_words(const char* list, bool is_double) {
  unsigned words = 1 + count_of(list, ',');
  for (const char* dash = strchr(list, '-'); dash != NULL; dash = strchr(dash + 1, '-')) {
    const char* first = dash;
    while (first > list && isalnum((unsigned char)first[-1])) --first;
    const int low = atoi(first + 1), high = atoi(dash + 2);
    if (high > low) words += (unsigned)(high - low);
  }
  return is_double ? 2 * words : words;
}

static enum Unit unit_of(const char* m) {
  static const char* const kMultiplies[] = {"mul",  "mla",  "mls",  "smul",  "smla",  "smls",  "smml", "smm",
                                            "smu",  "umul", "umla", "umaal", "qadd",  "qsub",  "qd",   "sadd",
                                            "ssub", "uadd", "usub", "shadd", "uhadd", "usad",  "ssat", "usat",
                                            "sel",  "pkh",  "rev",  "sxtab", "sxtah", "uxtab", "uxtah"};
  if (starts(m, "ldrd") || starts(m, "strd") || starts(m, "ldm") || starts(m, "stm") || starts(m, "push") ||
      starts(m, "pop") || starts(m, "vldm") || starts(m, "vstm") || starts(m, "vpush") || starts(m, "vpop"))
    return kMultiple;
  if (starts(m, "ldr") || starts(m, "vldr") || starts(m, "tb")) return kSingleLoad;
  if (starts(m, "str") || starts(m, "vstr")) return kSingleStore;
  if (starts(m, "sdiv") || starts(m, "udiv")) return kDivider;
  if (starts(m, "vdiv") || starts(m, "vsqrt")) return kFloatDivider;
  if (starts(m, "vmla") || starts(m, "vmls") || starts(m, "vfm") || starts(m, "vfn") || starts(m, "vnml"))
    return kFloatMac;
  if (starts(m, "cb") || (m[0] == 'b' && !starts(m, "bic") && !starts(m, "bf") && !starts(m, "bk")))
    return kJump;
  for (size_t i = 0; i < sizeof kMultiplies / sizeof kMultiplies[0]; ++i)
    if (starts(m, kMultiplies[i])) return kMultiply;
  return kPlain;
}

/* From text such as "ldr r3, [r2, #4]". */
static struct Timing timing_of(const char* text) {
  char m[16] = {0};
  for (size_t i = 0; i + 1 < sizeof m && isgraph((unsigned char)text[i]); ++i) m[i] = text[i];
  const char* const operands = text + strlen(m);
  struct Timing t = {.unit = unit_of(m)};
  const bool stores = t.unit == kSingleStore || starts(m, "stm") || starts(m, "push") || starts(m, "strd");
  const bool makes_nothing =
      stores || t.unit == kJump || starts(m, "cm") || starts(m, "t") || starts(m, "it");
  const bool two_results = starts(m, "ldrd") || strstr(m, "mull") != NULL || strstr(m, "lal") != NULL ||
                           starts(m, "smlsld") || starts(m, "umaal");
  const bool lists = t.unit == kMultiple && strchr(operands, '{') != NULL;
  int position = 0;
  bool in_brackets = false, in_list = false;
  for (const char* p = operands; *p != 0;) {
    const char* next = p + 1;
    const int r = isalnum((unsigned char)p[-1]) ? -1 : register_at(p, &next);
    if (*p == '[') in_brackets = true;
    if (*p == ']') in_brackets = false;
    if (*p == '{') in_list = true;
    if (*p == ',' && !in_brackets) ++position;
    if (r >= 0) {
      const uint32_t bit = UINT32_C(1) << r;
      const bool result =
          !makes_nothing && !in_brackets && (lists ? in_list : position <= (two_results ? 1 : 0));
      if (result) t.writes |= bit;
      if (!result || (t.unit == kMultiply && two_results)) t.reads |= bit;
      if (in_brackets || (t.unit == kMultiple && !in_list && !in_brackets && lists)) {
        t.indexed = t.indexed || (t.address != 0 && in_brackets);
        t.address |= bit;
      }
    }
    p = next;
  }
  if (position == 1 && t.unit == kPlain && !starts(m, "mov") && !starts(m, "mvn")) t.reads |= t.writes;
  static const char* const kShifts[] = {", lsl #", ", lsr #", ", asr #", ", ror #"};
  for (int i = 0; i < 4; ++i) t.shifts |= strstr(operands, kShifts[i]) != NULL;
  t.shifts |=
      starts(m, "sxt") || starts(m, "uxt") || starts(m, "sbfx") || starts(m, "ubfx") || starts(m, "bf");
  const char* const list = strchr(operands, '{');
  if (t.unit == kMultiple) t.words = list == NULL ? 2 : list_words(list, list[1] == 'd');
  if (t.unit == kSingleLoad && starts(m, "vldr") && strstr(operands, "d") == operands + 1)
    t.unit = kMultiple, t.words = 2;
  if (t.unit == kSingleLoad && (t.writes & (UINT32_C(1) << 15)) != 0) t.unit = kMultiple, t.words = 1;
  return t;
}

/* Events of `t` behind `previous` (NULL at a branch target) on a core that issues one instruction at a time
 * and pipelines loads. events[] is incremented. */
static void single_issue_events(const struct Timing* t, const struct Timing* previous,
                                unsigned events[kEvents]) {
  const bool behind_load =
      previous != NULL && previous->unit == kSingleLoad && (previous->writes & t->address) == 0;
  if (t->unit == kSingleLoad && !behind_load) ++events[kLoad];
  if (t->unit == kSingleStore && t->indexed && !behind_load) ++events[kStoreIndexed];
  const bool computes = previous != NULL && (previous->unit == kPlain || previous->unit == kMultiply);
  if (computes && (previous->writes & t->address) != 0) ++events[kInterlock];
}

static bool moves_memory(const struct Timing* t) {
  return t->unit == kSingleLoad || t->unit == kSingleStore || t->unit == kMultiple;
}

/* May `t` issue together with its predecessor? */
static bool pairs(const struct Timing* previous, const struct Timing* t) {
  if ((previous->writes & (t->reads | t->address | t->writes)) != 0 || (previous->shifts && t->shifts))
    return false;
  if (previous->unit > kSingleStore || t->unit == kMultiple || t->unit == kMultiply) return false;
  if (t->unit == kDivider || t->unit == kFloatMac || t->unit == kFloatDivider) return false;
  const bool loads_both = previous->unit == kSingleLoad && t->unit == kSingleLoad;
  return loads_both || !moves_memory(previous) || !moves_memory(t);
}

/* The same for a core that issues two at a time; *free says whether the predecessor still has room beside it.
 */
static void dual_issue_events(const struct Timing* t, const struct Timing* previous, bool* free,
                              unsigned events[kEvents]) {
  const bool paired = previous != NULL && *free && pairs(previous, t);
  if (paired) ++events[kPaired];
  *free = !paired;
  if (previous != NULL && previous->unit == kSingleLoad && (previous->writes & (t->reads | t->address)) != 0)
    ++events[kInterlock];
}

#endif
