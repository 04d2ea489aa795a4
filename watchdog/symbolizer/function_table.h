// Where the functions of an ELF file begin, by the table that linkers write for call frame
// information (.eh_frame_hdr; Linux Standard Base, Core, "Exception Frames"). A function that the
// compiler has split has an entry for each part, as may have one that was written in assembly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace pyfault {

class FunctionTable {
 public:
  // `image`: the bytes of the file, which must stay as long as the table. Without a table in the
  // usual form, nothing is found.
  explicit FunctionTable(std::span<const std::byte> image);

  // Returns where the last function begins that does so at or before the address. Both are
  // addresses in the file, not in the process. It is the function of the address only if .eh_frame
  // covers the address.
  std::optional<std::uint64_t> beginning_before(std::uint64_t address) const;

 private:
  std::uint64_t beginning(std::size_t entry) const;

  std::uint64_t address_ = 0;  // of the table; that of a function is relative to it
  std::span<const std::byte> entries_;
};

}  // namespace pyfault
