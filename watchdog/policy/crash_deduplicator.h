// Decides which reports of a repeated crash are worth their space. No side effects.
//
// The first kFullAtFirst crashes of a kind are reported in full, then one per kFullEvery; the
// others are counted. A kind is a fingerprint; crashes without one are always reported in full.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace pyfault {

class CrashDeduplicator {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::uint64_t kFullAtFirst = 3;
  static constexpr std::chrono::hours kFullEvery{1};
  // If there are more kinds, the one that was seen longest ago is forgotten.
  static constexpr std::size_t kMaxKinds = 256;

  struct Verdict {
    bool report_in_full = true;
    std::uint64_t occurrence = 1;  // 1 for the first crash of its kind
  };

  struct Kind {
    std::uint64_t count = 0;
    TimePoint last;
    TimePoint last_in_full;

    bool operator==(const Kind&) const = default;
  };
  using Saved = std::map<std::string, Kind>;  // by fingerprint

  CrashDeduplicator() = default;
  explicit CrashDeduplicator(Saved saved) : kinds_(std::move(saved)) {}

  const Saved& saved() const { return kinds_; }

  Verdict count(const std::string& fingerprint, TimePoint now);

 private:
  void make_room();

  Saved kinds_;
};

}  // namespace pyfault
