// Reads and writes whole files. Both functions throw std::runtime_error, which names the file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault::test {

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text);

// The lines do not include their newlines.
std::vector<std::string> split_lines(const std::string& text);

}  // namespace pyfault::test
