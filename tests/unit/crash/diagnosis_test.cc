// Why a process died, from what the kernel reports. The numbers are those of real crashes.
#include "watchdog/crash/diagnosis.h"

#include <gmock/gmock.h>

#include <csignal>

namespace pyfault::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kMap[] =
    "55d0a0000000-55d0a0100000 r-xp 00000000 fe:01 11 /usr/bin/python3.11\n"
    "55d0a0200000-55d0a0300000 rw-p 00000000 00:00 0 [heap]\n"
    "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
    "7f0000001000-7f0000801000 rw-p 00000000 00:00 0 \n"
    "7f0000900000-7f0000a00000 r--p 00002000 fe:01 12 /usr/lib/libc.so.6\n"
    "7f0000b00000-7f0000b10000 rw-s 00001000 fe:01 13 /data/table.bin\n"
    "7ffd00000000-7ffd00800000 rw-p 00000000 00:00 0 [stack]\n";

constexpr std::uint64_t kCode = 0x55d0a0001000;
constexpr std::uint64_t kLibc = 0x7f0000900040;
constexpr std::uint64_t kThreadStack = 0x7f0000001000;
constexpr std::uint64_t kMainStack = 0x7ffd00000000;

// Bits of a page fault's error code.
constexpr std::uint64_t kRead = 4, kWrite = 6, kFetch = 0x14;

struct DiagnosisTest : testing::Test {
  DiagnosisTest() {
    set("rip", kCode);
    set("rsp", kMainStack + 0x700000);
  }

  void set(const std::string& name, std::uint64_t value) {
    for (Register& candidate : crash.registers) {
      if (candidate.name == name) return void(candidate.value = value);
    }
    crash.registers.push_back({name, value});
  }
  void raise(int number, int code) {
    crash.signal.number = number;
    crash.signal.code = code;
  }
  void page_fault(std::uint64_t address, std::uint64_t error, int code = SEGV_MAPERR,
                  int number = SIGSEGV) {
    raise(number, code);
    crash.signal.address = address;
    set("err", error);
    set("trapno", 14);
    set("cr2", address);
  }
  void jump_to(std::uint64_t address, int code = SEGV_MAPERR) {
    set("rip", address);
    page_fault(address, kFetch, code);
  }
  void general_protection(int number = SIGSEGV, std::uint64_t trap = 13) {
    raise(number, SI_KERNEL);
    set("err", 0);
    set("trapno", trap);
  }
  void execute(std::vector<std::uint8_t> code) {
    crash.instruction = Instruction{kCode, kCode, std::move(code)};
  }
  void say(LastWords::Source source, const char* type, const char* text) {
    raise(SIGABRT, SI_TKILL);
    crash.last_words = LastWords{source, type, text};
  }
  Frame frame(const char* function, std::uint64_t repeat = 0) {
    Frame result;
    result.file = "/srv/app.py";
    result.function = function;
    result.repeat = repeat;
    return result;
  }
  Thread& crashed_thread() {
    crash.threads.resize(1);
    crash.threads[0].crashed = true;
    return crash.threads[0];
  }

  std::optional<Diagnosis> diagnosis() const { return diagnose(crash, MemoryMap(map), file_size); }
  std::string kind() const { return diagnosis().value_or(Diagnosis{"none", ""}).kind; }
  std::string text() const { return diagnosis().value_or(Diagnosis{"none", ""}).text; }

  Crash crash;
  std::string map = kMap;
  std::optional<std::uint64_t> file_size;
};

TEST_F(DiagnosisTest, null_pointer_is_in_the_register_that_the_instruction_used) {
  page_fault(0x10, kRead);
  set("rax", 0);
  set("rdi", 0);
  execute({0x8b, 0x47, 0x10});  // mov 0x10(%rdi),%eax
  EXPECT_EQ(kind(), "null-pointer");
  EXPECT_EQ(text(), "it read through a null pointer in rdi, at offset 0x10");
}

TEST_F(DiagnosisTest, null_pointer_without_an_offset) {
  page_fault(0, kWrite);
  EXPECT_EQ(text(), "it wrote through a null pointer");
  set("rdi", 0);
  execute({0x89, 0x07});  // mov %eax,(%rdi)
  EXPECT_EQ(text(), "it wrote through a null pointer in rdi");
}

