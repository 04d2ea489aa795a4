#include "watchdog/os/state_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <boost/crc.hpp>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "watchdog/os/require.h"

namespace pyfault {
namespace {

constexpr std::uint64_t kMagic = 0x3145544154535950;  // "PYSTATE1", little-endian

struct HalfHeader {
  std::uint64_t magic;
  std::uint64_t sequence;
  std::uint32_t size;
  std::uint32_t checksum;  // of the content and of this header with checksum 0
};

std::uint32_t checksum(HalfHeader header, std::string_view content) {
  header.checksum = 0;
  boost::crc_32_type crc;
  crc.process_bytes(&header, sizeof header);
  crc.process_bytes(content.data(), content.size());
  return crc.checksum();
}

off_t offset_of(std::uint64_t sequence) {
  return static_cast<off_t>((sequence % 2) * StateFile::kHalfSize);
}

// Returns fewer bytes at the end of the file.
std::string read_at(int fd, off_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::pread(fd, bytes.data(), size, offset);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::optional<HalfHeader> header_of(std::string_view bytes) {
  HalfHeader header{};
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic || header.size > StateFile::kMaxContent) return std::nullopt;
  return header;
}

std::optional<StateHalf> read_half(int fd, off_t offset) {
  const auto header = header_of(read_at(fd, offset, sizeof(HalfHeader)));
  if (!header) return std::nullopt;
  return unpack(read_at(fd, offset, sizeof(HalfHeader) + header->size));
}

std::optional<StateHalf> read_later_half(int fd) {
  auto first = read_half(fd, offset_of(0));
  auto second = read_half(fd, offset_of(1));
  if (!first || (second && second->sequence > first->sequence)) return second;
  return first;
}

}  // namespace

std::string pack(const StateHalf& half) {
  HalfHeader header{kMagic, half.sequence, static_cast<std::uint32_t>(half.content.size()), 0};
  header.checksum = checksum(header, half.content);
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + half.content;
}

std::optional<StateHalf> unpack(std::string_view bytes) {
  const auto header = header_of(bytes);
  if (!header) return std::nullopt;
  bytes.remove_prefix(sizeof(HalfHeader));
  if (bytes.size() < header->size) return std::nullopt;
  const std::string_view content = bytes.substr(0, header->size);
  if (checksum(*header, content) != header->checksum) return std::nullopt;
  return StateHalf{header->sequence, std::string(content)};
}

StateFile::StateFile() : fd_(::memfd_create("pyfault-state", MFD_CLOEXEC)) {
  require(bool{fd_}, "memfd_create");
}

StateFile::StateFile(UniqueFd fd) : fd_(std::move(fd)) {
  if (const auto half = read_later_half(fd_.get())) sequence_ = half->sequence;
}

void StateFile::write(std::string_view content) {
  if (content.size() > kMaxContent) throw std::length_error("too much state");
  const std::string bytes = pack({sequence_ + 1, std::string(content)});
  const ssize_t written = ::pwrite(fd_.get(), bytes.data(), bytes.size(), offset_of(sequence_ + 1));
  require(written == static_cast<ssize_t>(bytes.size()), "pwrite");
  ++sequence_;
}

std::optional<std::string> StateFile::read() const {
  auto half = read_later_half(fd_.get());
  return half ? std::optional(std::move(half->content)) : std::nullopt;
}

}  // namespace pyfault
