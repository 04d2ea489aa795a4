#include "watchdog/format/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "watchdog/crash/signal_names.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/format.h"
#include "watchdog/format/rfc3339.h"
#include "watchdog/format/worker_text.h"

namespace pyfault {
namespace {

std::string without_headers(std::string report, const Event& event) {
  const std::string headers = rfc3339_utc(event.realtime_ns) + ' ' + escape_text(event.host) + ' ';
  if (report.starts_with(headers)) report.erase(0, headers.size());
  if (report.ends_with('\n')) report.pop_back();
  return report;
}

std::string how_it_ended(const ExitEvent& exit) {
  if (exit.signal) return fmt::format("was killed by {}", signal_name(*exit.signal));
  return exit.code ? fmt::format("exited with code {}", *exit.code)
                   : std::string("ended, it is not known how");
}

std::string place_of(const Crash& crash) {
  const Frame* frame = top_frame(crash);
  if (frame == nullptr) return "";
  const std::string line = frame->line ? fmt::format(" line {}", *frame->line) : "";
  return fmt::format(" in {}, {}{}", escape_text(frame->function), escape_text(frame->file), line);
}

std::string diagnosis_of(const Crash& crash) {
  return crash.diagnosis ? ": " + escape_text(crash.diagnosis->text) : "";
}

std::string reason_of_dump(const Crash& crash) {
  if (!crash.requested_by) return "was asked for its stacks";
  return fmt::format("was sent {} by process {}", escape_text(crash.requested_by->signal),
                     crash.requested_by->sender_pid);
}

struct SentenceOf {
  const Event& event;

  template <typename Body>
  std::string operator()(const Body&) const {
    static_assert(!Body::kKind.sentence.empty(), "its sentence depends on its content");
    return std::string(Body::kKind.sentence);
  }
  std::string operator()(const RestartEvent& restart) const {
    return fmt::format("is started again, restart {}", restart.restarts);
  }
  std::string operator()(const Crash& crash) const {
    const std::string what = crash.kind == CrashKind::kDump
                                 ? reason_of_dump(crash)
                                 : fmt::format("crashed: {} ({})", escape_text(crash.signal.name),
                                               escape_text(crash.signal.code_name));
    const std::string_view goes_on =
        crash.became_exception ? "; this became an exception, and the process goes on" : "";
    return fmt::format("{}{}{}{}", what, place_of(crash), diagnosis_of(crash), goes_on);
  }
  std::string operator()(const ExitEvent& exit) const {
    const std::string crash = exit.crash_id ? " by crash " + *exit.crash_id : "";
    const std::string silent =
        exit.unwatched ? ", and left no record: it " + escape_text(exit.unwatched->predicate) : "";
    return how_it_ended(exit) + after_uptime(exit) + crash + silent +
           exception_after(": ", event.last_output);
  }
  std::string operator()(const HandlerReplacedEvent& replaced) const {
    return fmt::format("has put a handler of its own in place of the agent's for {}",
                       signal_name(replaced.signal));
  }
  std::string operator()(const UnwatchedEvent& unwatched) const {
    return "is not watched: it " + escape_text(unwatched.why.predicate);
  }
  std::string operator()(const NoticeEvent& notice) const { return notice.message; }
};

std::string subject_of(const Event& event) {
  std::string subject = event.worker ? "worker " + escape_text(*event.worker) + ' ' : "";
  if (event.process.pid > 0) {
    subject += fmt::format("{}[{}] ", escape_text(event.process.name), event.process.pid);
  }
  return subject;
}

}  // namespace

std::string sentence_of(const Event& event) {
  const bool has_subject = !std::holds_alternative<NoticeEvent>(event.body);
  return (has_subject ? subject_of(event) : "") + std::visit(SentenceOf{event}, event.body);
}

std::string message_of(const Event& event) {
  std::string message = without_headers(format_text(event), event);
  return message.empty() ? sentence_of(event) : message;
}

std::string json_message_of(const Event& event) {
  std::string json = format_json(event);
  json.pop_back();
  return json;
}

const Frame* top_frame(const Crash& crash) {
  if (crash.threads.empty() || !crash.threads.front().crashed) return nullptr;
  const auto& frames = crash.threads.front().frames;
  const auto frame = std::find_if(frames.begin(), frames.end(), [](const Frame& candidate) {
    return candidate.kind == Frame::Kind::kCode;
  });
  return frame == frames.end() ? nullptr : &*frame;
}

}  // namespace pyfault
