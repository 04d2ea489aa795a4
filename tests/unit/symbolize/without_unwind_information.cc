// Code that nothing describes, but that has a frame pointer.
extern "C" void without_unwind_information(void (*next)());

extern "C" [[gnu::noinline]] void without_unwind_information(void (*next)()) {
  next();
  asm volatile("");
}
