/* What the start-up code of every kind of machine gives to the program that runs on it. */
#ifndef MOTE_DEVICE_H
#define MOTE_DEVICE_H

/* Writes a zero-terminated text to the console of the simulator. */
void mote_device_print(const char* text);
/* Ends the simulation with an exit code. */
void mote_device_exit(int code);
/* Called by the start-up code on a processor fault; the default waits for ever. */
void mote_fault(void);

#ifndef MOTE_HOSTED
/* Both ends of the stack, from the linker script: it grows down from the top to the limit. */
extern unsigned char mote_stack_limit[], mote_stack_top[];
#endif

#endif
