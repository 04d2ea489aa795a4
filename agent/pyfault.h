/* The C interface of the pyfault agent. The symbols exist in every process that the watchdog
 * watches (through LD_PRELOAD): look them up with dlsym(RTLD_DEFAULT, "pyfault_dump") or, in
 * Python, with ctypes.CDLL(None).pyfault_dump. */
#ifndef PYFAULT_H
#define PYFAULT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Records the stacks of all Python threads as a `dump` event, without stopping the program. The
 * calling thread comes first. If native stacks are wanted, it waits until the watchdog has looked
 * at those of the other threads, for at most half a second.
 *
 * Returns 0 if the dump was recorded, -1 if not: this process has no watchdog (any more) or cannot
 * notify it (no descriptor is free, or a sandbox forbids it), the ring is full, a crash is being
 * recorded, or another dump does not finish within about a second.
 *
 * May be called by any thread, with or without the GIL, but not by a signal handler. Threads that
 * run meanwhile may be captured between two frames. Preserves errno and the signal mask. */
int pyfault_dump(void);

#ifdef __cplusplus
}
#endif

#endif
