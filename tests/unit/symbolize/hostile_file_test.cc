// Files that the program has prepared for whoever reads them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/support/files.h"
#include "tests/unit/symbolize/dead_subject.h"

namespace pyfault::test {
namespace {

using testing::IsEmpty;
using testing::Not;

struct HostileFileTest : testing::Test {
  // Symbolizes with this content in the place of the program's file.
  void symbolize_with(const std::string& bytes) {
    SymbolizeRequest request = subject.request();
    const auto module =
        std::ranges::find(request.modules, DeadSubject::path().string(), &ModuleFile::path);
    ASSERT_NE(module, request.modules.end());
    module->file.reset(::memfd_create("module", MFD_CLOEXEC));
    ASSERT_EQ(::write(module->file.get(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
    symbols = symbolize(request);
    ASSERT_THAT(symbols.stacks.at(0).frames, Not(IsEmpty()));
    EXPECT_EQ(symbols.stacks[0].frames[0].functions.at(0).address, subject.program_counter());
  }

  const DeadSubject subject{"null"};
  const std::string content = read_file(DeadSubject::path());
  Symbols symbols;
};

TEST_F(HostileFileTest, empty) {
  symbolize_with("");
  EXPECT_EQ(symbols.trouble, "");
}

TEST_F(HostileFileTest, cut) {
  for (const std::size_t parts : {2U, 3U, 5U, 9U}) {
    symbolize_with(content.substr(0, content.size() * (parts - 1) / parts));
  }
}

TEST_F(HostileFileTest, other_than_the_one_that_is_mapped) {
  symbolize_with(read_file(symbolizer_program()));
}

TEST_F(HostileFileTest, device_that_never_ends) {
  SymbolizeRequest request = subject.request();
  for (ModuleFile& module : request.modules) {
    module.file.reset(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  }
  symbols = symbolize(request);
  EXPECT_EQ(symbols.trouble, "");
  EXPECT_THAT(symbols.stacks.at(0).frames, Not(IsEmpty()));
}

// What it may do to the child is no matter, as long as the watchdog gets an answer.
TEST_F(HostileFileTest, damaged_anywhere) {
  std::mt19937 random(1);  // NOLINT(cert-msc*,bugprone-random*): the same bytes in each run
  for (int round = 0; round < 50; ++round) {
    std::string damaged = content;
    const auto changes = 1 + random() % 8;
    for (unsigned change = 0; change < changes; ++change) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    symbolize_with(damaged);
  }
}

}  // namespace
}  // namespace pyfault::test
