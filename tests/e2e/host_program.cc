// A program that sets a crash handler and only then loads Python, as a web server with an embedded
// interpreter does. The handler restores the default action and sends the signal to the whole
// process.
// Usage: host_program LIBPYTHON SCRIPT
#include <dlfcn.h>
#include <unistd.h>

#include <csignal>

namespace {

void give_up(int signal) {
  std::signal(signal, SIG_DFL);
  ::kill(::getpid(), signal);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  struct sigaction action {};
  action.sa_handler = give_up;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGSEGV, &action, nullptr);
  void* python = ::dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
  if (python == nullptr) return 2;
  const auto run = reinterpret_cast<int (*)(int, char**)>(::dlsym(python, "Py_BytesMain"));
  return run(argc - 1, argv + 1);
}
