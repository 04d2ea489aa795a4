#include "tests/unit/symbolize/dead_subject.h"

#include <fcntl.h>
#include <sys/ucontext.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>

#include "tests/support/child_process.h"
#include "tests/support/files.h"
#include "tests/unit/symbolize/stack_dump.h"
#include "watchdog/crash/byte_reader.h"

namespace pyfault::test {
namespace {

template <typename T>
T read(ByteReader& reader) {
  return reader.read<T>().value();
}

bool is_known(const std::vector<ModuleFile>& modules, const Mapping& mapping) {
  return std::ranges::any_of(modules, [&](const ModuleFile& module) {
    return module.device == mapping.device && module.inode == mapping.inode;
  });
}

}  // namespace

std::filesystem::path DeadSubject::path() {
  return PYFAULT_STACK_SUBJECT;
}

std::filesystem::path symbolizer_program() {
  return PYFAULT_SYMBOLIZER;
}

DeadSubject::DeadSubject(const std::string& how, bool in_thread,
                         const std::filesystem::path& program) {
  Launch launch{.command = {program, how}};
  if (in_thread) launch.command.push_back("in a thread");
  const Outcome outcome = run(std::move(launch));
  if (outcome.ending != exited(0)) throw std::runtime_error("the subject did not die: " + how);

  ByteReader reader(std::as_bytes(std::span(outcome.out)));
  const auto head = read<StackDumpHead>(reader);
  std::ranges::copy(head.registers, stack.registers.begin());
  stack.stack_end = head.stack_end;
  for (std::uint64_t index = 0; index < head.chunks; ++index) {
    const auto chunk = read<StackDumpChunk>(reader);
    const auto bytes = reader.take(chunk.size).value();
    stack.chunks.push_back({chunk.address, {bytes.begin(), bytes.end()}});
  }
  map = MemoryMap(outcome.out.substr(reader.position()));
}

SymbolizeRequest DeadSubject::request() const {
  SymbolizeRequest request{{{&stack}}, map, {}};
  request.debug_directory = "/nonexistent";
  for (const Mapping& mapping : map.mappings()) {
    if (!mapping.executable || mapping.inode == 0 || is_known(request.modules, mapping)) continue;
    UniqueFd file(::open(mapping.path.c_str(), O_RDONLY | O_CLOEXEC));
    request.modules.push_back({mapping.path, mapping.device, mapping.inode, std::move(file)});
  }
  return request;
}

std::uint64_t DeadSubject::program_counter() const {
  return stack.registers[REG_RIP];
}

int line_of(const std::string& mark) {
  const auto lines = split_lines(read_file(PYFAULT_STACK_SUBJECT_SOURCE));
  const auto line = std::ranges::find_if(
      lines, [&](const std::string& each) { return each.ends_with("// [" + mark + "]"); });
  if (line == lines.end()) throw std::runtime_error("no line is marked " + mark);
  return static_cast<int>(line - lines.begin()) + 1;
}

std::vector<std::string> names_in(const UnwoundStack& stack) {
  std::vector<std::string> names;
  for (const UnwoundFrame& frame : stack.frames) {
    for (const NativeFrame& function : frame.functions) {
      const std::string name = function.function.substr(0, function.function.find('('));
      names.push_back((function.inlined ? "in " : "") + (name.empty() ? "?" : name));
    }
  }
  return names;
}

Symbols symbolize(const SymbolizeRequest& request, const std::filesystem::path& program) {
  return pyfault::symbolize(program, request, std::chrono::steady_clock::now() + kPatience);
}

}  // namespace pyfault::test