TEST_F(DiagnosisTest, null_pointer_whose_offset_was_added_before) {
  page_fault(0x10, kRead);
  set("rdi", 0x10);
  EXPECT_EQ(text(), "it read 0x10, a null pointer plus an offset; rdi holds that address");
  EXPECT_EQ(kind(), "null-pointer");
}

TEST_F(DiagnosisTest, null_pointer_without_registers) {
  page_fault(0x10, kRead);
  crash.registers.clear();
  map.clear();
  EXPECT_EQ(text(), "it accessed 0x10, a null pointer plus an offset");
}

TEST_F(DiagnosisTest, write_to_a_read_only_mapping_names_its_file) {
  page_fault(kLibc, 7, SEGV_ACCERR);
  set("rdi", kLibc);
  execute({0xf3, 0xaa});  // rep stosb
  EXPECT_EQ(kind(), "read-only-mapping");
  EXPECT_EQ(text(),
            "it wrote to 0x7f0000900040 in /usr/lib/libc.so.6, which is mapped read-only; the "
            "address was rdi");
}

TEST_F(DiagnosisTest, memory_without_any_rights) {
  page_fault(0x7f0000000010, kRead, SEGV_ACCERR);
  EXPECT_EQ(kind(), "inaccessible-mapping");
  EXPECT_EQ(text(), "it read 0x7f0000000010 in anonymous memory, which may not be accessed");
}

TEST_F(DiagnosisTest, rights_that_were_changed_since_explain_nothing) {
  page_fault(0x55d0a0200010, kWrite, SEGV_ACCERR);
  EXPECT_EQ(kind(), "none");
}

TEST_F(DiagnosisTest, execution_of_data) {
  jump_to(0x55d0a0200010, SEGV_ACCERR);
  EXPECT_EQ(kind(), "execute-data");
  EXPECT_EQ(text(), "it jumped to 0x55d0a0200010 in the heap, which is not executable");
}

TEST_F(DiagnosisTest, jump_to_null) {
  jump_to(0);
  EXPECT_EQ(kind(), "jump-to-null");
  EXPECT_THAT(text(), HasSubstr("it jumped to 0x0: a function pointer was null, or"));
}

TEST_F(DiagnosisTest, jump_to_nowhere) {
  jump_to(0xdeadbeef000);
  EXPECT_EQ(kind(), "jump-to-nowhere");
  EXPECT_EQ(text(), "it jumped to 0xdeadbeef000, where nothing is mapped");
  jump_to(0x55d0a01ff000);
  EXPECT_EQ(text(),
            "it jumped to 0x55d0a01ff000, where nothing is mapped; the nearest mapping, the heap, "
            "begins 0x1000 bytes above it");
}

TEST_F(DiagnosisTest, non_canonical_address_is_never_null) {
  general_protection();
  set("rdi", 0x4141414141414141);
  set("rbx", 0x9e3779b97f4a7c15);     // any number
  execute({0xc5, 0xfd, 0x74, 0x07});  // vpcmpeqb (%rdi),%ymm0,%ymm0
  EXPECT_EQ(kind(), "non-canonical");
  EXPECT_EQ(text(),
            "it accessed 0x4141414141414141 (as text, \"AAAAAAAA\"), which cannot be an address; "
            "the address was rdi");
}

TEST_F(DiagnosisTest, non_canonical_stack_pointer_is_a_bus_error) {
  general_protection(SIGBUS, 12);
  set("rsp", 0x4242424242424242);
  execute({0x53});  // push %rbx
  EXPECT_EQ(kind(), "non-canonical");
  EXPECT_THAT(text(), HasSubstr("the address was rsp - 0x8"));
}

TEST_F(DiagnosisTest, instruction_that_is_unknown_leaves_a_suspicion) {
  general_protection();
  set("rdi", 0x4141414141414141);
  EXPECT_EQ(kind(), "general-protection");
  EXPECT_EQ(text(), "the processor refused the instruction; rdi holds what cannot be an address");
  set("rdi", 1);
  EXPECT_EQ(kind(), "none");
}

TEST_F(DiagnosisTest, aligned_move_of_what_is_not_aligned) {
  general_protection();
  set("rbp", 0x7ffd00700008);
  execute({0x0f, 0x29, 0x45, 0xd0});  // movaps %xmm0,-0x30(%rbp)
  EXPECT_EQ(kind(), "misaligned-access");
  EXPECT_THAT(text(), HasSubstr("a multiple of 16; the address was rbp - 0x30"));
}

