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

static struct {
  pthread_mutex_t in_use; /* by one call */
  pthread_mutex_t lock;   /* of what follows */
  pthread_cond_t wake;
  pthread_t threads[MOTE_MOST_WORKERS];
  int32_t workers;
  int32_t ending;
  uint32_t round; /* of work */
  mote_part part;
  void* arena;
  int32_t count;
  int32_t pending; /* workers that have not ended the round */
} mote_pool = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {0}, 0, 0, 0, 0, 0, 0, 0};

/* Waits for a round after `seen`. */
static uint32_t mote_next_round(uint32_t seen) {
  uint32_t round = __atomic_load_n(&mote_pool.round, __ATOMIC_ACQUIRE);
  int32_t i;
  for (i = 0; i < MOTE_SPINS && round == seen; ++i)
    round = __atomic_load_n(&mote_pool.round, __ATOMIC_ACQUIRE);
  if (round != seen) return round;
  pthread_mutex_lock(&mote_pool.lock);
  while ((round = __atomic_load_n(&mote_pool.round, __ATOMIC_ACQUIRE)) == seen)
    pthread_cond_wait(&mote_pool.wake, &mote_pool.lock);
  pthread_mutex_unlock(&mote_pool.lock);
  return round;
}

static void mote_start_round(void) {
  pthread_mutex_lock(&mote_pool.lock);
  __atomic_store_n(&mote_pool.round, mote_pool.round + 1, __ATOMIC_RELEASE);
  pthread_cond_broadcast(&mote_pool.wake);
  pthread_mutex_unlock(&mote_pool.lock);
}

/* Worker i does part i + 1 of every round. */
static void* mote_worker(void* number) {
  const int32_t index = (int32_t)(intptr_t)number + 1;
  uint32_t seen = 0;
  for (;;) {
    seen = mote_next_round(seen);
    if (mote_pool.ending) return 0;
    if (index < mote_pool.count) mote_pool.part(mote_pool.arena, index);
    __atomic_fetch_sub(&mote_pool.pending, 1, __ATOMIC_RELEASE);
  }
}

static void mote_start_workers(void) {
  while (mote_pool.workers < MOTE_MOST_WORKERS &&
         pthread_create(&mote_pool.threads[mote_pool.workers], 0, mote_worker,
                        (void*)(intptr_t)mote_pool.workers) == 0)
    ++mote_pool.workers;
}

/* Where the network is a library, it may be unloaded. */
__attribute__((destructor)) static void mote_end_workers(void) {
  int32_t i;
  mote_pool.ending = 1;
  mote_start_round();
  for (i = 0; i < mote_pool.workers; ++i) pthread_join(mote_pool.threads[i], 0);
  mote_pool.workers = 0;
}

void MOTE_PARALLEL_FOR(mote_part part, void* arena, int32_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  int32_t i;
  pthread_once(&once, mote_start_workers);
  if (mote_pool.workers == 0 || pthread_mutex_trylock(&mote_pool.in_use) != 0) {
    for (i = 0; i < count; ++i) part(arena, i);
    return;
  }
  mote_pool.part = part;
  mote_pool.arena = arena;
  mote_pool.count = count;
  __atomic_store_n(&mote_pool.pending, mote_pool.workers, __ATOMIC_RELAXED);
  mote_start_round();
  part(arena, 0);
  for (i = mote_pool.workers + 1; i < count; ++i) part(arena, i); /* more parts than threads could start */
  for (i = 0; __atomic_load_n(&mote_pool.pending, __ATOMIC_ACQUIRE) != 0; ++i)
    if (i >= MOTE_SPINS) sched_yield();
  pthread_mutex_unlock(&mote_pool.in_use);
}
