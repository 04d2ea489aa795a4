#include "watchdog/crash/abort_reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "watchdog/crash/utf8.h"

namespace pyfault {
namespace {

constexpr std::size_t kLongestWords = 500;  // in bytes

// What glibc's messages contain; the first that fits counts.
struct Message {
  std::string_view part;
  const char* kind;
  const char* meaning;
};

constexpr const char* kHeap = "heap-corruption";
constexpr const char* kHeapMeaning = "the C library found the heap corrupted";

constexpr Message kMessages[] = {
    {"Assertion `", "assertion", "an assertion failed"},
    {"*** stack smashing detected ***", "stack-smashing",
     "a function wrote beyond an array on its stack"},
    {"*** buffer overflow detected ***", "buffer-overflow",
     "a function of the C library was to write beyond a buffer"},
    {"double free", kHeap, kHeapMeaning},
    {"free(): ", kHeap, kHeapMeaning},
    {"malloc(): ", kHeap, kHeapMeaning},
    {"calloc(): ", kHeap, kHeapMeaning},
    {"realloc(): ", kHeap, kHeapMeaning},
    {"memalign(): ", kHeap, kHeapMeaning},
    {"malloc_consolidate(): ", kHeap, kHeapMeaning},
    {"munmap_chunk(): ", kHeap, kHeapMeaning},
    {"mremap_chunk(): ", kHeap, kHeapMeaning},
    {"corrupted ", kHeap, kHeapMeaning},
    {"tcache_thread_shutdown(): ", kHeap, kHeapMeaning},
    {"sysmalloc: ", kHeap, kHeapMeaning},
    {"break adjusted to free malloc space", kHeap, kHeapMeaning},
};

std::string shortened(std::string_view words) {
  if (words.size() <= kLongestWords) return std::string(words);
  return std::string(cut_utf8(words, kLongestWords)) + "...";
}

Diagnosis in_words_of(const LastWords& words, const char* kind, std::string_view meaning) {
  const bool both = !words.type.empty() && !words.text.empty();
  const std::string said = words.type + (both ? ": " : "") + words.text;
  return {kind,
          said.empty() ? std::string(meaning) : fmt::format("{}: {}", meaning, shortened(said))};
}

Diagnosis reason_of_libc(const LastWords& words) {
  const auto known = std::ranges::find_if(kMessages, [&](const Message& message) {
    return words.text.find(message.part) != std::string::npos;
  });
  if (known != std::end(kMessages)) return in_words_of(words, known->kind, known->meaning);
  return in_words_of(words, "fatal-error", "the C library gave up");
}

}  // namespace

std::optional<Diagnosis> reason_of_abort(const LastWords& words) {
  switch (words.source) {
    case LastWords::Source::kLibc:
      return reason_of_libc(words);
    case LastWords::Source::kException:
      return in_words_of(words, "c++-exception", "a C++ exception was not caught");
    case LastWords::Source::kPython:
      return in_words_of(words, "fatal-error", "the Python interpreter gave up");
    case LastWords::Source::kStderr:
      break;
  }
  return std::nullopt;
}

}  // namespace pyfault