TEST_F(DiagnosisTest, overwritten_return_address) {
  general_protection();
  execute({0xc3});
  EXPECT_EQ(kind(), "overwritten-return-address");
}

TEST_F(DiagnosisTest, jump_to_what_is_no_address) {
  general_protection();
  set("rax", 0x4141414141414141);
  execute({0xff, 0xd0});  // call *%rax
  EXPECT_EQ(kind(), "jump-to-nowhere");
  EXPECT_THAT(text(), HasSubstr("which cannot be an address; it was in rax"));
}

TEST_F(DiagnosisTest, jump_through_memory_to_what_is_no_address) {
  general_protection();
  set("rax", 0x55d0a0200000);
  execute({0xff, 0x50, 0x18});  // call *0x18(%rax)
  EXPECT_EQ(kind(), "jump-to-nowhere");
  EXPECT_EQ(text(), "it jumped to what cannot be an address");
}

TEST_F(DiagnosisTest, privileged_instruction) {
  general_protection();
  execute({0xf4});
  EXPECT_EQ(kind(), "privileged-instruction");
}

TEST_F(DiagnosisTest, kernel_address) {
  page_fault(0xffffffff81000000, 5);
  set("rsi", 0xffffffff81000000);
  EXPECT_EQ(kind(), "kernel-address");
  EXPECT_EQ(text(), "it read 0xffffffff81000000, an address of the kernel; rsi holds that address");
}

TEST_F(DiagnosisTest, freed_or_never_mapped_memory_has_a_nearest_mapping) {
  page_fault(0x55d0a0300020, kRead);
  EXPECT_EQ(kind(), "not-mapped");
  EXPECT_EQ(text(),
            "it read 0x55d0a0300020, where nothing is mapped; the nearest mapping, the heap, ends "
            "0x20 bytes below it");
  page_fault(0x55d0a0300000, kRead);
  EXPECT_THAT(text(), HasSubstr("where nothing is mapped; the heap ends right below it"));
}

TEST_F(DiagnosisTest, what_has_been_mapped_there_since_does_not_matter) {
  page_fault(0x55d0a0200020, kRead);
  EXPECT_EQ(kind(), "not-mapped");
}

TEST_F(DiagnosisTest, access_that_crosses_the_end_of_a_mapping_began_before_it) {
  page_fault(0x55d0a0300000, kRead);
  set("rbx", 0x55d0a02ff000);
  execute({0x48, 0x8b, 0x83, 0xfc, 0x0f, 0, 0});  // mov 0xffc(%rbx),%rax
  EXPECT_THAT(text(), HasSubstr("; the access began at rbx + 0xffc; the heap ends right below it"));
}

TEST_F(DiagnosisTest, address_in_the_instruction_itself_came_from_no_register) {
  page_fault(0xffffffff81000000, 5);
  execute({0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0x81});  // mov 0xffffffff81000000,%rax
  EXPECT_EQ(text(), "it read 0xffffffff81000000, an address of the kernel");
}

TEST_F(DiagnosisTest, access_beyond_the_end_of_a_file) {
  page_fault(0x7f0000b02000, kRead, BUS_ADRERR, SIGBUS);
  file_size = 0x2800;
  EXPECT_EQ(kind(), "past-end-of-file");
  EXPECT_EQ(text(),
            "it read 0x7f0000b02000, offset 0x3000 of /data/table.bin, which has only 10240 bytes");
}

TEST_F(DiagnosisTest, page_of_a_file_that_is_long_enough_was_not_available) {
  page_fault(0x7f0000b02000, kRead, BUS_ADRERR, SIGBUS);
  EXPECT_EQ(kind(), "unavailable-page");
  file_size = 0x100000;
  EXPECT_EQ(kind(), "unavailable-page");
  EXPECT_THAT(text(), Not(HasSubstr("ends before")));
}

TEST_F(DiagnosisTest, the_rest_of_the_last_page_of_a_file_is_not_beyond_its_end) {
  page_fault(0x7f0000b02080, kRead, BUS_ADRERR, SIGBUS);
  file_size = 0x3001;
  EXPECT_EQ(kind(), "unavailable-page");
  file_size = 0x3000;
  EXPECT_EQ(kind(), "past-end-of-file");
}

