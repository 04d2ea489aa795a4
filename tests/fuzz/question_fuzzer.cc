// Arbitrary packets as questions: each is refused in a line or asks no more than a question may,
// and what is asked can be answered in the end.
#include <chrono>
#include <span>
#include <string>
#include <variant>

#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/require.h"
#include "watchdog/ingest/question.h"

namespace pyfault::test {
namespace {

constexpr std::size_t kLongestReason = 200;

std::string nothing(const Event&) {
  return "";
}

void check(const CrashQuestion& question) {
  const HeldQuestion::Time start{};
  require(question.pids.size() <= kMaxPidsAsked, "too many processes");
  require(question.wait.count() <= kMaxQuestionWaitMs, "a long wait");
  RecentCrashes crashes(&nothing, &nothing);
  for (const int pid : question.pids) {
    require(pid > 0, "a pid that is none");
    Event event;
    event.process.pid = pid;
    event.process.uid = 1;
    event.body = Crash{};
    std::get<Crash>(event.body).id = std::to_string(pid);
    crashes.on_event(std::move(event));
  }
  HeldQuestion held(question, start);
  held.is_due(start, crashes, [](int pid) { return pid % 2 == 0; });
  require(held.is_due(start + question.wait, crashes, [](int) { return true; }), "no end");
  require(held.answer(crashes, 1).size() <= question.pids.size() + 1, "a long answer");
  require(held.answer(crashes, 2).empty(), "an answer for a stranger");
}

}  // namespace
}  // namespace pyfault::test

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pyfault;
  const auto packet = std::as_bytes(std::span(data, size));
  if (!is_question(packet)) return 0;
  const Asked asked = parse_question(packet);
  if (const auto* question = std::get_if<CrashQuestion>(&asked)) test::check(*question);
  if (const auto* refused = std::get_if<RefusedQuestion>(&asked)) {
    test::require(!refused->reason.empty() && refused->reason.size() <= test::kLongestReason &&
                      refused->reason.find('\n') == std::string::npos,
                  "more than a line");
  }
  return 0;
}
