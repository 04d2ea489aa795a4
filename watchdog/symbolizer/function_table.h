// Where the functions of an ELF file begin, by the table that linkers write for call frame
// information (.eh_frame_hdr; Linux Standard Base, Core, "Exception Frames"). A function that the
// compiler has split has an entry for each part.
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

  // Returns where the last function begins that does so at or before the address; both are as the
  // file has them. It is the address's function only if call frame information covers the address.
  std::optional<std::uint64_t> beginning_before(std::uint64_t address) const;

 private:
  std::uint64_t beginning(std::size_t entry) const;

  std::uint64_t address_ = 0;  // of the table; that of a function is relative to it
  std::span<const std::byte> entries_;
};

}  // namespace pyfault
