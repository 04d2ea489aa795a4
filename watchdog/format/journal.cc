#include "watchdog/format/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "watchdog/crash/signal_names.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/members.h"
#include "watchdog/format/message.h"
#include "watchdog/format/rfc3339.h"
#include "watchdog/format/severity.h"

namespace pyfault {
namespace {

using Fields = std::vector<JournalField>;

// Replaces an unknown user or group: coredumpctl (systemd 252) aborts at an entry without one.
constexpr std::uint32_t kNobody = 65534;

void add(Fields& fields, std::string name, std::string value) {
  if (!value.empty()) fields.emplace_back(std::move(name), std::move(value));
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

void add_process(Fields& fields, const Process& process) {
  if (process.pid > 0) {
    add(fields, "OBJECT_PID", std::to_string(process.pid));
    add(fields, "PYFAULT_PID", std::to_string(process.pid));
  }
  add(fields, "PYFAULT_NAME", process.name);
  add(fields, "PYFAULT_EXECUTABLE", process.executable);
  add(fields, "PYFAULT_COMMAND", joined(process.command));
  add(fields, "PYFAULT_TITLE", process.title);
}

void add_place(Fields& fields, const Frame& frame) {
  add(fields, "CODE_FILE", frame.file);
  if (frame.line) add(fields, "CODE_LINE", std::to_string(*frame.line));
  add(fields, "CODE_FUNC", frame.function);
}

// "after_seconds" -> "PYFAULT_AFTER_SECONDS"
std::string own_field(std::string_view member) {
  std::string name = "PYFAULT_";
  for (const char c : member) name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

// The journal drops an entry that has a field with an invalid name, or with one above 64
// characters.
bool is_field_name(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return name.size() <= kLongest && std::ranges::all_of(name, allowed);
}

bool has_field(const Fields& fields, std::string_view name) {
  return std::ranges::find(fields, name, &JournalField::first) != fields.end();
}

// Annotations beyond the first ones, and those whose keys make no name, are left to the message.
void add_annotations(Fields& fields, const std::vector<Annotation>& annotations) {
  constexpr std::size_t kMost = 16;
  std::size_t left = kMost;
  for (const auto& [key, value] : annotations) {
    std::string name = own_field("annotation_" + key);
    if (left == 0 || !is_field_name(name) || has_field(fields, name)) continue;
    add(fields, std::move(name), value);
    --left;
  }
}

void add_context(Fields& fields, const Context& context) {
  add_annotations(fields, context.annotations);
  std::string lines;
  for (const Crumb& crumb : context.breadcrumbs) {
    lines += (lines.empty() ? "" : "\n") + rfc3339_utc(crumb.realtime_ns) + ' ' +
             escape_text(crumb.text);
  }
  add(fields, "PYFAULT_BREADCRUMBS", std::move(lines));
  if (context.heartbeat_age_seconds) {
    add(fields, "PYFAULT_HEARTBEAT_AGE_SECONDS",
        fmt::format("{:.3f}", *context.heartbeat_age_seconds));
  }
}

struct AddBodyFields {
  Fields& fields;

  template <typename Body>
  void operator()(const Body& body) const {
    add_own_members(body);
  }

  void operator()(const Crash& crash) const {
    if (const Frame* frame = top_frame(crash)) add_place(fields, *frame);
    if (crash.tid > 0) add(fields, "TID", std::to_string(crash.tid));
    add(fields, "PYFAULT_CRASH_ID", crash.id);
    add_own_members(crash);
    if (crash.became_exception) add(fields, "PYFAULT_BECAME_EXCEPTION", "true");
    add(fields, "PYFAULT_EXCEPTION_REFUSED", crash.exception_refused);
    add(fields, "PYFAULT_SIGNAL", crash.signal.name);
    add(fields, "PYFAULT_SIGNAL_CODE", crash.signal.code_name);
    if (crash.diagnosis) {
      add(fields, "PYFAULT_DIAGNOSIS", crash.diagnosis->text);
      add(fields, "PYFAULT_DIAGNOSIS_KIND", crash.diagnosis->kind);
    }
    add(fields, "PYFAULT_PYTHON", crash.python.version);
    if (!crash.threads.empty()) add(fields, "PYFAULT_THREAD", crash.threads.front().name);
    add_context(fields, crash.context);
  }

  void operator()(const ExitEvent& exit) const {
    const char* killed = exit.core_dumped ? "dumped" : "killed";
    if (exit.signal || exit.code) {
      add(fields, "EXIT_CODE", exit.signal ? killed : "exited");
      add(fields, "EXIT_STATUS", std::to_string(exit.signal ? *exit.signal : *exit.code));
    }
    if (exit.signal) add(fields, "PYFAULT_SIGNAL", signal_name(*exit.signal));
    add(fields, "PYFAULT_REASON", std::string(name_of(exit.reason)));
    add(fields, "PYFAULT_CRASH_ID", exit.crash_id.value_or(""));
    add(fields, "PYFAULT_FINGERPRINT", exit.fingerprint);
    if (exit.uptime_seconds) {
      add(fields, "PYFAULT_UPTIME_SECONDS", fmt::format("{:.3f}", *exit.uptime_seconds));
    }
    if (exit.max_rss_bytes) {
      add(fields, "PYFAULT_MAX_RSS_BYTES", std::to_string(*exit.max_rss_bytes));
    }
    add_context(fields, exit.context);
  }

  template <typename Body>
  void add_own_members(const Body& body) const {
    add_members(body, [this](std::string_view name, std::string value) {
      add(fields, own_field(name), std::move(value));
    });
  }
};

void append_size(std::string& entry, std::uint64_t size) {
  for (int shift = 0; shift < 64; shift += 8) entry += static_cast<char>(size >> shift & 0xff);
}

}  // namespace

std::vector<JournalField> journal_fields(const Event& event, std::string message) {
  const EventKind& kind = kind_of(event);
  Fields fields;
  add(fields, "MESSAGE", std::move(message));
  add(fields, "MESSAGE_ID", std::string(kind.message_id));
  add(fields, "PRIORITY", std::to_string(static_cast<int>(severity_of(event))));
  add(fields, "SYSLOG_IDENTIFIER", "pyfault-watchdog");
  add(fields, "PYFAULT_EVENT", std::string(kind.name));
  add(fields, "PYFAULT_TIME", rfc3339_utc(event.realtime_ns));
  add(fields, "PYFAULT_WORKER", event.worker.value_or(""));
  add_process(fields, event.process);
  std::visit(AddBodyFields{fields}, event.body);
  if (event.last_output && event.last_output->exception) {
    add(fields, "PYFAULT_EXCEPTION", event.last_output->exception->type);
    add(fields, "PYFAULT_EXCEPTION_MESSAGE", event.last_output->exception->message);
  }
  return fields;
}

std::vector<JournalField> coredump_fields(const Event& event) {
  if (kind_of(event) != kCrashKind) return {};
  const auto& crash = std::get<Crash>(event.body);
  Fields fields;
  add(fields, "MESSAGE", message_of(event));
  add(fields, "MESSAGE_ID", std::string(kCoredumpMessageId));
  add(fields, "PRIORITY", std::to_string(static_cast<int>(severity_of(event))));
  add(fields, "SYSLOG_IDENTIFIER", "pyfault-watchdog");
  add(fields, "COREDUMP_PID", std::to_string(event.process.pid));
  add(fields, "COREDUMP_UID", std::to_string(event.process.uid.value_or(kNobody)));
  add(fields, "COREDUMP_GID", std::to_string(event.process.gid.value_or(kNobody)));
  add(fields, "COREDUMP_SIGNAL", std::to_string(crash.signal.number));
  add(fields, "COREDUMP_SIGNAL_NAME", crash.signal.name);
  add(fields, "COREDUMP_TIMESTAMP", std::to_string(event.realtime_ns / 1000));
  add(fields, "COREDUMP_COMM", event.process.name);
  add(fields, "COREDUMP_EXE", event.process.executable);
  add(fields, "COREDUMP_CMDLINE", joined(event.process.command));
  add(fields, "COREDUMP_HOSTNAME", event.host);
  add(fields, "PYFAULT_CRASH_ID", crash.id);
  return fields;
}

// Each field is "NAME=VALUE\n" or, if the value has several lines, "NAME\n", its size as a 64-bit
// little-endian number, and "VALUE\n".
std::string journal_entry(const std::vector<JournalField>& fields) {
  std::string entry;
  for (const auto& [name, value] : fields) {
    entry += name;
    if (value.find('\n') == value.npos) {
      entry += '=';
    } else {
      entry += '\n';
      append_size(entry, value.size());
    }
    entry += value + '\n';
  }
  return entry;
}

}  // namespace pyfault
