#include "watchdog/sink/rotating_sink.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "watchdog/os/path_trust.h"

namespace pyfault {
namespace {

std::string numbered(const std::string& name, int number) {
  return fmt::format("{}.{}", name, number);
}

}  // namespace

RotatingSink::RotatingSink(ReopeningFile file, Rotation rotation, StuckHandler on_stuck)
    : name_(file.name()),
      rotation_(rotation),
      on_stuck_(std::move(on_stuck)),
      sink_(std::move(file)) {}

int RotatingSink::write(std::string_view report) {
  if (is_due(report.size())) {
    const std::error_code failed = rotate();
    const bool was_told = std::exchange(stuck_told_, bool{failed});
    if (failed && !was_told) on_stuck_(failed);
  }
  return sink_.write(report);
}

bool RotatingSink::is_due(std::size_t more) const {
  if (name_.empty() || rotation_.max_size == 0) return false;
  std::error_code unknown;
  const std::uintmax_t size = std::filesystem::file_size(name_, unknown);
  return !unknown && size > 0 && size + more > rotation_.max_size;
}

// The sink follows the name and creates the new file. Files are renamed oldest first, and a failed
// rename ends the rotation, so no file that is still in place is overwritten.
std::error_code RotatingSink::rotate() const {
  const ScopedOwnerRights rights(trust_in(name_));
  std::error_code failed;
  if (!rights) return std::make_error_code(std::errc::operation_not_permitted);
  for (int number = rotation_.keep - 1; number >= 1; --number) {
    const std::string old = numbered(name_, number);
    if (!std::filesystem::exists(old, failed)) continue;
    std::filesystem::rename(old, numbered(name_, number + 1), failed);
    if (failed) return failed;
  }
  std::filesystem::rename(name_, numbered(name_, 1), failed);
  return failed;
}

}  // namespace pyfault
