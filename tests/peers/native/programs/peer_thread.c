// Calls a function from a thread that only C knows.
#include <pthread.h>
#include <stddef.h>

#define VISIBLE __attribute__((noinline, visibility("default")))

volatile int steps;  // work behind each call, so that none is the last thing its function does

VISIBLE void run(void (*function)(void)) {
  function();
  ++steps;
}

VISIBLE void* begin_thread(void* function) {
  run((void (*)(void))function);
  ++steps;
  return NULL;
}

VISIBLE void call_from_another_thread(void (*function)(void)) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, begin_thread, (void*)function) == 0) pthread_join(thread, NULL);
}
