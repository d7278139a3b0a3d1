/* Runs the network "net" twice in an arena with canaries around it and other contents before. Exit code 0: the canaries survived
 * and both runs gave the same outputs. CLEAR_INPUTS sets every input to zero. */
#include <string.h>

#include "net.h"

static union {
  unsigned char bytes[NET_ARENA_BYTES + 128];
  double align[2];
} memory;

static unsigned char first[NET_OUTPUT_0_BYTES];

static int run(int fill) {
  unsigned i;
  unsigned char *arena = memory.bytes + 64;
  memset(memory.bytes, fill, sizeof memory.bytes);
  CLEAR_INPUTS
  net_run(arena);
  for (i = 0; i < 64; i++)
    if (memory.bytes[i] != fill || arena[NET_ARENA_BYTES + i] != fill) return 0;
  return 1;
}

int main(void) {
  const unsigned char *output = memory.bytes + 64 + NET_OUTPUT_0_OFFSET;
  if (!run(0xa5)) return 1;
  memcpy(first, output, sizeof first);
  if (!run(0x5a)) return 2;
  return memcmp(first, output, sizeof first) == 0 ? 0 : 3;
}
