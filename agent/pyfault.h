/* The C interface of the pyfault agent. The symbols are in every process that the watchdog watches
 * (LD_PRELOAD): find them with dlsym(RTLD_DEFAULT, "pyfault_dump"), or, in Python, with
 * ctypes.CDLL(None).pyfault_dump. */
#ifndef PYFAULT_H
#define PYFAULT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Records the stacks of all Python threads as a `dump` event, without stopping the program or
 * waiting for the watchdog. The calling thread comes first.
 *
 * Returns 0 when recorded, -1 when not: this process has no watchdog (any more), or can't tell it
 * (it has no descriptor left, or its sandbox forbids it), the ring is full, or a crash is being
 * recorded. Any thread, with or without the GIL; threads that run meanwhile may
 * be caught between two frames. Keeps errno and the signal mask. Not for signal handlers. */
int pyfault_dump(void);

#ifdef __cplusplus
}
#endif

#endif
