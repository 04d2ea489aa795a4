// The text report, for people: one line that begins with the time and says what happened, then the
// facts about the process, then each thread, as Python prints a traceback, with native frames among
// those of Python.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "watchdog/crash/signal_names.h"
#include "watchdog/format/context_text.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/format.h"
#include "watchdog/format/machine_state.h"
#include "watchdog/format/members.h"
#include "watchdog/format/rfc3339.h"
#include "watchdog/format/stack_text.h"
#include "watchdog/format/worker_text.h"

namespace pyfault {
namespace {

using Buffer = std::back_insert_iterator<std::string>;

constexpr std::int64_t kMainInterpreter = 0;

std::string process_name(const Process& process) {
  const std::string name = process.name.empty() ? "process" : escape_text(process.name);
  return fmt::format("{}[{}]", name, process.pid);
}

std::string headline(const Event& event, std::string_view subject, std::string_view what) {
  return fmt::format("{} {} {}{}\n", rfc3339_utc(event.realtime_ns), escape_text(event.host),
                     subject, what);
}

std::string cause(const Signal& signal) {
  std::string text =
      fmt::format(" crashed: {} ({})", escape_text(signal.name), escape_text(signal.code_name));
  if (!signal.description.empty()) text += ", " + escape_text(signal.description);
  if (signal.address) text += fmt::format(", at {:#x}", *signal.address);
  return text;
}

std::string reason_of_dump(const Crash& crash) {
  if (!crash.requested_by) return " dumped its stacks on request";
  return fmt::format(" was sent {} by process {} (uid {}), and is to handle it itself",
                     escape_text(crash.requested_by->signal), crash.requested_by->sender_pid,
                     crash.requested_by->sender_uid);
}

std::string command_line(const Process& process) {
  std::string line;
  for (const std::string& word : process.command) line += ' ' + quoted_word(word);
  return line;
}

std::string python_state(const PythonRuntime& python) {
  std::string text = " CPython";
  if (!python.version.empty()) text += ' ' + escape_text(python.version);
  if (python.free_threaded) text += ", free-threaded";
  if (python.finalizing.value_or(false)) text += ", finalizing";
  if (python.collecting_garbage.value_or(false)) text += ", collecting garbage";
  return text;
}

std::string claim(const Process& process) {
  return process.claimed_pid ? fmt::format(" {}, by its record's word alone", *process.claimed_pid)
                             : "";
}

void add_fact(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty()) fmt::format_to(Buffer(text), "  {}:{}\n", name, value);
}

std::string prefixed(const std::string& value) {
  return value.empty() ? value : ' ' + escape_text(value);
}

// "crash_id" -> "crash id"
std::string spaced(std::string_view member) {
  std::string words(member);
  std::ranges::replace(words, '_', ' ');
  return words;
}

std::string last_words(const LastWords& words) {
  std::string text = prefixed(words.type);
  if (!words.type.empty() && !words.text.empty()) text += ':';
  return text + prefixed(words.text);
}

bool is_in_diagnosis(const LastWords& words, const std::optional<Diagnosis>& diagnosis) {
  return diagnosis && !words.text.empty() && diagnosis->text.ends_with(words.text);
}

// Text from stderr may have many lines, and some of them may be unrelated.
void add_last_words(std::string& text, const LastWords& words) {
  if (words.source != LastWords::Source::kStderr) {
    return add_fact(text, "last words", last_words(words));
  }
  std::string lines;
  for (std::string_view rest = words.text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    lines += (lines.empty() ? " " : "\n    ") + escape_text(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  add_fact(text, "last on stderr", lines);
}

std::string facts(const Event& event, const Crash& crash) {
  std::string text;
  if (crash.diagnosis) add_fact(text, "diagnosis", prefixed(crash.diagnosis->text));
  add_fact(text, "guard", prefixed(crash.guard));
  add_fact(text, "worker", prefixed(event.worker.value_or("")));
  add_fact(text, "command", command_line(event.process));
  add_fact(text, "title", prefixed(event.process.title));
  add_fact(text, "process", claim(event.process));
  if (crash.last_words && !is_in_diagnosis(*crash.last_words, crash.diagnosis))
    add_last_words(text, *crash.last_words);
  add_fact(text, "python", python_state(crash.python));
  add_fact(text, crash.kind == CrashKind::kDump ? "dump id" : "crash id", prefixed(crash.id));
  add_members(crash, [&text](std::string_view name, const std::string& value) {
    add_fact(text, spaced(name), prefixed(value));
  });
  text += context_facts(crash.context);
  const std::string reason = crash.incomplete_reason.empty() ? " for an unknown reason"
                                                             : prefixed(crash.incomplete_reason);
  if (!crash.complete) add_fact(text, "incomplete", reason);
  if (!event.left_out.empty()) {
    add_fact(text, "left out",
             fmt::format(" some of the {}, because the log has no room",
                         fmt::join(event.left_out, ", ")));
  }
  return text;
}

std::string thread_headline(const Thread& thread, CrashKind kind) {
  std::string text = "Thread";
  if (thread.tid) text += fmt::format(" {}", *thread.tid);
  if (!thread.name.empty()) text += " \"" + escape_text(thread.name) + '"';
  text += fmt::format(" ({:#x})", thread.ident);
  if (!thread.interpreter) {
    text += " not known to Python";
  } else if (*thread.interpreter != kMainInterpreter) {
    text += fmt::format(" of interpreter {}", *thread.interpreter);
  }
  if (!thread.task.empty()) text += " in asyncio task \"" + escape_text(thread.task) + '"';
  // Those of the thread that crashed are in the head.
  if (!thread.annotations.empty() && !thread.crashed)
    text += " with " + annotations_text(thread.annotations);
  if (thread.crashed) text += kind == CrashKind::kCrash ? " crashed" : " asked for this dump";
  return text + ", most recent call first:\n";
}

std::string circumstances(const ExitEvent& exit) {
  if (exit.crash_signal) return " while it died of " + signal_name(*exit.crash_signal);
  if (exit.record_left_out) return "; its record may be one of those that were not reported";
  return left_no_record(exit);
}

// A crash report already has it, and an end that was asked for or was a success needs no
// explanation.
std::string context_of(const ExitEvent& exit) {
  const bool is_plain =
      exit.crash_id || exit.reason == ExitReason::kStopped || exit.code.value_or(1) == 0;
  return is_plain ? "" : context_facts(exit.context);
}

struct TextOf {
  const Event& event;

  std::string of_worker(std::string_view what) const {
    if (!event.worker) return "";
    const std::string process =
        event.process.pid > 0 ? " " + process_name(event.process) : std::string();
    return headline(event, "worker " + escape_text(*event.worker) + process, what);
  }

  // Nothing is reported about an end that a crash report explains nor, without a supervised worker,
  // about an exit that no signal caused.
  std::string of_one_below(const ExitEvent& exit) const {
    const bool explained = exit.crash_id && exit.crash_signal == exit.signal;
    if (explained || (!exit.signal && !exit.unwatched && !event.worker)) return "";
    return headline(event, process_name(event.process), end_of_one_below(exit)) + context_of(exit);
  }

  template <typename Body>
  std::string operator()(const Body&) const {
    const std::string what = ' ' + std::string(Body::kKind.sentence);
    return event.worker ? of_worker(what) : headline(event, process_name(event.process), what);
  }

  std::string operator()(const StartEvent&) const {
    return of_worker(" started:" + command_line(event.process));
  }

  std::string operator()(const ReadyEvent& ready) const {
    return of_worker(fmt::format(" is ready after {:.1f} s", ready.after_seconds));
  }

  std::string operator()(const RestartEvent&) const { return ""; }

  std::string operator()(const CrashLoopEvent& loop) const { return of_worker(crash_loop(loop)); }

  std::string operator()(const HandlerReplacedEvent&) const { return ""; }

  // Under --exec, that a process runs no Python is not worth reporting.
  std::string operator()(const UnwatchedEvent& unwatched) const {
    if (!event.worker && unwatched.why.reason == UnwatchedReason::kNotPython) return "";
    const std::string what = " is not watched: it " + escape_text(unwatched.why.predicate);
    if (unwatched.is_below)
      return headline(event, process_name(event.process), what + below(unwatched.parents));
    return event.worker ? of_worker(what) : headline(event, process_name(event.process), what);
  }

  std::string operator()(const NoticeEvent& notice) const {
    return headline(event, "pyfault-watchdog: ", escape_text(notice.message));
  }

  std::string operator()(const ExitEvent& exit) const {
    if (exit.is_below) return of_one_below(exit);
    if (event.worker) {
      return of_worker(end_of_worker(exit, event.last_output)) + context_of(exit) +
             output_of_failed(exit, event.last_output);
    }
    if (!exit.signal || exit.crash_signal == exit.signal) return "";
    const std::string what = fmt::format(
        " was killed by {}{}{}{}", signal_name(*exit.signal),
        exit.core_dumped ? " (core dumped)" : "",
        exit.reason == ExitReason::kOomKilled ? " (an OOM kill, as its memory cgroup counts)" : "",
        circumstances(exit));
    return headline(event, process_name(event.process), what) + context_of(exit);
  }

  std::string operator()(const Crash& crash) const {
    const bool is_dump = crash.kind == CrashKind::kDump;
    const std::string what = is_dump ? reason_of_dump(crash) : cause(crash.signal);
    std::string text = headline(event, process_name(event.process), what) + facts(event, crash);
    if (event.worker_crash) text += facts_of_worker(*event.worker_crash);
    const StackText stacks(crash, event.native_full);
    for (const Thread& thread : crash.threads) {
      text += '\n' + thread_headline(thread, crash.kind) + stacks.of(thread);
    }
    if (crash.threads_omitted > 0) {
      fmt::format_to(Buffer(text), "\n... {} more thread{} omitted ...\n", crash.threads_omitted,
                     crash.threads_omitted == 1 ? "" : "s");
    }
    if (event.native_full) text += machine_state(crash);
    if (event.last_output) text += last_output(event.last_output->tail);
    return text;
  }
};

}  // namespace

std::string format_text(const Event& event) {
  return std::visit(TextOf{event}, event.body);
}

}  // namespace pyfault
