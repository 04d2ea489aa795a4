// What a debugger must find in a minidump.
#include "watchdog/minidump/minidump.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/ucontext.h>

#include <csignal>
#include <cstring>
#include <string>

#include "tests/support/minidump_file.h"

namespace pyfault {
namespace {

using minidump::StreamType;
using test::MinidumpFile;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::uint64_t kStack = 0x7ffd00001000;

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

CapturedStack stack_of(std::string_view text, std::uint64_t address = kStack) {
  CapturedStack stack;
  for (std::size_t index = 0; index < kRegisterCount; ++index) stack.registers[index] = 100 + index;
  stack.registers[REG_CSGSFS] = 0x002b'0000'0000'0033;
  stack.chunks.push_back({address, bytes_of(text)});
  return stack;
}

class MinidumpTest : public testing::Test {
 protected:
  MinidumpTest() {
    crash_.id = "0123456789abcdef0123456789abcdef";
    crash_.tid = 1234;
    crash_.realtime_ns = 1795419610123456789;
    crash_.signal.number = SIGSEGV;
    crash_.signal.code = 1;
    crash_.signal.address = 0x10;
    crash_.threads.resize(1);
    crash_.threads[0].tid = 1234;
    crash_.threads[0].name = "MainThread";
  }

  void add_thread(int tid, std::string_view text, std::uint64_t address) {
    others_.push_back(stack_of(text, address));
    threads_.push_back({tid, nullptr, true});
  }

