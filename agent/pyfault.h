/* The C interface of the pyfault agent. The symbols exist in every process that the watchdog
 * watches (through LD_PRELOAD): look them up with dlsym(RTLD_DEFAULT, "pyfault_dump") or, in
 * Python, with ctypes.CDLL(None).pyfault_dump. */
#ifndef PYFAULT_H
#define PYFAULT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(*-identifier-naming,modernize-use-using): this is C. */

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

/* Begins to watch this process, which is running Python already, as LD_PRELOAD would have from its
 * start. The agent must have been loaded with dlopen() and RTLD_NODELETE. `address`: a value for
 * PYFAULT_SOCKET; null: that of the environment. `python`: a handle of dlopen() for the program or
 * library that contains the interpreter; null if its symbols are in the global scope. Once enabled,
 * both are ignored; after pyfault_disable() the process is watched again.
 *
 * Not for signal handlers, and not while another thread calls it or pyfault_disable().
 *
 * pyfault_disable(): from now on a fault takes its way as if the agent were not there. The watchdog
 * still sees the process end. Returns whether the process was watched. */
enum pyfault_enabled {
  PYFAULT_ENABLED = 0,        /* it is watched now, or was already */
  PYFAULT_NO_PYTHON = 1,      /* there is no CPython in this process */
  PYFAULT_NO_ADDRESS = 2,     /* neither an address nor PYFAULT_SOCKET, or it is too long */
  PYFAULT_UNKNOWN_PYTHON = 3, /* the agent does not know this version of CPython */
  PYFAULT_NO_WATCHDOG = 4,    /* no watchdog of root or of this user listens at the address */
  PYFAULT_NO_MEMORY = 5,
};
enum pyfault_enabled pyfault_enable(const char* address, void* python);
int pyfault_disable(void);

/* From now on a crash is recorded before CPython's faulthandler writes its report, which may never
 * end: whether faulthandler has been enabled already or will be. Otherwise, of its handler and the
 * agent's, the one that was installed last runs first. Does nothing if the process is not watched;
 * may be called where pyfault_enable() may. */
void pyfault_record_first(void);

/* What is watched in this process. */
struct pyfault_watch_state {
  int enabled;               /* crashes are recorded */
  int attached;              /* a watchdog reads the ring, or will read it */
  int preloaded;             /* the agent was there before the interpreter */
  int threads;               /* of this process */
  int threads_without_stack; /* threads whose stack overflow would leave no record */
};
void pyfault_status(struct pyfault_watch_state* state);

/* What the program says about itself, kept where it outlives the process, however it dies. Reports
 * of crashes, dumps and exits show it. Text is UTF-8 without a NUL at the end; what is too long is
 * truncated (shared/context.h has the limits). A forked child continues with its parent's.
 *
 * All of these may be called by any thread, but only by one at a time, and not by a signal handler.
 * They make no system call after the first one of a process. Those that return an int return 0, or
 * -1 if this process is not watched or there is no room.
 *
 * pyfault_annotate() sets the annotation `key`; a null `value` removes it. `tid` is the thread that
 * it holds for, or 0 for all threads. pyfault_breadcrumb() adds a line to the last 32 that are
 * kept. pyfault_heartbeat() says that the program makes progress. */
int pyfault_annotate(const char* key, size_t key_size, const char* value, size_t value_size,
                     int tid);
int pyfault_breadcrumb(const char* text, size_t size);
int pyfault_heartbeat(void);

/* Guards: as long as one is open in a thread, a fault of C code that Python has called there
 * (SIGSEGV, SIGBUS, SIGFPE, an overflown C stack) is recorded and then becomes an exception in the
 * Python code. The C code is cut off in the middle: what it has locked stays locked. Where that
 * cannot be right, the process dies as ever, and the record says why.
 *
 * `landing` runs in place of the C function that has faulted. It must take the GIL if the thread
 * does not hold it, set an exception and return null. A fault meanwhile ends the process.
 *
 * To be called with the GIL, which the thread holds by `thread_state` (a PyThreadState). Guards of
 * a thread may be nested, and must be left in the thread that has entered them. Entering returns 0,
 * or -1 if this process is not watched; then nothing is to be left. */
struct pyfault_fault {
  int signal;
  int has_address; /* whether the kernel tells which address was accessed */
  unsigned long long address;
  void* thread_state; /* of the Python code that has called the function */
  char report_id[33]; /* 32 hex digits; empty if the watchdog has made no report */
};
typedef void* (*pyfault_landing)(const struct pyfault_fault* fault);
struct pyfault_guard {
  void* thread_state;
  unsigned faults; /* of the thread, before */
  int call_depth;
};
int pyfault_guard_enter(struct pyfault_guard* guard, void* thread_state, pyfault_landing landing);
void pyfault_guard_leave(const struct pyfault_guard* guard);

/* What must not be cut off besides the C library's allocator, to be told before the first guard is
 * entered: the functions of another allocator, and the garbage collector. Of the latter, all
 * functions that are running are meant, up to `outermost`, when a tp_traverse calls
 * pyfault_guard_collector(). As long as it is not known, no fault during a collection becomes an
 * exception. */
void pyfault_guard_allocator(void* function);
void pyfault_guard_collector(void* outermost);

/* Returns how many faults have become exceptions in this process, and before the fork in its
 * parent. */
unsigned pyfault_guard_faults(void);

/* NOLINTEND(*-identifier-naming,modernize-use-using) */

#ifdef __cplusplus
}
#endif

#endif
