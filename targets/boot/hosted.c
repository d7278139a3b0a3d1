/* Console and exit where an operating system and a C library exist: the host, and user-mode simulation. */
#include <stdio.h>
#include <stdlib.h>

#include "device.h"

void mote_device_print(const char* text) { fputs(text, stdout); }

void mote_device_exit(int code) {
  fflush(stdout);
  exit(code);
}