  std::string bytes() {
    for (std::size_t index = 0; index < others_.size(); ++index) {
      threads_[index + 1].stack = &others_[index];
    }
    const auto bytes = write_minidump({crash_, 1234, threads_, map_, modules_, environment_});
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  MinidumpFile write() { return MinidumpFile(bytes()); }

  std::vector<std::string> memory() {
    const MinidumpFile file = write();
    std::vector<std::string> memory;
    for (const auto& range : file.list<minidump::MemoryRange>(StreamType::kMemoryList)) {
      memory.push_back(file.bytes(range.bytes));
    }
    return memory;
  }
  // The paths of its modules.
  std::vector<std::string> modules() {
    const MinidumpFile file = write();
    std::vector<std::string> paths;
    for (const auto& module : file.list<minidump::Module>(StreamType::kModuleList)) {
      paths.push_back(file.text(module.name));
    }
    return paths;
  }

  Crash crash_;
  CapturedStack stack_ = stack_of("the stack of the faulting thread");
  std::vector<CapturedStack> others_;
  std::vector<ThreadInMinidump> threads_ = {{1234, &stack_}};
  MemoryMap map_;
  std::vector<Module> modules_;
  std::uint64_t environment_ = 0;
};

TEST_F(MinidumpTest, begins_as_the_format_demands) {
  EXPECT_THAT(bytes(), StartsWith("MDMP\x93\xa7"));
  EXPECT_EQ(write().header().time, 1795419610U);
}

TEST_F(MinidumpTest, the_exception_is_the_signal) {
  const auto exception = write().stream<minidump::Exception>(StreamType::kException);
  EXPECT_EQ(exception.thread, 1234U);
  EXPECT_EQ(exception.code, unsigned{SIGSEGV});
  EXPECT_EQ(exception.flags, 1U);
  EXPECT_EQ(exception.address, 0x10U);
}

TEST_F(MinidumpTest, each_register_is_in_its_place) {
  const MinidumpFile file = write();
  const auto exception = file.stream<minidump::Exception>(StreamType::kException);
  const minidump::Context context = file.context(exception.context);
  EXPECT_EQ(context.flags, minidump::kHasControl | minidump::kHasIntegers);
  EXPECT_EQ(context.rip, 100U + REG_RIP);
  EXPECT_EQ(context.rsp, 100U + REG_RSP);
  EXPECT_EQ(context.rax, 100U + REG_RAX);
  EXPECT_EQ(context.rdi, 100U + REG_RDI);
  EXPECT_EQ(context.r8_to_r15[0], 100U + REG_R8);
  EXPECT_EQ(context.r8_to_r15[7], 100U + REG_R15);
  EXPECT_EQ(context.eflags, 100U + REG_EFL);
  EXPECT_EQ(context.cs, 0x33);
  EXPECT_EQ(context.ss, 0x2b);
}

TEST_F(MinidumpTest, the_stack_is_that_of_the_thread) {
  const MinidumpFile file = write();
  const auto threads = file.list<minidump::Thread>(StreamType::kThreadList);
  ASSERT_THAT(threads, SizeIs(1));
  EXPECT_EQ(threads[0].stack.address, kStack);
  EXPECT_EQ(file.bytes(threads[0].stack.bytes), "the stack of the faulting thread");
}

TEST_F(MinidumpTest, all_threads_have_their_stacks_and_the_registers_that_are_known) {
  add_thread(1240, "another", 0x7f0000000000);
  const MinidumpFile file = write();
  const auto threads = file.list<minidump::Thread>(StreamType::kThreadList);
  ASSERT_THAT(threads, SizeIs(2));
  EXPECT_EQ(threads[1].id, 1240U);
  EXPECT_EQ(file.bytes(threads[1].stack.bytes), "another");
  EXPECT_EQ(file.context(threads[1].context).flags, minidump::kHasControl);
  EXPECT_EQ(file.context(threads[1].context).rip, 100U + REG_RIP);
  EXPECT_EQ(file.context(threads[1].context).rax, 0U);
  EXPECT_THAT(memory(), ElementsAre("the stack of the faulting thread", "another"));
}

TEST_F(MinidumpTest, both_ends_of_a_large_stack_are_there) {
  stack_.chunks.push_back({kStack + 0x100000, bytes_of("outermost")});
  EXPECT_THAT(memory(), ElementsAre("the stack of the faulting thread", "outermost"));
}

TEST_F(MinidumpTest, the_environment_is_left_out) {
  stack_ = stack_of("frames, arguments, PASSWORD=secret");
  environment_ = kStack + std::strlen("frames, arguments, ");
  EXPECT_THAT(memory(), ElementsAre("frames, arguments, "));
  EXPECT_THAT(bytes(), Not(HasSubstr("PASSWORD")));
}

TEST_F(MinidumpTest, an_environment_elsewhere_changes_nothing) {
  for (const std::uint64_t elsewhere : {kStack - 1, kStack + stack_.chunks[0].bytes.size()}) {
    environment_ = elsewhere;
    EXPECT_THAT(memory(), ElementsAre("the stack of the faulting thread"));
  }
}

TEST_F(MinidumpTest, the_code_that_faulted_is_there_unless_it_is_on_the_stack) {
  crash_.instruction = Instruction{0x401002, 0x401000, {'c', 'o', 'd', 'e'}};
  EXPECT_THAT(memory(), ElementsAre("the stack of the faulting thread", "code"));
  crash_.instruction->bytes_address = kStack - 2;
  EXPECT_THAT(memory(), ElementsAre("the stack of the faulting thread"));
}

constexpr char kMap[] =
    "400000-401000 r--p 00000000 fe:01 7          /usr/bin/python3\n"
    "401000-402000 r-xp 00001000 fe:01 7          /usr/bin/python3\n"
    "402000-403000 rw-p 00002000 fe:01 7          /usr/bin/python3\n"
    "403000-404000 rw-p 00000000 00:00 0          [heap]\n"
    "7f0000000000-7f0000001000 r--s 00000000 fe:01 8          /usr/share/data\n"
    "7f0000001000-7f0000002000 r-xp 00000000 00:00 0 \n"
    "7f0000002000-7f0000003000 r-xp 00000000 fe:01 9          /tmp/\xc3\xa9.so (deleted)\n";

TEST_F(MinidumpTest, modules_are_files_with_code) {
  map_ = MemoryMap(kMap);
  EXPECT_THAT(modules(), ElementsAre("/usr/bin/python3", "/tmp/?.so"));
}

TEST_F(MinidumpTest, a_module_is_all_of_its_file_and_has_its_build_id) {
  map_ = MemoryMap(kMap);
  modules_ = {{"/usr/bin/python3", "00ff10", 0x400000, 0x403000, false}};
  const MinidumpFile file = write();
  const auto modules = file.list<minidump::Module>(StreamType::kModuleList);
  EXPECT_EQ(modules.at(0).base, 0x400000U);
  EXPECT_EQ(modules.at(0).size, 0x3000U);
  EXPECT_EQ(file.build_id(modules.at(0)), std::string("\x00\xff\x10", 3));
  EXPECT_EQ(file.build_id(modules.at(1)), "");
}

TEST_F(MinidumpTest, the_map_is_as_the_kernel_writes_it) {
  map_ = MemoryMap(kMap);
  const std::string text = write().stream_text(StreamType::kLinuxMaps);
  EXPECT_THAT(text, HasSubstr("401000-402000 r-xp 00001000 fe:01 7 /usr/bin/python3\n"));
  EXPECT_THAT(text, HasSubstr("7f0000000000-7f0000001000 r--s 00000000 fe:01 8 /usr/share/data\n"));
  EXPECT_THAT(text, HasSubstr("/tmp/\xc3\xa9.so (deleted)\n"));
}

TEST_F(MinidumpTest, of_a_map_without_end_only_the_beginning_is_written) {
  std::string text;
  for (std::uint64_t at = 0x1000; text.size() < 2 * kMaxMinidumpMap; at += 0x1000) {
    text += fmt::format("{:x}-{:x} r-xp 00000000 fe:01 {} /{:0>200}\n", at, at + 0x1000, at, at);
  }
  map_ = MemoryMap(text);
  EXPECT_LE(write().stream_text(StreamType::kLinuxMaps).size(), kMaxMinidumpMap);
  EXPECT_THAT(modules(), SizeIs(kMaxMinidumpModules));
}

TEST_F(MinidumpTest, threads_have_the_names_that_python_gave_them) {
  const MinidumpFile file = write();
  const auto names = file.list<minidump::ThreadName>(StreamType::kThreadNames);
  ASSERT_THAT(names, SizeIs(1));
  EXPECT_EQ(names[0].id, 1234U);
  EXPECT_EQ(file.text(names[0].name), "MainThread");
}

TEST_F(MinidumpTest, says_what_system_and_process_it_is_of) {
  const MinidumpFile file = write();
  const auto system = file.stream<minidump::SystemInfo>(StreamType::kSystemInfo);
  EXPECT_EQ(system.architecture, 9);
  EXPECT_EQ(system.platform, 0x8201U);
  EXPECT_EQ(file.text(system.version_text), "Linux");
  EXPECT_EQ(file.stream<minidump::MiscInfo>(StreamType::kMiscInfo).pid, 1234U);
}

TEST_F(MinidumpTest, says_that_it_may_hold_secrets) {
  EXPECT_THAT(write().stream_text(StreamType::kComment),
              AllOf(HasSubstr("copies of the stack memory of 1 thread"),
                    HasSubstr("may hold secrets"), HasSubstr(crash_.id)));
  add_thread(1240, "another", 0x7f0000000000);
  EXPECT_THAT(write().stream_text(StreamType::kComment), HasSubstr("of 2 threads"));
}

TEST_F(MinidumpTest, all_parts_lie_at_multiples_of_eight) {
  stack_ = stack_of("odd");
  add_thread(1240, "another", 0x7f0000000000);
  const MinidumpFile file = write();
  for (const StreamType type : {StreamType::kThreadList, StreamType::kModuleList,
                                StreamType::kMemoryList, StreamType::kException}) {
    EXPECT_EQ(file.place_of(type).offset % 8, 0U);
  }
  for (const auto& thread : file.list<minidump::Thread>(StreamType::kThreadList)) {
    EXPECT_EQ(thread.context.offset % 8, 0U);
  }
}

}  // namespace
}  // namespace pyfault
