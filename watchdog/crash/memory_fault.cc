#include "watchdog/crash/memory_fault.h"

#include <fmt/format.h>

#include <csignal>
#include <string>
#include <string_view>

#include "watchdog/crash/address_words.h"
#include "watchdog/crash/recursion.h"
#include "watchdog/crash/registers.h"

namespace pyfault {
namespace {

// By default, Linux lets nobody map these first addresses (vm.mmap_min_addr): what points there is
// a null pointer plus the offset of a member or an element.
constexpr std::uint64_t kNullZone = std::uint64_t{64} << 10;
constexpr std::uint64_t kKernelHalf = 0xffff'8000'0000'0000;
constexpr std::uint64_t kPage = 4096;
// How far below the stack pointer a function may reach before it moves the pointer or faults.
constexpr std::uint64_t kStackReach = std::uint64_t{64} << 10;

// The map is read after the fault. If the kernel found nothing at the address, what is there now
// does not matter.
bool is_mapped(const Signal& signal) {
  return signal.number != SIGSEGV || signal.code != SEGV_MAPERR;
}

bool is_inaccessible(const Mapping& mapping) {
  return !mapping.readable && !mapping.writable && !mapping.executable;
}

std::string through_null(Access access) {
  if (access == Access::kRead) return "it read through a null pointer";
  if (access == Access::kWrite) return "it wrote through a null pointer";
  return "it accessed memory through a null pointer";
}

class PageFault {
 public:
  PageFault(const Crash& crash, const Fault& fault, const MemoryMap& map)
      : crash_(crash),
        fault_(fault),
        map_(map),
        address_(*fault.address()),
        mapping_(is_mapped(crash.signal) ? map.find(address_) : nullptr) {}

  std::optional<Diagnosis> explain(std::optional<std::uint64_t> file_size) const {
    if (address_ >= kKernelHalf) return in_kernel();
    if (overflows_stack()) return Diagnosis{kStackOverflow, describe_overflow(crash_)};
    if (crash_.signal.number == SIGBUS) return in_file(file_size);
    if (fault_.access() == Access::kExecute) return jump();
    if (mapping_ != nullptr) return forbidden();
    if (is_null()) return null_pointer();
    if (is_mapped(crash_.signal)) return std::nullopt;
    return not_mapped();
  }

 private:
  bool is_null() const { return address_ < kNullZone && mapping_ == nullptr; }

  std::string accessed() const {
    return std::string(it_accessed(fault_.access())) + in_hexadecimal(address_);
  }

  Diagnosis in_kernel() const {
    return {"kernel-address", accessed() + ", an address of the kernel" + origin()};
  }

  std::string origin() const { return origin_of_address(fault_); }

  // At the address lies the guard page of the stack that the stack pointer is in, or nothing, and
  // the stack begins right above.
  bool overflows_stack() const {
    const auto pointer = fault_.stack_pointer();
    if (!pointer || map_.empty()) return false;
    const bool is_near_pointer =
        address_ < *pointer + kPage && (address_ >= *pointer || *pointer - address_ <= kStackReach);
    if (!is_near_pointer || (mapping_ != nullptr && !is_inaccessible(*mapping_))) return false;
    const Mapping* above = map_.above(address_);
    if (above == nullptr || !above->readable || !above->writable || *pointer >= above->end)
      return false;
    if (mapping_ != nullptr) return above->start == mapping_->end;
    return above->start - address_ <= kStackReach + kPage;
  }

  // The address lies in a mapping of a file (or another object) that had no such page to give.
  std::optional<Diagnosis> in_file(std::optional<std::uint64_t> file_size) const {
    if (mapping_ == nullptr || mapping_->inode == 0) return std::nullopt;
    const std::uint64_t offset = mapping_->offset + (address_ - mapping_->start);
    const std::string where =
        fmt::format("{}, offset {:#x} of {}", accessed(), offset, name_of(*mapping_));
    if (!file_size)
      return Diagnosis{"unavailable-page", where + ", which ends before it or could not be read"};
    // The rest of the last page, behind the end, can be accessed.
    if (offset / kPage < (*file_size + kPage - 1) / kPage)
      return Diagnosis{"unavailable-page",
                       where + ", which was shorter then, could not be read, or had no space left"};
    return Diagnosis{"past-end-of-file",
                     fmt::format("{}, which has only {} bytes", where, *file_size)};
  }

  std::optional<Diagnosis> jump() const {
    if (mapping_ != nullptr && mapping_->executable) return std::nullopt;
    if (is_mapped(crash_.signal)) {
      const std::string where = mapping_ != nullptr ? " in " + name_of(*mapping_) : "";
      return Diagnosis{"execute-data", accessed() + where + ", which is not executable"};
    }
    if (is_null()) {
      return Diagnosis{"jump-to-null", accessed() +
                                           ": a function pointer was null, or a return address was "
                                           "overwritten"};
    }
    return Diagnosis{"jump-to-nowhere", accessed() + ", where nothing is mapped" + nearest()};
  }

  std::string nearest() const { return nearest_mapping(address_, map_); }

  // The mapping is there, but not for this access. If it allows the access, it was changed since.
  std::optional<Diagnosis> forbidden() const {
    const std::string name = name_of(*mapping_);
    if (is_inaccessible(*mapping_)) {
      return Diagnosis{"inaccessible-mapping", fmt::format("{} in {}, which may not be accessed{}",
                                                           accessed(), name, origin())};
    }
    if (fault_.access() == Access::kWrite && !mapping_->writable) {
      return Diagnosis{"read-only-mapping", fmt::format("{} in {}, which is mapped read-only{}",
                                                        accessed(), name, origin())};
    }
    if (fault_.access() == Access::kRead && !mapping_->readable) {
      return Diagnosis{"inaccessible-mapping", fmt::format("{} in {}, which may not be read{}",
                                                           accessed(), name, origin())};
    }
    return std::nullopt;
  }

  Diagnosis null_pointer() const {
    const auto operand = fault_.operand();
    const bool is_base = operand && value_of(fault_.registers(), operand->base) == 0;
    if (!is_base && address_ > 0) {
      return {"null-pointer", accessed() + ", a null pointer plus an offset" + origin()};
    }
    std::string text = through_null(fault_.access());
    if (is_base) text += fmt::format(" in {}", operand->base);
    if (address_ > 0) text += fmt::format(", at offset {:#x}", address_);
    return {"null-pointer", text};
  }

  Diagnosis not_mapped() const {
    return {"not-mapped", accessed() + ", where nothing is mapped" + origin() + nearest()};
  }

  const Crash& crash_;
  const Fault& fault_;
  const MemoryMap& map_;
  std::uint64_t address_;
  const Mapping* mapping_;
};

}  // namespace

std::optional<Diagnosis> explain_page_fault(const Crash& crash, const Fault& fault,
                                            const MemoryMap& map,
                                            std::optional<std::uint64_t> file_size) {
  return PageFault(crash, fault, map).explain(file_size);
}

}  // namespace pyfault
