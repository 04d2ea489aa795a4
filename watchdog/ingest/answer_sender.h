// Sends the answer to a question (shared/question.h) as fast as the asker reads it, without
// waiting.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "shared/question.h"
#include "watchdog/ingest/recent_crashes.h"

namespace pyfault {

class AnswerSender {
 public:
  // The answer has these crashes, except those that are forgotten before their turn comes.
  explicit AnswerSender(std::vector<RecentCrashes::Number> found)
      : rest_(found.begin(), found.end()) {}

  // The answer is one document of this kind, about no process.
  AnswerSender(AnswerKind kind, std::string text);

  enum class Progress {
    kMore,   // send() is to be called again in another turn of the loop
    kFull,   // the asker has to read first
    kDone,   // everything is sent
    kBroken  // the asker has hung up
  };

  // Sends at most one crash: to render one takes some milliseconds. `crashes` may be null if
  // the answer has none.
  Progress send(int socket, RecentCrashes* crashes);

 private:
  struct Document {
    AnswerKind kind = AnswerKind::kEnd;
    int pid = 0;
    std::shared_ptr<const std::string> text;
    std::size_t sent = 0;  // bytes of it
  };

  void begin_next(RecentCrashes& crashes);
  void add_end(std::uint64_t forgotten);
  static bool send_packet(int socket, Document& document);

  std::deque<RecentCrashes::Number> rest_;
  std::deque<Document> documents_;
  bool is_last_ = false;  // of documents_
};

}  // namespace pyfault
