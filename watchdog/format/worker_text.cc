#include "watchdog/format/worker_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <iterator>

#include "watchdog/crash/signal_names.h"
#include "watchdog/format/escape.h"

namespace pyfault {
namespace {

constexpr std::size_t kLastLines = 10;

std::string parent_chain(const std::vector<Ancestor>& parents) {
  std::string text;
  for (const Ancestor& parent : parents) {
    text += fmt::format(" {}[{}]", escape_text(parent.name), parent.pid);
  }
  return text;
}

std::string what_comes_after(const AfterExit& after) {
  switch (after.decision) {
    case AfterExit::Decision::kRestart:
      return fmt::format("; to be started again in {:.1f} s", after.delay_seconds);
    case AfterExit::Decision::kGiveUp:
      return "; given up";
    case AfterExit::Decision::kStayDown:
      break;
  }
  return "";
}

std::string how_it_ended(const ExitEvent& exit, const std::optional<LastOutput>& output = {}) {
  std::string text = " ended, it is not known how";
  if (exit.signal) text = fmt::format(" was killed by {}", signal_name(*exit.signal));
  if (exit.code) text = fmt::format(" exited with code {}", *exit.code);
  if (const std::string why = exception_after("", output); !why.empty())
    text += fmt::format(" ({})", why);
  if (exit.crash_id) text += fmt::format(" (crash {})", escape_text(*exit.crash_id));
  if (exit.reason == ExitReason::kOomKilled) text += " (an OOM kill, as its memory cgroup counts)";
  if (exit.reason == ExitReason::kStopped) text += ", stopped";
  if (exit.reason == ExitReason::kStartTimeout) text += ", as it was not ready in time";
  const bool is_parenthesis =
      (!exit.signal && !exit.code) || exit.reason == ExitReason::kStartTimeout;
  if (is_parenthesis && exit.uptime_seconds) text += ',';
  return text + after_uptime(exit);
}

std::string bugs_of(const CrashLoopEvent& loop) {
  if (loop.fingerprints.empty()) return "no crash or exception among them";
  if (loop.fingerprints.size() > 1) {
    return fmt::format("{} different crashes or exceptions among them", loop.fingerprints.size());
  }
  const char* which = loop.unexplained == 0 ? "all" : "those that are explained";
  return fmt::format("{} by the same crash or exception {}", which,
                     escape_text(loop.fingerprints.front()));
}

// Returns the offset at which the last `lines` lines begin.
std::size_t begin_of_last(std::string_view text, std::size_t lines) {
  std::size_t begin = text.size();
  for (; lines > 0 && begin > 0; --lines) {
    const std::size_t newline = text.rfind('\n', begin - 1);
    if (newline == text.npos) return 0;
    begin = newline;
  }
  return begin == 0 ? 0 : begin + 1;
}

}  // namespace

std::string facts_of_worker(const WorkerCrash& crash) {
  std::string text;
  if (!crash.parents.empty()) text += fmt::format("  child of:{}\n", parent_chain(crash.parents));
  if (crash.occurrence > 1) text += fmt::format("  occurrence: {}\n", crash.occurrence);
  if (crash.abridged) text += "  threads: left out, as in the first reports of this crash\n";
  return text;
}

std::string last_lines(std::string_view text, const char* margin) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) return "";
  text.remove_prefix(begin_of_last(text, kLastLines));
  return escape_lines(text, margin);
}

std::string last_output(std::string_view tail) {
  const std::string lines = last_lines(tail, "  ");
  return lines.empty() ? "" : "\nLast output:\n" + lines;
}

std::string exception_after(std::string_view words, const std::optional<LastOutput>& output) {
  if (!output || !output->exception) return "";
  const RaisedException& exception = *output->exception;
  const std::string message = exception.message.substr(0, exception.message.find('\n'));
  std::string text = std::string(words) + escape_text(exception.type);
  return message.empty() ? text : text + ": " + escape_text(message);
}

std::string output_of_failed(const ExitEvent& exit, const std::optional<LastOutput>& output) {
  if (!output || exit.code == 0) return "";
  if (!output->exception || output->exception->traceback.empty()) return last_output(output->tail);
  return '\n' + escape_lines(output->exception->traceback, "  ");
}

std::string left_no_record(const ExitEvent& exit) {
  constexpr int kRequests[] = {SIGHUP, SIGINT, SIGTERM};
  if (exit.signal && std::ranges::find(kRequests, *exit.signal) != std::end(kRequests)) return "";
  std::string text = "; it left no record";
  if (exit.unwatched) text += ": it " + escape_text(exit.unwatched->predicate);
  return text;
}

std::string after_uptime(const ExitEvent& exit) {
  return exit.uptime_seconds ? fmt::format(" after {:.1f} s", *exit.uptime_seconds) : "";
}

std::string below(const std::vector<Ancestor>& parents) {
  return parents.empty() ? "" : "; child of" + parent_chain(parents);
}

std::string end_of_one_below(const ExitEvent& exit) {
  std::string end = how_it_ended(exit);
  if ((exit.signal && !exit.crash_id) || exit.unwatched) end += left_no_record(exit);
  return end + below(exit.parents);
}

std::string end_of_worker(const ExitEvent& exit, const std::optional<LastOutput>& output) {
  std::string end = exit.reason == ExitReason::kStartFailed
                        ? " could not be started: " + escape_text(exit.detail)
                        : how_it_ended(exit, output);
  if (exit.unwatched) end += left_no_record(exit);
  return exit.after ? end + what_comes_after(*exit.after) : end;
}

std::string crash_loop(const CrashLoopEvent& loop) {
  const std::string then =
      loop.gives_up ? "given up"
                    : fmt::format("tried every {:.0f} s from now on", loop.delay_seconds);
  return fmt::format(" is in a crash loop: {} failures within {:.0f} s{}, {}; {}", loop.failures,
                     loop.within_seconds, loop.ever_ready ? "" : " before it was ever ready",
                     bugs_of(loop), then);
}

}  // namespace pyfault
