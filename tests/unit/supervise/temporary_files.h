// A temporary directory that is removed after the test, and small files in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace pyfault {

class TemporaryFiles {
 public:
  TemporaryFiles() {
    std::string name = std::filesystem::temp_directory_path() / "pyfault-test-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~TemporaryFiles() { std::filesystem::remove_all(directory_); }
  TemporaryFiles(const TemporaryFiles&) = delete;
  TemporaryFiles& operator=(const TemporaryFiles&) = delete;

  std::string path(const std::string& name) const { return directory_ / name; }
  std::string directory() const { return directory_; }

  std::string plain(const std::string& name, const std::string& content = "") const {
    std::ofstream(path(name)) << content;
    return path(name);
  }
  std::string executable(const std::string& name, const std::string& content = "") const {
    plain(name, content);
    std::filesystem::permissions(path(name), std::filesystem::perms(0755));
    return path(name);
  }
  std::string subdirectory(const std::string& name) const {
    std::filesystem::create_directory(path(name));
    return path(name);
  }

 private:
  std::filesystem::path directory_;
};

}  // namespace pyfault
