/* The smallest firmware around a model: its linked size, less the same program without the model, is the
 * model's flash. With MOTE_EMPTY it is that program without the model. */
#ifdef MOTE_EMPTY
int main(void) { return 0; }
#else
#include "measured_model.h"

_Alignas(MEASURED_ARENA_ALIGN) unsigned char mote_arena[MEASURED_ARENA_BYTES];

int main(void) {
  MEASURED_RUN(mote_arena);
  return 0;
}
#endif
