// Answers of the symbolizer as a test wants them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/symbolizer/protocol.h"

namespace pyfault::test {

class AnswerBuilder {
 public:
  template <typename Head>
  AnswerBuilder& item(ItemKind kind, const Head& head, std::string_view body = "") {
    return raw_item(kind, text_of(head) + std::string(body));
  }
  AnswerBuilder& raw_item(ItemKind kind, std::string body) {
    body.resize((body.size() + 7) / 8 * 8);
    bytes_ += text_of(ItemHead{kind, static_cast<std::uint32_t>(body.size())}) + body;
    return *this;
  }

  AnswerBuilder& frames(const std::vector<AnswerFrame>& frames, std::uint32_t stack = 0) {
    std::string body;
    for (const AnswerFrame& frame : frames) body += text_of(frame);
    return item(ItemKind::kFrames, AnswerFrames{stack, static_cast<std::uint32_t>(frames.size())},
                body);
  }
  AnswerBuilder& stack_end(std::string_view reason = "", std::uint32_t stack = 0) {
    return item(ItemKind::kStackEnd, AnswerStackEnd{stack, reason.empty() ? 1U : 0U}, reason);
  }
  AnswerBuilder& text(const std::string& text) { return raw_item(ItemKind::kText, text); }
  AnswerBuilder& functions(std::uint64_t address, const std::vector<AnswerFunction>& functions) {
    std::string body;
    for (const AnswerFunction& function : functions) body += text_of(function);
    const auto count = static_cast<std::uint32_t>(functions.size());
    return item(ItemKind::kFunctions, AnswerFunctions{address, count, 0}, body);
  }
  AnswerBuilder& end() { return raw_item(ItemKind::kEnd, ""); }

  const std::string& bytes() const { return bytes_; }

  template <typename T>
  static std::string text_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }

 private:
  std::string bytes_;
};

}  // namespace pyfault::test
