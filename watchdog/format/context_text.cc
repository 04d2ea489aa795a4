#include "watchdog/format/context_text.h"

#include <fmt/format.h>

#include <iterator>

#include "watchdog/format/escape.h"
#include "watchdog/format/rfc3339.h"

namespace pyfault {
namespace {

std::string annotations_fact(const Context& context) {
  std::string text;
  if (!context.annotations.empty()) text += ' ' + annotations_text(context.annotations);
  if (const auto left_out = context.annotations_left_out; left_out > 0) {
    fmt::format_to(std::back_inserter(text), " (there was no room for {}{})", left_out,
                   context.annotations.empty() ? "" : " more");
  }
  return text.empty() ? text : "  annotations:" + text + '\n';
}

std::string breadcrumbs_fact(const std::vector<Crumb>& breadcrumbs) {
  if (breadcrumbs.empty()) return "";
  std::string text = "  breadcrumbs:\n";
  for (const Crumb& crumb : breadcrumbs) {
    text += "    " + rfc3339_utc(crumb.realtime_ns) + ' ' + escape_text(crumb.text) + '\n';
  }
  return text;
}

}  // namespace

std::string annotations_text(const std::vector<Annotation>& annotations) {
  std::string text;
  for (const auto& [key, value] : annotations) {
    text += (text.empty() ? "" : " ") + quoted_word(key) + '=' + quoted_word(value);
  }
  return text;
}

std::string context_facts(const Context& context) {
  std::string text = annotations_fact(context);
  if (context.heartbeat_age_seconds) {
    text += fmt::format("  last heartbeat: {:.1f} s before\n", *context.heartbeat_age_seconds);
  }
  return text + breadcrumbs_fact(context.breadcrumbs);
}

std::string quoted_word(std::string_view word) {
  const bool plain = !word.empty() && word.find_first_of(" \t\n\"'\\$`") == word.npos;
  return plain ? escape_text(word) : '\'' + escape_text(word) + '\'';
}

}  // namespace pyfault
