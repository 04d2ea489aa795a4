#include "watchdog/ingest/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace pyfault {
namespace {

RefusedQuestion refused(std::string reason) {
  return {std::move(reason)};
}

bool is_known(QuestionKind kind) {
  return kind == QuestionKind::kCrashesOf || kind == QuestionKind::kLastCrash ||
         kind == QuestionKind::kRoom;
}

// Copies as much as there is; the rest stays zero.
Question read_question(std::span<const std::byte> packet) {
  Question question{};
  std::memcpy(&question, packet.data(), std::min(packet.size(), sizeof question));
  return question;
}

}  // namespace

bool is_question(std::span<const std::byte> packet) {
  std::uint32_t magic = 0;
  if (packet.size() < sizeof magic + sizeof(Question::protocol)) return false;
  std::memcpy(&magic, packet.data(), sizeof magic);
  return magic == kQuestionMagic;
}

Asked parse_question(std::span<const std::byte> packet) {
  const Question question = read_question(packet);
  if (question.protocol != kQuestionProtocol) {
    return refused(fmt::format("the watchdog knows version {} of questions, and this is version {}",
                               kQuestionProtocol, question.protocol));
  }
  if (!is_known(question.kind)) return refused("the watchdog does not know this kind of question");
  if (question.count > kMaxPidsAsked) {
    return refused(fmt::format("a question may name {} processes at most", kMaxPidsAsked));
  }
  if (packet.size() != kQuestionHeadSize + question.count * sizeof question.pids[0]) {
    return refused("the question has another length than it says");
  }
  const auto pids = std::span(question.pids).first(question.count);
  if (std::ranges::any_of(pids, [](int pid) { return pid <= 0; })) {
    return refused("the question names a process that cannot be");
  }
  if (question.kind == QuestionKind::kRoom) return RoomQuestion{};
  const std::chrono::milliseconds wait(std::min(question.wait_ms, kMaxQuestionWaitMs));
  return CrashQuestion{question.kind, {pids.begin(), pids.end()}, wait};
}

bool HeldQuestion::is_due(Time now, const RecentCrashes& crashes, const MayCrash& may_crash) {
  if (now >= limit_) return true;
  if (question_.kind == QuestionKind::kLastCrash) return !crashes.awaits_any();
  const auto is_settled = [&](int pid) {
    return !crashes.awaits(pid) && (crashes.knows(pid) || !may_crash(pid));
  };
  const std::vector<int>& pids = question_.pids;
  while (settled_ < pids.size() && is_settled(pids[settled_])) ++settled_;
  return settled_ == pids.size();
}

std::vector<RecentCrashes::Number> HeldQuestion::answer(const RecentCrashes& crashes,
                                                        uid_t asker) const {
  std::vector<RecentCrashes::Number> found;
  const auto take = [&](std::optional<RecentCrashes::Number> crash) {
    if (crash) found.push_back(*crash);
  };
  if (question_.kind == QuestionKind::kLastCrash) take(crashes.last(asker));
  for (const int pid : question_.pids) take(crashes.last_of(pid, asker));
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace pyfault
