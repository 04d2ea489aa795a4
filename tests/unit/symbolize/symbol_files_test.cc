// Where names and lines come from: symbol tables, debug information, and separate files for either.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/child_process.h"
#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/symbolize/dead_subject.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;

struct SymbolFilesTest : testing::Test {
  SymbolFilesTest() { fs::copy_file(DeadSubject::path(), program); }

  static void run_tool(std::vector<std::string> command) {
    const std::string name = command.front();
    const Outcome outcome = run({.command = std::move(command)});
    if (outcome.ending != exited(0)) throw std::runtime_error(name + ": " + outcome.err);
  }
  fs::path file(const char* name) const { return folder.path() / name; }

  // Moves symbols and debug information into a file of its own.
  void separate(const fs::path& debug_file) const {
    fs::create_directories(debug_file.parent_path());
    run_tool({"objcopy", "--only-keep-debug", program, debug_file});
    run_tool({"objcopy", "--strip-all", program});
  }
  void link_to(const fs::path& debug_file) const {
    run_tool({"objcopy", "--add-gnu-debuglink=" + debug_file.string(), program});
  }

  const UnwoundStack& die() {
    const DeadSubject subject("null", false, program);
    SymbolizeRequest request = subject.request();
    request.debug_directory = file("debug");
    request.same_root = same_root;
    symbols = symbolize(request);
    return symbols.stacks.at(0);
  }
  // The functions of the first two frames, which are three.
  std::vector<NativeFrame> functions() const {
    std::vector<NativeFrame> all;
    for (const std::size_t index : {0U, 1U}) {
      const auto& some = symbols.stacks.at(0).frames.at(index).functions;
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  bool has_lines() const { return functions().size() == 3 && functions().at(0).line.has_value(); }
  bool has_names() const { return functions().at(0).function == "subject::null_leaf()"; }

  TempDirectory folder;
  fs::path program = file("subject");
  bool same_root = true;
  Symbols symbols;
};

TEST_F(SymbolFilesTest, stripped_file_has_module_offset_and_build_id) {
  run_tool({"objcopy", "--strip-all", program});
  EXPECT_TRUE(die().complete);
  const NativeFrame first = functions().at(0);
  EXPECT_EQ(first.function, "");
  EXPECT_EQ(first.module, program);
  EXPECT_TRUE(first.offset.has_value());
  EXPECT_NE(first.build_id, "");
}

TEST_F(SymbolFilesTest, symbol_table_without_debug_information_has_names) {
  run_tool({"objcopy", "--strip-debug", program});
  die();
  EXPECT_TRUE(has_names());
  EXPECT_FALSE(has_lines());
}

TEST_F(SymbolFilesTest, debug_information_without_a_table_of_addresses_as_of_clang) {
  run_tool({"objcopy", "--remove-section=.debug_aranges", program});
  die();
  EXPECT_TRUE(has_lines());
}

TEST_F(SymbolFilesTest, mini_debug_information_has_names) {
  run_tool({"objcopy", "--strip-debug", program, file("symbols")});
  run_tool({"xz", file("symbols")});
  run_tool({"objcopy", "--strip-all", "--add-section",
            ".gnu_debugdata=" + file("symbols.xz").string(), program});
  die();
  EXPECT_TRUE(has_names());
}

TEST_F(SymbolFilesTest, debug_file_is_found_beside_the_module) {
  separate(file("subject.debug"));
  link_to(file("subject.debug"));
  die();
  EXPECT_TRUE(has_lines());
}

TEST_F(SymbolFilesTest, debug_file_is_found_in_a_folder_beside_the_module) {
  separate(file(".debug/subject.debug"));
  link_to(file(".debug/subject.debug"));
  die();
  EXPECT_TRUE(has_lines());
}

TEST_F(SymbolFilesTest, debug_file_is_found_by_its_build_id) {
  die();
  const std::string id = functions().at(0).build_id;
  separate(file("debug") / ".build-id" / id.substr(0, 2) / (id.substr(2) + ".debug"));
  die();
  EXPECT_TRUE(has_lines());
}

TEST_F(SymbolFilesTest, debug_file_without_a_build_id_must_have_the_right_checksum) {
  run_tool({"objcopy", "--remove-section=.note.gnu.build-id", program});
  separate(file("subject.debug"));
  link_to(file("subject.debug"));
  die();
  EXPECT_TRUE(has_lines());

  write_file(file("subject.debug"), read_file(file("subject.debug")) + "changed");
  die();
  EXPECT_EQ(functions().at(0).function, "");
}

TEST_F(SymbolFilesTest, debug_file_of_another_build_is_not_taken) {
  separate(file("subject.debug"));
  link_to(file("subject.debug"));
  run_tool({"objcopy", "--only-keep-debug", symbolizer_program(), file("subject.debug")});
  die();
  EXPECT_EQ(functions().at(0).function, "");
}

TEST_F(SymbolFilesTest, debug_file_beside_the_module_is_another_in_another_root) {
  separate(file("subject.debug"));
  link_to(file("subject.debug"));
  same_root = false;
  die();
  EXPECT_EQ(functions().at(0).function, "");
}

TEST_F(SymbolFilesTest, names_are_whatever_the_file_says) {
  const std::string name = "_ZN7subject9null_leafEv";
  const std::string evil = "evil\n\033[31m\xff name       ";
  std::string bytes = read_file(program);
  for (std::size_t at = 0; (at = bytes.find(name, at)) != bytes.npos;) {
    bytes.replace(at, name.size(), evil);
  }
  write_file(program, bytes);
  die();
  EXPECT_EQ(functions().at(1).function, "evil\n\033[31m\uFFFD name       ");
}

}  // namespace
}  // namespace pyfault::test
