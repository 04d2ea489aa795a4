// Reads a minidump: what tests must find in one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "watchdog/minidump/minidump_format.h"

namespace pyfault::test {

// All functions throw std::out_of_range for what lies outside the file, and std::runtime_error for
// a stream that is not there.
class MinidumpFile {
 public:
  explicit MinidumpFile(std::string bytes) : bytes_(std::move(bytes)) {
    if (header().signature != minidump::kSignature) throw std::runtime_error("no minidump");
  }

  minidump::Header header() const { return at<minidump::Header>(0); }

  minidump::Location place_of(minidump::StreamType type) const {
    const minidump::Header header = this->header();
    for (std::uint32_t index = 0; index < header.streams; ++index) {
      const auto entry =
          at<minidump::DirectoryEntry>(header.directory + index * sizeof(minidump::DirectoryEntry));
      if (entry.type == type) return entry.stream;
    }
    throw std::runtime_error("no such stream");
  }

  template <typename T>
  T stream(minidump::StreamType type) const {
    return at<T>(place_of(type).offset);
  }

  // A stream that is a number and as many entries.
  template <typename T>
  std::vector<T> list(minidump::StreamType type) const {
    const minidump::Location place = place_of(type);
    const auto count = at<std::uint32_t>(place.offset);
    if (place.size != sizeof count + count * sizeof(T))
      throw std::runtime_error("list of wrong size");
    std::vector<T> entries;
    for (std::uint32_t index = 0; index < count; ++index) {
      entries.push_back(at<T>(place.offset + sizeof count + index * sizeof(T)));
    }
    return entries;
  }

  std::string bytes(minidump::Location place) const { return part(place.offset, place.size); }

  std::string stream_text(minidump::StreamType type) const { return bytes(place_of(type)); }

  // A string of ASCII characters; others become "?".
  std::string text(std::uint64_t offset) const {
    const auto size = at<std::uint32_t>(offset);
    std::string text;
    for (std::uint32_t index = 0; index < size; index += 2) {
      const auto unit = at<char16_t>(offset + sizeof size + index);
      text += unit < 128 ? static_cast<char>(unit) : '?';
    }
    return text;
  }

  minidump::Context context(minidump::Location place) const {
    if (place.size != sizeof(minidump::Context)) throw std::runtime_error("context of wrong size");
    return at<minidump::Context>(place.offset);
  }

  // The build-id of a module; empty: it has none.
  std::string build_id(const minidump::Module& module) const {
    const std::string record = bytes(module.code_view);
    if (record.empty()) return "";
    if (at<std::uint32_t>(module.code_view.offset) != minidump::kBuildIdSignature)
      throw std::runtime_error("not a build-id");
    return record.substr(sizeof(std::uint32_t));
  }

 private:
  template <typename T>
  T at(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, part(offset, sizeof value).data(), sizeof value);
    return value;
  }

  std::string part(std::uint64_t offset, std::size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      throw std::out_of_range("minidump");
    return bytes_.substr(offset, size);
  }

  std::string bytes_;
};

}  // namespace pyfault::test
