#include "watchdog/symbolizer/loaded_module.h"

#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "watchdog/symbolizer/mapped_file.h"

namespace pyfault {
namespace {

// The only thread that libdwfl knows of.
constexpr pid_t kThread = 1;

struct FreeFrame {
  void operator()(Dwarf_Frame* frame) const { std::free(frame); }
};
struct EndElf {
  void operator()(Elf* elf) const { ::elf_end(elf); }
};

Elf* elf_of(std::span<std::byte> image) {
  return ::elf_memory(reinterpret_cast<char*>(image.data()), image.size());
}

std::string hex(std::span<const std::byte> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  for (const std::byte each : bytes) {
    digits += kDigits[std::to_integer<unsigned>(each >> 4)];
    digits += kDigits[std::to_integer<unsigned>(each & std::byte{15})];
  }
  return digits;
}

std::span<const std::byte> build_id_in(Elf* elf) {
  const void* bits = nullptr;
  const ssize_t size = ::dwelf_elf_gnu_build_id(elf, &bits);
  if (size <= 0) return {};
  return {static_cast<const std::byte*>(bits), static_cast<std::size_t>(size)};
}

bool has_build_id(const MappedFile& file, std::span<const std::byte> build_id) {
  const std::unique_ptr<Elf, EndElf> elf(elf_of(file.bytes()));
  return elf && std::ranges::equal(build_id_in(elf.get()), build_id);
}

bool has_crc(const MappedFile& file, std::uint32_t crc) {
  const std::span<const std::byte> bytes = file.bytes();
  return ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) == crc;
}

std::optional<unsigned> base_of(Dwarf_Frame* frame) {
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  if (::dwarf_frame_cfa(frame, &operations, &count) != 0 || count != 1) return std::nullopt;
  const Dwarf_Op& only = operations[0];
  if (only.atom == DW_OP_bregx) return static_cast<unsigned>(only.number);
  if (only.atom < DW_OP_breg0 || only.atom > DW_OP_breg31) return std::nullopt;
  return only.atom - DW_OP_breg0;
}

std::optional<FrameRules> rules_in(Dwarf_CFI* information, Dwarf_Addr address) {
  Dwarf_Frame* found = nullptr;
  if (::dwarf_cfi_addrframe(information, address, &found) != 0) return std::nullopt;
  const std::unique_ptr<Dwarf_Frame, FreeFrame> frame(found);
  FrameRules rules;
  rules.base = base_of(frame.get());
  const int return_address =
      ::dwarf_frame_info(frame.get(), nullptr, nullptr, &rules.is_signal_frame);
  Dwarf_Op memory[3];
  Dwarf_Op* operations = nullptr;
  std::size_t count = 0;
  rules.is_outermost =
      ::dwarf_frame_register(frame.get(), return_address, memory, &operations, &count) == 0 &&
      count == 0 && operations == memory;  // "undefined", as libdw says it
  return rules;
}

}  // namespace

// libdwfl unwinds whole threads. It is given a thread that begins with the registers of a frame,
// and is stopped at the caller. So each step can be of another kind, and it is known of each what
// was missing.
struct LoadedModule::Walk {
  const Registers& frame;
  const StackMemory& memory;
  UnwindStep result{};
  bool is_at_caller = false;

  int visit(Dwfl_Frame* state) {
    if (!std::exchange(is_at_caller, true)) return DWARF_CB_OK;
    Registers& caller = result.caller.emplace();
    for (unsigned number = 0; number < Registers::kProgramCounter; ++number) {
      Dwarf_Word value = 0;
      if (::dwfl_frame_reg(state, number, &value) == 0) caller.set(number, value);
    }
    Dwarf_Addr pc = 0;
    if (::dwfl_frame_pc(state, &pc, nullptr)) caller.set(Registers::kProgramCounter, pc);
    return DWARF_CB_ABORT;
  }

  bool give_registers(Dwfl_Thread* thread) const {
    for (unsigned number = 0; number < Registers::kCount; ++number) {
      const Dwarf_Word value = frame[number];
      if (!frame.knows(number)) continue;
      if (!::dwfl_thread_state_registers(thread, static_cast<int>(number), 1, &value)) return false;
    }
    return true;
  }

  bool read(Dwarf_Addr address, Dwarf_Word* word) {
    const auto found = memory.word_at(address);
    if (!found && !result.missing) result.missing = address;
    if (found) *word = *found;
    return found.has_value();
  }

  static Walk& of(void* module) { return *static_cast<LoadedModule*>(module)->walk_; }
};

const Dwfl_Callbacks LoadedModule::kCallbacks = {find_elf, find_debug_info, find_section, nullptr};