TEST_F(DiagnosisTest, overflow_of_the_main_stack_names_the_recursion) {
  page_fault(kMainStack - 8, kWrite);
  set("rsp", kMainStack);
  crashed_thread().frames = {frame("down", 1499), frame("main")};
  EXPECT_EQ(kind(), "stack-overflow");
  EXPECT_EQ(text(), "the stack overflowed: down (app.py) calls itself, 1501 Python frames deep");
}

TEST_F(DiagnosisTest, overflow_of_a_threads_stack_hits_its_guard_page) {
  page_fault(kThreadStack - 0x100, kWrite, SEGV_ACCERR);
  set("rsp", kThreadStack - 0xf0);
  EXPECT_EQ(text(), "the stack overflowed");
}

TEST_F(DiagnosisTest, mutual_recursion_names_all_that_take_part) {
  page_fault(kMainStack - 8, kWrite);
  set("rsp", kMainStack);
  Thread& thread = crashed_thread();
  for (int i = 0; i < 20; ++i) {
    thread.frames.push_back(frame("visit"));
    thread.frames.push_back(frame("visit_list"));
  }
  thread.frames.push_back(frame("main"));
  EXPECT_THAT(text(), HasSubstr("visit (app.py) and visit_list (app.py) call each other, 41 "));
}

TEST_F(DiagnosisTest, recursion_in_native_code_is_found_in_the_native_frames) {
  page_fault(kMainStack - 8, kWrite);
  set("rsp", kMainStack);
  Thread& thread = crashed_thread();
  thread.frames = {frame("main")};
  StackEntry entry;
  entry.native.module = "/usr/lib/natx.so";
  entry.native.function = "overflow.constprop.0";
  crash.diagnosis = diagnosis();
  EXPECT_EQ(crash.diagnosis->text, "the stack overflowed");
  thread.stack.assign(100, entry);
  diagnose_native_recursion(crash);
  EXPECT_EQ(crash.diagnosis->text, "the stack overflowed: overflow (natx.so) calls itself");
}

TEST_F(DiagnosisTest, recursion_in_native_code_explains_nothing_but_an_overflow) {
  page_fault(0, kRead);
  crash.diagnosis = diagnosis();
  diagnose_native_recursion(crash);
  EXPECT_EQ(crash.diagnosis->kind, "null-pointer");
  EXPECT_EQ(crash.diagnosis->text, "it read through a null pointer");
  crash.diagnosis.reset();
  diagnose_native_recursion(crash);
  EXPECT_FALSE(crash.diagnosis);
}

TEST_F(DiagnosisTest, guard_page_far_from_the_stack_pointer_is_no_overflow) {
  page_fault(kThreadStack - 0x100, kWrite, SEGV_ACCERR);
  EXPECT_EQ(kind(), "inaccessible-mapping");
}

TEST_F(DiagnosisTest, below_the_stack_pointer_of_a_stack_with_room_is_no_overflow) {
  page_fault(0x7f0000850000, kWrite);
  set("rsp", 0x7f0000850008);
  EXPECT_EQ(kind(), "not-mapped");
}

TEST_F(DiagnosisTest, division_by_zero_names_the_divisor) {
  raise(SIGFPE, FPE_INTDIV);
  set("rcx", 0xabc00000000);
  execute({0xf7, 0xf9});  // idiv %ecx
  EXPECT_EQ(kind(), "integer-division");
  EXPECT_EQ(text(), "it divided an integer by zero, which was in ecx");
}

TEST_F(DiagnosisTest, division_of_the_smallest_integer_is_not_by_zero) {
  raise(SIGFPE, FPE_INTDIV);
  set("rcx", 0xffffffff);
  execute({0xf7, 0xf9});
  EXPECT_EQ(text(),
            "it divided an integer, and the quotient was too large; the divisor, in ecx, was -1");
}

TEST_F(DiagnosisTest, division_by_what_is_in_memory) {
  raise(SIGFPE, FPE_INTDIV);
  EXPECT_EQ(text(), "it divided an integer by zero, or the quotient was too large");
}

