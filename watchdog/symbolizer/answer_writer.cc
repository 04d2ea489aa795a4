#include "watchdog/symbolizer/answer_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <functional>

namespace pyfault {
namespace {

constexpr std::size_t kItemAlignment = 8;
// For the end, which is always said.
constexpr std::size_t kReserve = sizeof(ItemHead);

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

void append(std::string& out, std::span<const std::byte> bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::string_view cut(std::string_view text) {
  return text.substr(0, kMaxText);
}

}  // namespace

bool AnswerWriter::item(ItemKind kind, std::span<const std::byte> head,
                        std::span<const std::byte> body) {
  const std::size_t size = head.size() + body.size();
  const std::size_t padded = (size + kItemAlignment - 1) / kItemAlignment * kItemAlignment;
  const std::size_t limit = kMaxAnswer - (kind == ItemKind::kEnd ? 0 : kReserve);
  if (size_ + sizeof(ItemHead) + padded > limit) return false;
  append(unwritten_, bytes_of(ItemHead{kind, static_cast<std::uint32_t>(padded)}));
  append(unwritten_, head);
  append(unwritten_, body);
  unwritten_.append(padded - size, '\0');
  size_ += sizeof(ItemHead) + padded;
  return true;
}

bool AnswerWriter::frames(std::uint32_t stack, std::span<const AnswerFrame> frames) {
  const AnswerFrames head{stack, static_cast<std::uint32_t>(frames.size())};
  return item(ItemKind::kFrames, bytes_of(head), std::as_bytes(frames));
}

void AnswerWriter::stack_end(std::uint32_t stack, bool is_complete, std::string_view reason) {
  const AnswerStackEnd head{stack, is_complete ? 1U : 0U};
  item(ItemKind::kStackEnd, bytes_of(head), bytes_of(cut(reason)));
}

void AnswerWriter::module(std::uint32_t mapping, std::uint64_t bias,
                          std::span<const std::byte> build_id) {
  const auto id = build_id.first(std::min(build_id.size(), kMaxBuildId));
  const AnswerModule head{mapping, static_cast<std::uint32_t>(id.size()), bias};
  item(ItemKind::kModule, bytes_of(head), id);
}

void AnswerWriter::functions(std::uint64_t address, std::span<const AnswerFunction> functions) {
  const auto kept = functions.first(std::min<std::size_t>(functions.size(), kMaxFunctions));
  const AnswerFunctions head{address, static_cast<std::uint32_t>(kept.size()), 0};
  item(ItemKind::kFunctions, bytes_of(head), std::as_bytes(kept));
}

void AnswerWriter::refusal(std::string_view reason) {
  item(ItemKind::kRefusal, {}, bytes_of(cut(reason)));
}

void AnswerWriter::end() {
  item(ItemKind::kEnd, {}, {});
  flush();
  ::close(fd_);
}

std::uint32_t AnswerWriter::text(std::string_view text) {
  if (text.empty()) return kNoText;
  const auto known = texts_.find(cut(text));
  if (known != texts_.end()) return known->second;
  if (!item(ItemKind::kText, {}, bytes_of(cut(text)))) return kNoText;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace(cut(text), number);
  return number;
}

void AnswerWriter::flush() {
  for (std::string_view rest = unwritten_; !rest.empty();) {
    const ssize_t count = ::write(fd_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) ::_exit(EXIT_FAILURE);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  unwritten_.clear();
}

}  // namespace pyfault