const Dwfl_Thread_Callbacks LoadedModule::kThreadCallbacks = {
    .next_thread = [](Dwfl*, void*, void**) { return pid_t{-1}; },
    .get_thread =
        [](Dwfl*, pid_t, void* module, void** argument) {
          *argument = module;
          return true;
        },
    .memory_read = [](Dwfl*, Dwarf_Addr address, Dwarf_Word* word,
                      void* module) { return Walk::of(module).read(address, word); },
    .set_initial_registers = [](Dwfl_Thread* thread,
                                void* module) { return Walk::of(module).give_registers(thread); },
    .detach = nullptr,
    .thread_detach = nullptr,
};

std::unique_ptr<LoadedModule> LoadedModule::load(std::span<std::byte> image, const ElfPlace& place,
                                                 std::uint32_t number, FileClient& files) {
  std::unique_ptr<LoadedModule> module(new LoadedModule(image, place, number, files));
  if (!module->open()) return nullptr;
  return module;
}

// Each module has a libdwfl of its own, in which no other file can claim its addresses.
bool LoadedModule::open() {
  ::elf_version(EV_CURRENT);
  dwfl_.reset(::dwfl_begin(&kCallbacks));
  if (!dwfl_) return false;
  ::dwfl_report_begin(dwfl_.get());
  module_ = ::dwfl_report_module(dwfl_.get(), "module", place_.start, place_.end);
  if (module_ == nullptr || ::dwfl_report_end(dwfl_.get(), nullptr, nullptr) != 0) return false;
  void** self = nullptr;
  ::dwfl_module_info(module_, &self, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
  *self = this;
  GElf_Addr bias = 0;
  Elf* elf = ::dwfl_module_getelf(module_, &bias);
  return elf != nullptr && bias == place_.bias &&
         ::dwfl_attach_state(dwfl_.get(), elf, kThread, &kThreadCallbacks, this);
}

std::span<const std::byte> LoadedModule::build_id() const {
  const unsigned char* bits = nullptr;
  GElf_Addr address = 0;
  const int size = ::dwfl_module_build_id(module_, &bits, &address);
  if (size <= 0) return {};
  return std::as_bytes(std::span(bits, static_cast<std::size_t>(size)));
}

std::optional<FrameRules> LoadedModule::rules_at(std::uint64_t address) const {
  for (const auto information_of : {::dwfl_module_eh_cfi, ::dwfl_module_dwarf_cfi}) {
    Dwarf_Addr bias = 0;
    Dwarf_CFI* information = information_of(module_, &bias);
    if (information == nullptr) continue;
    auto rules = rules_in(information, address - bias);
    if (!rules) continue;
    if (information_of != ::dwfl_module_eh_cfi) return rules;  // the table knows nothing of it
    const auto function = functions_.beginning_before(address - place_.bias);
    if (function) rules->function = *function + place_.bias;
    return rules;
  }
  return std::nullopt;
}

UnwindStep LoadedModule::step(const Registers& frame, const StackMemory& memory) {
  Walk walk{frame, memory};
  walk_ = &walk;
  ::dwfl_getthread_frames(
      dwfl_.get(), kThread,
      [](Dwfl_Frame* state, void* to) { return static_cast<Walk*>(to)->visit(state); }, &walk);
  walk_ = nullptr;
  return walk.result;
}

// libdwfl looks once for symbols and once more for debug information, if the first was in vain.
UniqueFd LoadedModule::find_debug_file(const char* debug_link, std::uint32_t crc) {
  if (std::exchange(has_looked_for_debug_file_, true)) return {};
  const std::span<const std::byte> build_id = this->build_id();
  if (!build_id.empty()) {
    UniqueFd file = files_.debug_file(hex(build_id));
    if (has_build_id(MappedFile(file), build_id)) return file;
  }
  if (debug_link == nullptr) return {};
  for (std::uint32_t place = 0; place < kDebugLinkPlaces; ++place) {
    UniqueFd file = files_.debug_file(number_, debug_link, place);
    const MappedFile mapped(file);
    if (build_id.empty() ? has_crc(mapped, crc) : has_build_id(mapped, build_id)) return file;
  }
  return {};
}

int LoadedModule::find_elf(Dwfl_Module*, void** self, const char*, Dwarf_Addr, char**, Elf** elf) {
  *elf = elf_of(static_cast<LoadedModule*>(*self)->image_);
  return -1;  // no descriptor goes with it
}

int LoadedModule::find_debug_info(Dwfl_Module*, void** self, const char*, Dwarf_Addr, const char*,
                                  const char* debug_link, GElf_Word crc, char**) {
  return static_cast<LoadedModule*>(*self)->find_debug_file(debug_link, crc).release();
}

// Only asked for relocatable files, which are not mapped as modules.
int LoadedModule::find_section(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*,
                               GElf_Word, const GElf_Shdr*, Dwarf_Addr* address) {
  *address = static_cast<Dwarf_Addr>(-1);
  return -1;
}

}  // namespace pyfault
