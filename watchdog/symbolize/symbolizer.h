// Unwinds and symbolizes native stacks in a child process that has no rights: what it reads, the
// stack and the program's own files, is as hostile as a record.
//
// The child is the program pyfault-symbolizer beside the agent. It is given a copy of the stacks,
// the list of mappings and, where it asks for them, the mapped files, which are all open before it
// starts; it opens nothing itself. Its answer is bounded and validated here.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/crash/memory_map.h"
#include "watchdog/crash/native.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/symbolize/captured_stack.h"

namespace pyfault {

// A mapped file: the very file that is mapped, not one that has taken its place.
struct ModuleFile {
  std::string path;  // as the process names it
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  UniqueFd file;  // read-only; empty: it cannot be opened
};

// A thread whose stack is to be unwound. For threads other than the faulting one, only some
// registers are known.
struct StackToUnwind {
  const CapturedStack* captured = nullptr;  // outlives the call of symbolize()
  bool is_partial = false;                  // only rip and rsp are known
};

struct SymbolizeRequest {
  std::vector<StackToUnwind> stacks;  // the faulting thread first
  MemoryMap map;
  std::vector<ModuleFile> modules;
  // Whether separate debug files of this host may be found by the paths of the modules: not for a
  // process that has another root, whose files have other paths. By build-id they always may.
  bool same_root = true;
  std::string debug_directory = "/usr/lib/debug";
  std::string fetched_directory{};  // where debuginfod-find puts them; empty: nowhere
};

// A frame as it was unwound, and what it stands for: a function and those that were inlined into
// it, innermost first. There is at least one.
struct UnwoundFrame {
  std::uint64_t stack_pointer = 0;
  std::uint64_t cfa = 0;  // the stack pointer of the next frame outwards; 0: unknown
  std::vector<NativeFrame> functions;
  bool after_gap = false;        // frames are missing between the one before and this one
  std::uint64_t code_begin = 0;  // of the function, or of this part of it; 0: unknown
};

struct UnwoundStack {
  std::vector<UnwoundFrame> frames;
  bool complete = false;
  std::string incomplete_reason;
};

struct Symbols {
  std::vector<UnwoundStack> stacks;                // as in the request
  std::vector<Module> modules;                     // those that the frames lie in
  std::vector<std::string> missing_debug_files{};  // their build-ids, in hex digits
  std::string trouble;                             // why the child did not finish; empty: it did
};

// Runs the child and waits for it until `deadline`; then the answer holds what it has said by then.
// `program`: the path of pyfault-symbolizer. Blocks, so it must not be called on the event loop.
// Never throws but std::bad_alloc.
Symbols symbolize(const std::string& program, const SymbolizeRequest& request,
                  std::chrono::steady_clock::time_point deadline);

}  // namespace pyfault
