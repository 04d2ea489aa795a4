// Reads arbitrary bytes as an ELF file of a dying process: its headers, and its table of functions.
// The front of the input says which mapping of the file and which addresses are asked for.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/require.h"
#include "watchdog/symbolizer/elf_image.h"
#include "watchdog/symbolizer/function_table.h"

namespace pyfault::test {
namespace {

void try_place(std::span<const std::byte> image, const InputMapping& mapping) {
  const auto place = place_of(image, mapping);
  require(!place || place->start < place->end, "a file that takes no room");
}

void try_functions(std::span<const std::byte> image, std::uint64_t address, std::uint64_t next) {
  const FunctionTable table(image);
  for (const std::uint64_t asked : {address, next}) {
    const auto beginning = table.beginning_before(asked);
    require(!beginning || *beginning <= asked, "a function that begins behind the address");
  }
}

void try_image(FuzzInput input) {
  const auto mapping = input.take<InputMapping>();
  const auto address = input.take<std::uint64_t>();
  const auto next = input.take<std::uint64_t>();
  const auto image = std::as_bytes(input.take_bytes(SIZE_MAX));
  try_place(image, mapping);
  try_functions(image, address, next);
}

}  // namespace
}  // namespace pyfault::test

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pyfault::test::try_image({data, size});
  return 0;
}
