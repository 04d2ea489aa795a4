#include "watchdog/policy/crash_deduplicator.h"

#include <algorithm>

namespace pyfault {

CrashDeduplicator::Verdict CrashDeduplicator::count(const std::string& fingerprint, TimePoint now) {
  if (fingerprint.empty()) return {};
  if (!kinds_.contains(fingerprint)) make_room();
  Kind& kind = kinds_[fingerprint];
  ++kind.count;
  kind.last = now;
  const bool report_in_full = kind.count <= kFullAtFirst || now - kind.last_in_full >= kFullEvery;
  if (report_in_full) kind.last_in_full = now;
  return {report_in_full, kind.count};
}

void CrashDeduplicator::make_room() {
  if (kinds_.size() < kMaxKinds) return;
  kinds_.erase(
      std::ranges::min_element(kinds_, {}, [](const auto& entry) { return entry.second.last; }));
}

}  // namespace pyfault
