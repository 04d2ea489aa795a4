#include "watchdog/format/syslog.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "watchdog/crash/signal_names.h"
#include "watchdog/crash/utf8.h"
#include "watchdog/format/abridge.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/format.h"
#include "watchdog/format/members.h"
#include "watchdog/format/message.h"
#include "watchdog/format/rfc3339.h"
#include "watchdog/format/severity.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxHost = 255;
constexpr std::size_t kMaxAppName = 48;
// Longer members, such as lists, are left to the message: the header must fit into any datagram.
constexpr std::size_t kMaxMember = 64;

// Returns a word for the header: printable ASCII without spaces, or "-".
std::string header_word(std::string word, std::size_t limit) {
  word.resize(std::min(word.size(), limit));
  std::replace_if(
      word.begin(), word.end(), [](char c) { return c <= ' ' || c > '~'; }, '_');
  return word.empty() ? "-" : word;
}

std::string message_id(const EventKind& kind) {
  std::string id(kind.name);
  std::transform(id.begin(), id.end(), id.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return id;
}

int priority_of(const Event& event, const SyslogStyle& style) {
  return style.facility * 8 + static_cast<int>(severity_of(event));
}

std::string process_id(const Event& event) {
  return event.process.pid > 0 ? std::to_string(event.process.pid) : "-";
}

// What would make it longer than `most` is left out.
class StructuredData {
 public:
  explicit StructuredData(std::size_t most) : most_(most) {}

  void add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    const std::string element =
        fmt::format(" {}=\"{}\"", name, escape_sd_value(escape_text(value)));
    if (text_.size() + element.size() < most_) text_ += element;
  }

  void operator()(const Crash& crash) {
    add("crash", crash.id);
    add_short_members(crash);
    if (crash.became_exception) add("became_exception", "true");
    add("exception_refused", crash.exception_refused);
    add("signal", crash.signal.name);
    if (crash.diagnosis) add("diagnosis", crash.diagnosis->kind);
    const Frame* frame = top_frame(crash);
    if (frame == nullptr) return;
    add("file", frame->file);
    add("line", frame->line ? std::to_string(*frame->line) : "");
    add("function", frame->function);
  }

  void operator()(const ExitEvent& exit) {
    add("reason", name_of(exit.reason));
    add("crash", exit.crash_id.value_or(""));
    add("code", exit.code ? std::to_string(*exit.code) : "");
    add("signal", exit.signal ? signal_name(*exit.signal) : "");
  }

  template <typename Body>
  void operator()(const Body& body) {
    add_short_members(body);
  }

  std::string text() const { return text_ + ']'; }

 private:
  template <typename Body>
  void add_short_members(const Body& body) {
    add_members(body, [this](std::string_view name, const std::string& value) {
      if (value.size() <= kMaxMember) add(name, value);
    });
  }

  std::size_t most_;
  std::string text_ = "[pyfault@32473";  // the enterprise number for examples (RFC 5612)
};

// Half of what fits is for the text.
std::string structured_data(const Event& event, const SyslogStyle& style) {
  StructuredData data(style.max_size / 2);
  data.add("event", kind_of(event).name);
  data.add("worker", event.worker.value_or(""));
  data.add("executable", event.process.executable);
  std::visit(data, event.body);
  return data.text();
}

std::string header(const Event& event, const SyslogStyle& style) {
  return fmt::format("<{}>1 {} {} {} {} {} {} ", priority_of(event, style),
                     rfc3339_utc(event.realtime_ns), header_word(event.host, kMaxHost),
                     header_word(style.app_name, kMaxAppName), process_id(event),
                     message_id(kind_of(event)), structured_data(event, style));
}

// Returns "Nov 23 07:40:10". The program never sets a locale, so the names are English.
std::string local_time(std::int64_t realtime_ns) {
  const auto seconds = static_cast<std::time_t>(realtime_ns / 1'000'000'000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%b %e %H:%M:%S", &local)};
}

// Returns "<27>Nov 23 07:40:10 pyfault-watchdog[1234]: EXIT [pyfault@32473 ...] ", in local time.
// MSGID and structured data have no place in that header, so they are put in the message. JSON
// contains them already, and its readers (rsyslog's mmjsonparse) expect the cookie first.
std::string local_header(const Event& event, const SyslogStyle& style) {
  std::string header =
      fmt::format("<{}>{} {}[{}]: ", priority_of(event, style), local_time(event.realtime_ns),
                  header_word(style.app_name, kMaxAppName), process_id(event));
  if (style.format == LogFormat::kJson) return header;
  return fmt::format("{}{} {} ", header, message_id(kind_of(event)), structured_data(event, style));
}

std::string cee_message(const Event& event) {
  return "@cee:" + json_message_of(event);
}

}  // namespace

std::string escape_sd_value(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == ']') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string format_syslog(const Event& event, const SyslogStyle& style) {
  const bool local = style.protocol == SyslogProtocol::kLocal;
  const std::string head = local ? local_header(event, style) : header(event, style);
  const std::size_t room = style.max_size > head.size() ? style.max_size - head.size() : 0;
  const bool json = style.format == LogFormat::kJson;
  std::string message = head + format_within(room, event, json ? cee_message : message_of);
  message.resize(cut_utf8(message, style.max_size).size());
  return message;
}

}  // namespace pyfault
