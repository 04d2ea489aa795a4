// Writes the answer, of at most kMaxAnswer bytes: what does not fit is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "watchdog/symbolizer/protocol.h"

namespace pyfault {

class AnswerWriter {
 public:
  explicit AnswerWriter(int fd) : fd_(fd) {}

  // Returns false if they do not fit.
  bool frames(std::uint32_t stack, std::span<const AnswerFrame> frames);
  void stack_end(std::uint32_t stack, bool is_complete, std::string_view reason);
  void module(std::uint32_t mapping, std::uint64_t bias, std::span<const std::byte> build_id);
  void functions(std::uint64_t address, std::span<const AnswerFunction> functions);
  void refusal(std::string_view reason);
  // Writes the rest and hangs up.
  void end();

  // Returns the number of the text, which is written once; kNoText if it is empty. Longer ones are
  // cut.
  std::uint32_t text(std::string_view text);

  // Writes what has been said so far. Ends the process if the watchdog does not listen any more.
  void flush();

 private:
  bool item(ItemKind kind, std::span<const std::byte> head, std::span<const std::byte> body);

  int fd_;
  std::string unwritten_;
  std::size_t size_ = 0;  // of all items so far
  std::map<std::string, std::uint32_t, std::less<>> texts_;
};

}  // namespace pyfault
