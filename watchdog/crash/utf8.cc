#include "watchdog/crash/utf8.h"

#include <boost/nowide/utf/utf.hpp>

namespace pyfault {
namespace {

using Utf8 = boost::nowide::utf::utf_traits<char>;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

}  // namespace

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  const char* const end = bytes.data() + bytes.size();
  for (const char* next = bytes.data(); next != end;) {
    const char* const begin = next;
    if (boost::nowide::utf::is_valid_codepoint(Utf8::decode(next, end))) {
      text.append(begin, next);
    } else {
      text.append(kReplacement);
      next = begin + 1;  // the other bytes that decode() consumed may begin a valid character
    }
  }
  return text;
}

std::string_view cut_utf8(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) return bytes;
  std::size_t size = limit;
  while (size > 0 && limit - size < Utf8::max_width && Utf8::is_trail(bytes[size])) --size;
  return bytes.substr(0, size);
}

}  // namespace pyfault
