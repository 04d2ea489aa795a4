// Files read and written whole; both throw std::runtime_error, naming the file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault::test {

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text);

// Without their newlines.
std::vector<std::string> split_lines(const std::string& text);

}  // namespace pyfault::test
