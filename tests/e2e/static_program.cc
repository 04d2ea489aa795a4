// An interpreter that nothing can be preloaded into, without an interpreter: statically linked, it
// dies.
int main() {
  const volatile int* volatile nowhere = nullptr;
  return *nowhere;
}
