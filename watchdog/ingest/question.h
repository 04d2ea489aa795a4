// A question (shared/question.h): what it asks, and when one for crashes is to be answered. Pure.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "shared/question.h"
#include "watchdog/ingest/recent_crashes.h"

namespace pyfault {

struct CrashQuestion {
  QuestionKind kind = QuestionKind::kCrashesOf;
  std::vector<int> pids{};
  std::chrono::milliseconds wait{0};
};

// Whether there is room for the asker.
struct RoomQuestion {};

// Why a question is not answered, in words for the asker.
struct RefusedQuestion {
  std::string reason;
};

// A question as it came, which may be one that cannot be answered.
using Asked = std::variant<CrashQuestion, RoomQuestion, RefusedQuestion>;

// Whether a packet is meant as a question, whatever its protocol.
bool is_question(std::span<const std::byte> packet);

// Requires is_question().
Asked parse_question(std::span<const std::byte> packet);

// A question for crashes until it is answered.
class HeldQuestion {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Whether a crash of this process may still come.
  using MayCrash = std::function<bool(int pid)>;

  HeldQuestion(CrashQuestion question, Time now)
      : question_(std::move(question)), limit_(now + question_.wait) {}

  // Whether it is to be answered now. A process for which no crash can come any more is not asked
  // for again, so all calls together cost one look at each process, and one for each call.
  bool is_due(Time now, const RecentCrashes& crashes, const MayCrash& may_crash);

  // The crashes that it asks for, as far as the asker may know of them, the oldest first.
  std::vector<RecentCrashes::Number> answer(const RecentCrashes& crashes, uid_t asker) const;

  Time limit() const { return limit_; }

 private:
  CrashQuestion question_;
  Time limit_;
  std::size_t settled_ = 0;  // of the pids, from the front
};

}  // namespace pyfault
