/* Threads of a network that was compiled for several: MOTE_PARALLEL_FOR(part, arena, count) calls part(arena,
 * i) for every i below count, at the same time where it can, and returns when all are done. The threads start
 * with the first call and end with the program. A call during another one runs its parts one by one: the
 * results are the same. Give a function of that name yourself, and leave this file out, to use other threads.
 */
#include <pthread.h>
#include <sched.h>

#define MOTE_MOST_WORKERS (MOTE_THREADS - 1)
#define MOTE_SPINS 20000 /* looks for work before a worker sleeps */

typedef void (*mote_part)(void* arena, int32_t index);

/* Parts are claimed one by one, by the caller too, so that a thread that another program keeps from running
 * holds up nothing. A ticket says which is next: the round in the upper 32 bits, the number of parts in the
 * next 16, the part in the last. */
static struct {
  pthread_mutex_t in_use; /* by one call */
  pthread_mutex_t lock;   /* of sleep */
  pthread_cond_t wake;
  pthread_t threads[MOTE_MOST_WORKERS];
  int32_t workers;
  uint64_t ticket;
  int32_t done;   /* parts of this round that workers have ended */
  int32_t ending; /* the threads */
  mote_part part; /* these two change only while no part is claimed and not done */
  void* arena;
} mote_pool = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {0}, 0, 0, 0, 0, 0, 0};

static uint64_t mote_ticket(void) { return __atomic_load_n(&mote_pool.ticket, __ATOMIC_ACQUIRE); }

/* Waits for a round after that of the ticket `seen`; its ticket. */
static uint64_t mote_next_round(uint64_t seen) {
  uint64_t ticket = mote_ticket();
  int32_t i;
  for (i = 0; i < MOTE_SPINS && ticket >> 32 == seen >> 32; ++i) ticket = mote_ticket();
  if (ticket >> 32 != seen >> 32) return ticket;
  pthread_mutex_lock(&mote_pool.lock);
  while ((ticket = mote_ticket()) >> 32 == seen >> 32) pthread_cond_wait(&mote_pool.wake, &mote_pool.lock);
  pthread_mutex_unlock(&mote_pool.lock);
  return ticket;
}

static void mote_start_round(int32_t parts) {
  const uint64_t round = (mote_ticket() >> 32) + 1;
  pthread_mutex_lock(&mote_pool.lock);
  __atomic_store_n(&mote_pool.ticket, round << 32 | (uint64_t)parts << 16, __ATOMIC_RELEASE);
  pthread_cond_broadcast(&mote_pool.wake);
  pthread_mutex_unlock(&mote_pool.lock);
}

/* The next part of the round of `ticket`, or -1 when none is left. */
static int32_t mote_claim(uint64_t ticket) {
  const uint64_t round = ticket >> 32;
  while (ticket >> 32 == round && (ticket & 0xffff) < (ticket >> 16 & 0xffff))
    if (__atomic_compare_exchange_n(&mote_pool.ticket, &ticket, ticket + 1, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
      return (int32_t)(ticket & 0xffff);
  return -1;
}

static void* mote_worker(void* unused) {
  uint64_t seen = 0;
  (void)unused;
  for (;;) {
    int32_t index;
    seen = mote_next_round(seen);
    if (__atomic_load_n(&mote_pool.ending, __ATOMIC_ACQUIRE)) return 0;
    while ((index = mote_claim(seen)) >= 0) {
      mote_pool.part(mote_pool.arena, index);
      __atomic_fetch_add(&mote_pool.done, 1, __ATOMIC_RELEASE);
    }
  }
}

static void mote_start_workers(void) {
  while (mote_pool.workers < MOTE_MOST_WORKERS &&
         pthread_create(&mote_pool.threads[mote_pool.workers], 0, mote_worker, 0) == 0)
    ++mote_pool.workers;
}

/* Where the network is a library, it may be unloaded. */
__attribute__((destructor)) static void mote_end_workers(void) {
  int32_t i;
  __atomic_store_n(&mote_pool.ending, 1, __ATOMIC_RELEASE);
  mote_start_round(0);
  for (i = 0; i < mote_pool.workers; ++i) pthread_join(mote_pool.threads[i], 0);
  mote_pool.workers = 0;
}

void MOTE_PARALLEL_FOR(mote_part part, void* arena, int32_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  int32_t own = 0;
  int32_t index;
  int32_t spins = 0;
  pthread_once(&once, mote_start_workers);
  if (mote_pool.workers == 0 || pthread_mutex_trylock(&mote_pool.in_use) != 0) {
    for (index = 0; index < count; ++index) part(arena, index);
    return;
  }
  mote_pool.part = part;
  mote_pool.arena = arena;
  __atomic_store_n(&mote_pool.done, 0, __ATOMIC_RELAXED);
  mote_start_round(count);
  for (; (index = mote_claim(mote_ticket())) >= 0; ++own) part(arena, index);
  while (__atomic_load_n(&mote_pool.done, __ATOMIC_ACQUIRE) < count - own)
    if (++spins > MOTE_SPINS) sched_yield();
  pthread_mutex_unlock(&mote_pool.in_use);
}