TEST_F(DiagnosisTest, undefined_instruction) {
  raise(SIGILL, ILL_ILLOPN);
  execute({0x0f, 0x0b});
  EXPECT_EQ(kind(), "undefined-instruction");
  EXPECT_THAT(text(), HasSubstr("ud2"));
  execute({0x62, 0xd1, 0xfe, 0x48, 0x6f, 0x49, 0x01});
  EXPECT_THAT(text(), HasSubstr("with the bytes 62 d1 fe 48 6f 49 01"));
}

TEST_F(DiagnosisTest, breakpoint) {
  raise(SIGTRAP, SI_KERNEL);
  set("trapno", 3);
  EXPECT_EQ(kind(), "breakpoint");
}

TEST_F(DiagnosisTest, signal_that_was_sent_is_no_fault) {
  page_fault(0, kRead);
  raise(SIGSEGV, SI_USER);
  EXPECT_EQ(kind(), "none");
  raise(SIGSEGV, SI_TKILL);
  EXPECT_EQ(kind(), "none");
}

TEST_F(DiagnosisTest, heap_corruption_in_libcs_words) {
  say(LastWords::Source::kLibc, "", "double free or corruption (fasttop)");
  EXPECT_EQ(kind(), "heap-corruption");
  EXPECT_EQ(text(), "the C library found the heap corrupted: double free or corruption (fasttop)");
  for (const char* words :
       {"free(): invalid pointer", "corrupted size vs. prev_size",
        "malloc(): invalid size (unsorted)", "munmap_chunk(): invalid pointer"}) {
    say(LastWords::Source::kLibc, "", words);
    EXPECT_EQ(kind(), "heap-corruption") << words;
  }
}

TEST_F(DiagnosisTest, other_messages_of_libc) {
  say(LastWords::Source::kLibc, "", "python3: a.c:7: f: Assertion `x > 0' failed.");
  EXPECT_EQ(kind(), "assertion");
  EXPECT_THAT(text(), HasSubstr("Assertion `x > 0' failed."));
  say(LastWords::Source::kLibc, "", "*** stack smashing detected ***: terminated");
  EXPECT_EQ(kind(), "stack-smashing");
  say(LastWords::Source::kLibc, "", "*** buffer overflow detected ***: terminated");
  EXPECT_EQ(kind(), "buffer-overflow");
  say(LastWords::Source::kLibc, "", "The futex facility returned an unexpected error code.");
  EXPECT_EQ(kind(), "fatal-error");
}

TEST_F(DiagnosisTest, assertion_about_a_double_free_is_an_assertion) {
  say(LastWords::Source::kLibc, "", "a: a.c:7: f: Assertion `!\"double free\"' failed.");
  EXPECT_EQ(kind(), "assertion");
}

TEST_F(DiagnosisTest, exception_that_nothing_caught) {
  say(LastWords::Source::kException, "std::runtime_error", "no table");
  EXPECT_EQ(kind(), "c++-exception");
  EXPECT_EQ(text(), "a C++ exception was not caught: std::runtime_error: no table");
  say(LastWords::Source::kException, "int", "");
  EXPECT_EQ(text(), "a C++ exception was not caught: int");
}

TEST_F(DiagnosisTest, fatal_error_of_the_interpreter) {
  say(LastWords::Source::kPython, "", "_PyThreadState_Get: the GIL is released");
  EXPECT_EQ(kind(), "fatal-error");
}

TEST_F(DiagnosisTest, what_was_last_on_stderr_may_be_about_something_else) {
  say(LastWords::Source::kStderr, "", "WARNING: slow");
  EXPECT_EQ(kind(), "none");
}

TEST_F(DiagnosisTest, long_words_are_cut) {
  say(LastWords::Source::kLibc, "", std::string(4000, 'x').c_str());
  EXPECT_LT(text().size(), 600U);
}

TEST_F(DiagnosisTest, dump_needs_no_diagnosis) {
  page_fault(0, kRead);
  crash.kind = CrashKind::kDump;
  EXPECT_EQ(kind(), "none");
}

TEST_F(DiagnosisTest, without_registers_and_map_only_the_address_speaks) {
  page_fault(0x55d0a0300020, kRead);
  crash.registers.clear();
  map.clear();
  EXPECT_EQ(text(), "it accessed 0x55d0a0300020, where nothing is mapped");
}

}  // namespace
}  // namespace pyfault::test
