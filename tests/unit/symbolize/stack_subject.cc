// A program that dies in the way that its argument says, and writes its stack as the agent captures
// one (stack_dump.h). Comments such as "[null]" mark lines that tests expect in stacks.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include "tests/unit/symbolize/stack_dump.h"

extern "C" void without_unwind_information(void (*next)());

namespace subject {
namespace {

using pyfault::test::StackDumpChunk;
using pyfault::test::StackDumpHead;

std::uint64_t stack_end = 0;

void say(const void* bytes, std::size_t size) {
  const char* rest = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t count = ::write(STDOUT_FILENO, rest, size);
    if (count <= 0) ::_exit(1);
    rest += count;
    size -= static_cast<std::size_t>(count);
  }
}

void say_chunk(std::uint64_t address, std::uint64_t end) {
  const StackDumpChunk chunk{address, end - address};
  say(&chunk, sizeof chunk);
  say(reinterpret_cast<const void*>(address), chunk.size);
}

void say_map() {
  static char text[65536];
  const int maps = ::open("/proc/self/maps", O_RDONLY);
  for (ssize_t size = 0; (size = ::read(maps, text, sizeof text)) > 0;) {
    say(text, static_cast<std::size_t>(size));
  }
}

// Where the stack can be read: above the guard page, if the stack has overflown.
std::uint64_t first_readable(std::uint64_t address) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) ::_exit(1);
  constexpr std::uint64_t kPage = 4096;
  while (::write(pipe_ends[1], reinterpret_cast<const void*>(address), 1) != 1) {
    address = (address / kPage + 1) * kPage;
  }
  return address;
}

void die(int, siginfo_t*, void* context) {
  const auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  constexpr std::uint64_t kRedZone = 128;
  const auto stack_pointer = static_cast<std::uint64_t>(registers[REG_RSP]);
  const std::uint64_t begin = first_readable((stack_pointer - kRedZone) & ~std::uint64_t{7});
  const std::uint64_t inner_end = std::min(stack_end, begin + pyfault::kInnermostStackBytes);
  const std::uint64_t outer = std::max(inner_end, stack_end - pyfault::kOutermostStackBytes);
  StackDumpHead head{{}, stack_end, outer < stack_end ? 2U : 1U};
  std::memcpy(head.registers, registers, sizeof head.registers);
  say(&head, sizeof head);
  say_chunk(begin, inner_end);
  if (outer < stack_end) say_chunk(outer, stack_end);
  say_map();
  ::_exit(0);
}

void prepare_to_die() {
  pthread_attr_t attributes;
  void* stack = nullptr;
  std::size_t size = 0;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &stack, &size);
  stack_end = reinterpret_cast<std::uint64_t>(stack) + size;

  stack_t alternate{};
  alternate.ss_size = std::size_t{64} << 10;
  alternate.ss_sp = std::malloc(alternate.ss_size);
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = die;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) ::sigaction(signal, &action, nullptr);
}

// Keeps a call in front of it from being the last thing that a function does.
void after_call() {
  asm volatile("");
}

// Null, but the compiler does not know.
template <typename T>
T unknown(T value) {
  asm volatile("" : "+r"(value));
  return value;
}

}  // namespace

[[gnu::always_inline]] inline void dereference(volatile int* pointer) {
  *pointer = 1;  // [null]
}

[[gnu::noinline]] void null_leaf() {
  dereference(unknown<int*>(nullptr));  // [null leaf]
}

// The code of a lambda is that of a function of a type within this function.
[[gnu::noinline]] void call_lambda() {
  void (*lambda)(int*) = [](int* pointer) {
    dereference(pointer);  // [lambda]
  };
  unknown(lambda)(unknown<int*>(nullptr));
  after_call();
}

[[gnu::noinline]] void call_nowhere(std::uintptr_t address) {
  unknown(reinterpret_cast<void (*)()>(address))();  // [call nowhere]
  after_call();
}

// Overwrites at most so many bytes of the stack from its return address on.
[[gnu::noinline]] void smash_return_address(std::size_t size) {
  auto* slot = static_cast<char*>(__builtin_frame_address(0)) + sizeof(void*);
  volatile char* bytes = unknown(slot);
  const std::size_t all = stack_end - reinterpret_cast<std::uint64_t>(slot);
  for (std::size_t at = 0; at < std::min(size, all); ++at) bytes[at] = 'A';
}

[[gnu::noinline]] void call_smasher(std::size_t size) {
  volatile char room[64] = {};  // overwritten in place of the callers' frames
  smash_return_address(size);
  after_call();
  room[0] = room[1];
}

[[gnu::noinline]] int recurse(int depth) {
  volatile char room[64] = {};
  if (unknown(depth) < 0) return 0;
  room[0] = static_cast<char>(recurse(depth + 1));  // [recursion]
  return room[0] + depth;
}

[[gnu::noinline]] void crash_in_vdso() {
  ::clock_gettime(CLOCK_REALTIME, unknown(reinterpret_cast<timespec*>(8)));
  after_call();
}

void crash_in_handler(int) {
  null_leaf();  // [in handler]
  after_call();
}

[[gnu::noinline]] void interrupted() {
  struct sigaction action {};
  action.sa_handler = crash_in_handler;
  ::sigaction(SIGUSR1, &action, nullptr);
  ::raise(SIGUSR1);
  after_call();
}

using Code = void (*)(void (*next)());

// Memory with machine code, as a compiler makes it at run time.
Code make_code(const unsigned char* code, std::size_t size) {
  void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memcpy(memory, code, size);
  ::mprotect(memory, 4096, PROT_READ | PROT_EXEC);
  return reinterpret_cast<Code>(memory);
}

void crash_below() {
  null_leaf();
  after_call();
}

[[gnu::noinline]] void through_trampoline() {
  // CPython's: sub $8, %rsp; call *%rdi (there: *%rcx); add $8, %rsp; ret
  constexpr unsigned char kCode[] = {0x48, 0x83, 0xec, 8, 0xff, 0xd7, 0x48, 0x83, 0xc4, 8, 0xc3};
  make_code(kCode, sizeof kCode)(crash_below);
  after_call();
}

[[gnu::noinline]] void through_compiled_code() {
  // push %rbp; mov %rsp, %rbp; sub $32, %rsp; call *%rdi; leave; ret
  constexpr unsigned char kCode[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x83,
                                     0xec, 32,   0xff, 0xd7, 0xc9, 0xc3};
  make_code(kCode, sizeof kCode)(crash_below);
  after_call();
}

[[gnu::noinline]] void run(std::string_view how) {
  if (how == "null") null_leaf();
  if (how == "lambda") call_lambda();
  if (how == "call null") call_nowhere(0);
  if (how == "wild call") call_nowhere(0xdeadbeef000);
  if (how == "smashed") call_smasher(48);
  if (how == "all smashed") call_smasher(SIZE_MAX);
  if (how == "overflow") recurse(0);
  if (how == "vdso") crash_in_vdso();
  if (how == "handler") interrupted();
  if (how == "trampoline") through_trampoline();
  if (how == "compiled") through_compiled_code();
  if (how == "frame pointer") without_unwind_information(crash_below);
  after_call();
}

void* run_thread(void* how) {
  prepare_to_die();
  run(static_cast<const char*>(how));
  return nullptr;
}

}  // namespace subject

int main(int argc, char** argv) {
  if (argc == 3) {
    pthread_t thread;
    pthread_create(&thread, nullptr, subject::run_thread, argv[1]);
    pthread_join(thread, nullptr);
  }
  subject::prepare_to_die();
  subject::run(argv[1]);  // [main]
  return 1;
}
