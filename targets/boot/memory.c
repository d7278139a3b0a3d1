/* The memory functions of <string.h> that emitted code and compilers call, for machines where no C library is
 * linked. Every function is in a section of its own, so an image carries only what it uses. Compile with
 * -fno-tree-loop-distribute-patterns: a compiler that recognizes these loops makes them call themselves. */
#include <stddef.h>
#include <stdint.h>

void* memcpy(void* restrict to, const void* restrict from, size_t count);
void* memmove(void* to, const void* from, size_t count);
void* memset(void* to, int value, size_t count);
int memcmp(const void* left, const void* right, size_t count);
int* __errno(void);

/* Four words at a time where both sides are word aligned; the may_alias type keeps the accesses legal. */
typedef uint32_t __attribute__((may_alias)) Word;

void* memcpy(void* restrict to, const void* restrict from, size_t count) {
  uint8_t* out = to;
  const uint8_t* in = from;
  if ((((uintptr_t)out | (uintptr_t)in) & 3u) == 0) {
    for (; count >= 16; count -= 16, out += 16, in += 16) {
      Word* o = (Word*)(void*)out;
      const Word* i = (const Word*)(const void*)in;
      const Word a = i[0], b = i[1], c = i[2], d = i[3];
      o[0] = a, o[1] = b, o[2] = c, o[3] = d;
    }
    for (; count >= 4; count -= 4, out += 4, in += 4) *(Word*)(void*)out = *(const Word*)(const void*)in;
  }
  while (count-- > 0) *out++ = *in++;
  return to;
}

void* memmove(void* to, const void* from, size_t count) {
  uint8_t* out = to;
  const uint8_t* in = from;
  if ((uintptr_t)out - (uintptr_t)in >= count) return memcpy(to, from, count);
  while (count-- > 0) out[count] = in[count];
  return to;
}

void* memset(void* to, int value, size_t count) {
  uint8_t* out = to;
  for (; count > 0 && ((uintptr_t)out & 3u) != 0; --count) *out++ = (uint8_t)value;
  const Word word = (uint8_t)value * 0x01010101u;
  for (; count >= 4; count -= 4, out += 4) *(Word*)(void*)out = word;
  while (count-- > 0) *out++ = (uint8_t)value;
  return to;
}

int memcmp(const void* left, const void* right, size_t count) {
  const uint8_t *a = left, *b = right;
  for (; count > 0; --count, ++a, ++b)
    if (*a != *b) return *a < *b ? -1 : 1;
  return 0;
}

/* Math libraries report range errors here; one word instead of the C library's whole state. */
int* __errno(void) {
  static int error;
  return &error;
}
