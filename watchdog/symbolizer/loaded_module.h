// An ELF file at its place in memory: how to unwind its frames, and how to find its debug
// information.
#pragma once

#include <elfutils/libdwfl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "watchdog/os/unique_fd.h"
#include "watchdog/symbolizer/elf_image.h"
#include "watchdog/symbolizer/file_client.h"
#include "watchdog/symbolizer/function_table.h"
#include "watchdog/symbolizer/registers.h"
#include "watchdog/symbolizer/stack_memory.h"

namespace pyfault {

// What the call frame information says of the code at an address.
struct FrameRules {
  std::uint64_t function = 0;    // where the code of the function begins; 0: unknown
  std::optional<unsigned> base;  // the register by which the frame is found; none: not a simple one
  bool is_outermost = false;     // it has no caller
  bool is_signal_frame = false;  // its caller did not call, but was interrupted by a signal
};

struct UnwindStep {
  std::optional<Registers> caller;
  std::optional<std::uint64_t> missing;  // what could not be read of the stack, the first of it
};

class LoadedModule {
 public:
  // `image`: the bytes of the file, which must stay as long as the module; `number`: that of the
  // file. Returns null if libdwfl does not accept it.
  static std::unique_ptr<LoadedModule> load(std::span<std::byte> image, const ElfPlace& place,
                                            std::uint32_t number, FileClient& files);

  LoadedModule(const LoadedModule&) = delete;
  LoadedModule& operator=(const LoadedModule&) = delete;

  Dwfl_Module* get() const { return module_; }
  std::uint32_t number() const { return number_; }
  std::uint64_t bias() const { return place_.bias; }
  std::span<const std::byte> build_id() const;

  // Returns nullopt if there is no call frame information for the address.
  std::optional<FrameRules> rules_at(std::uint64_t address) const;

  // Restores the registers of the caller as rules_at() the program counter says. For a frame that
  // has called, the program counter must be within the call, because the return address may belong
  // to the next function already.
  UnwindStep step(const Registers& frame, const StackMemory& memory);

 private:
  struct CloseDwfl {
    void operator()(Dwfl* dwfl) const { ::dwfl_end(dwfl); }
  };
  struct Walk;

  LoadedModule(std::span<std::byte> image, const ElfPlace& place, std::uint32_t number,
               FileClient& files)
      : image_(image), functions_(image), place_(place), number_(number), files_(files) {}

  bool open();
  UniqueFd find_debug_file(const char* debug_link, std::uint32_t crc);

  static int find_elf(Dwfl_Module* module, void** self, const char* name, Dwarf_Addr base,
                      char** file_name, Elf** elf);
  static int find_debug_info(Dwfl_Module* module, void** self, const char* name, Dwarf_Addr base,
                             const char* file_name, const char* debug_link, GElf_Word crc,
                             char** debug_file_name);
  static int find_section(Dwfl_Module* module, void** self, const char* name, Dwarf_Addr base,
                          const char* section, GElf_Word index, const GElf_Shdr* header,
                          Dwarf_Addr* address);

  static const Dwfl_Callbacks kCallbacks;
  static const Dwfl_Thread_Callbacks kThreadCallbacks;

  std::span<std::byte> image_;
  FunctionTable functions_;
  ElfPlace place_;
  std::uint32_t number_;
  FileClient& files_;
  Walk* walk_ = nullptr;  // the one under way
  bool has_looked_for_debug_file_ = false;
  std::unique_ptr<Dwfl, CloseDwfl> dwfl_;
  Dwfl_Module* module_ = nullptr;
};

}  // namespace pyfault
