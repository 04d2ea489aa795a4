// Reads arbitrary bytes as a zip archive. What is read from it must be within the limits.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "tests/fuzz/require.h"
#include "watchdog/enrich/zip_archive.h"

namespace pyfault::test {
namespace {

constexpr std::size_t kBudget = std::size_t{1} << 20;
constexpr std::size_t kLimit = std::size_t{64} << 10;
constexpr const char* kName = "mod.py";  // the name that make_corpus uses

UniqueFd file_of(const std::uint8_t* data, std::size_t size) {
  UniqueFd file(memfd_create("archive", MFD_CLOEXEC));
  require(write(file.get(), data, size) == static_cast<ssize_t>(size), "no file for the test");
  return file;
}

void try_archive(UniqueFd file) {
  ZipArchive archive(std::move(file), kBudget);
  const auto text = archive.read(kName, kLimit);
  require(archive.bytes_spent() <= kBudget + kLimit, "more was read than allowed");
  if (!text) return;
  require(!text->empty() && text->size() <= kLimit, "more was unpacked than allowed");
}

}  // namespace
}  // namespace pyfault::test

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pyfault::test::try_archive(pyfault::test::file_of(data, size));
  return 0;
}
