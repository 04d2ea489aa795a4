// A statically linked program, into which nothing can be preloaded and which is no interpreter. It
// dies after as many seconds as its first argument says.
#include <unistd.h>

#include <cstdlib>

int main(int argc, char** argv) {
  if (argc > 1) ::sleep(static_cast<unsigned>(std::atoi(argv[1])));
  const volatile int* volatile nowhere = nullptr;
  return *nowhere;
}
