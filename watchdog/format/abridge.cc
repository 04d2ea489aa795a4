#include "watchdog/format/abridge.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace pyfault {
namespace {

// A part of an event that can be shortened.
struct Part {
  const char* name;
  std::size_t least;  // shortening keeps at least this much
  std::size_t (*amount)(const Event&);
  void (*keep)(Event&, std::size_t amount);  // called only if there is more
};

std::size_t output_bytes(const Event& event) {
  return event.last_output ? event.last_output->tail.size() : 0;
}

// Keeps the end of the output.
void keep_output(Event& event, std::size_t bytes) {
  LastOutput& output = *event.last_output;
  const std::size_t left_out = output.tail.size() - bytes;
  output.tail.erase(0, left_out);
  output.omitted += left_out;
}

std::size_t traceback_bytes(const Event& event) {
  const bool has_one = event.last_output && event.last_output->exception;
  return has_one ? event.last_output->exception->traceback.size() : 0;
}

// Keeps the end, which has the exception.
void keep_traceback(Event& event, std::size_t bytes) {
  std::string& traceback = event.last_output->exception->traceback;
  traceback.erase(0, traceback.size() - bytes);
}

std::size_t thread_count(const Event& event) {
  const auto* crash = std::get_if<Crash>(&event.body);
  return crash ? crash->threads.size() : 0;
}

void keep_threads(Event& event, std::size_t count) {
  auto& crash = std::get<Crash>(event.body);
  crash.threads_omitted += crash.threads.size() - count;
  crash.threads.resize(count);
}

std::size_t most_frames(const Event& event) {
  const auto* crash = std::get_if<Crash>(&event.body);
  std::size_t most = 0;
  if (!crash) return most;
  for (const Thread& thread : crash->threads) most = std::max(most, thread.frames.size());
  return most;
}

// 0: an unknown number.
std::uint64_t frames_in(const Frame& frame) {
  if (frame.kind == Frame::Kind::kOmitted) return frame.omitted;
  return frame.kind == Frame::Kind::kCode ? 1 + frame.repeat : 1;
}

std::size_t native_frames_of(const Thread& thread) {
  return static_cast<std::size_t>(
      std::ranges::count(thread.stack, StackEntry::Kind::kNative, &StackEntry::kind));
}

std::size_t most_native_frames(const Event& event) {
  const auto* crash = std::get_if<Crash>(&event.body);
  std::size_t most = 0;
  if (!crash) return most;
  for (const Thread& thread : crash->threads) most = std::max(most, native_frames_of(thread));
  return most;
}

// Leaves an entry out, together with those that were left out just before it.
void leave_out(std::vector<StackEntry>& stack, const StackEntry& entry) {
  const bool is_gap = entry.kind == StackEntry::Kind::kOmitted;
  const std::optional<std::uint64_t> count = is_gap ? entry.omitted : 1;
  if (stack.empty() || stack.back().kind != StackEntry::Kind::kOmitted) {
    StackEntry& gap = stack.emplace_back();
    gap.kind = StackEntry::Kind::kOmitted;
    gap.omitted = 0;
  }
  std::optional<std::uint64_t>& omitted = stack.back().omitted;
  omitted = omitted && count ? std::optional(*omitted + *count) : std::nullopt;
}

// Keeps the innermost native frames, and those of Python where they are.
void keep_native_frames_of(Thread& thread, std::size_t count) {
  std::vector<StackEntry> kept;
  for (StackEntry& entry : thread.stack) {
    if (entry.kind == StackEntry::Kind::kOmitted) {
      leave_out(kept, entry);
    } else if (entry.kind == StackEntry::Kind::kPython || count > 0) {
      count -= entry.kind == StackEntry::Kind::kNative ? 1 : 0;
      kept.push_back(std::move(entry));
    } else {
      leave_out(kept, entry);
    }
  }
  thread.stack = std::move(kept);
}

void leave_out_unnamed_modules(Crash& crash) {
  std::set<std::string_view> named;
  for (const Thread& thread : crash.threads) {
    for (const StackEntry& entry : thread.stack) named.insert(entry.native.module);
  }
  std::erase_if(crash.modules, [&](const Module& module) { return !named.contains(module.path); });
}

void keep_native_frames(Event& event, std::size_t count) {
  auto& crash = std::get<Crash>(event.body);
  for (Thread& thread : crash.threads) {
    if (native_frames_of(thread) > count) keep_native_frames_of(thread, count);
  }
  leave_out_unnamed_modules(crash);
}

// Ends a stack at the first Python frame that is left out, which is now the last one of `frames`.
void end_stack_after(Thread& thread, std::size_t frames) {
  const auto end = std::ranges::find_if(thread.stack, [&](const StackEntry& entry) {
    return entry.kind == StackEntry::Kind::kPython && entry.frame >= frames;
  });
  if (end == thread.stack.end()) return;
  end->frame = frames;
  thread.stack.erase(end + 1, thread.stack.end());
}

// Keeps the innermost frames.
void keep_frames(Event& event, std::size_t count) {
  for (Thread& thread : std::get<Crash>(event.body).threads) {
    if (thread.frames.size() <= count) continue;
    Frame rest;
    rest.kind = Frame::Kind::kOmitted;
    bool counted = true;
    for (auto frame = thread.frames.begin() + static_cast<std::ptrdiff_t>(count);
         frame != thread.frames.end(); ++frame) {
      rest.omitted += frames_in(*frame);
      counted &= frames_in(*frame) != 0;
    }
    if (!counted) rest.omitted = 0;
    thread.frames.resize(count);
    thread.frames.push_back(std::move(rest));
    end_stack_after(thread, count);
  }
}

// `Of` is Event, or const Event. Returns null for events that have none.
template <typename Of>
auto context_of(Of& event) -> decltype(&std::get<Crash>(event.body).context) {
  if (auto* crash = std::get_if<Crash>(&event.body)) return &crash->context;
  auto* exit = std::get_if<ExitEvent>(&event.body);
  return exit ? &exit->context : nullptr;
}

std::size_t breadcrumb_count(const Event& event) {
  const Context* context = context_of(event);
  return context ? context->breadcrumbs.size() : 0;
}

// Keeps the latest.
void keep_breadcrumbs(Event& event, std::size_t count) {
  auto& breadcrumbs = context_of(event)->breadcrumbs;
  breadcrumbs.erase(breadcrumbs.begin(), breadcrumbs.end() - static_cast<std::ptrdiff_t>(count));
}

std::size_t most_annotations(const Event& event) {
  const Context* context = context_of(event);
  std::size_t most = context ? context->annotations.size() : 0;
  const auto* crash = std::get_if<Crash>(&event.body);
  if (!crash) return most;
  for (const Thread& thread : crash->threads) most = std::max(most, thread.annotations.size());
  return most;
}

void keep_annotations(Event& event, std::size_t count) {
  const auto keep = [&](std::vector<Annotation>& annotations) {
    if (annotations.size() > count) annotations.resize(count);
  };
  keep(context_of(event)->annotations);
  auto* crash = std::get_if<Crash>(&event.body);
  if (!crash) return;
  for (Thread& thread : crash->threads) keep(thread.annotations);
}

std::size_t bytes_of_last_words(const Event& event) {
  const auto* crash = std::get_if<Crash>(&event.body);
  return crash && crash->last_words ? crash->last_words->text.size() : 0;
}

// The least important part comes first.
constexpr Part kParts[] = {
    {"output", 0, output_bytes, keep_output},
    {"threads", 1, thread_count, keep_threads},
    {"native", 0, most_native_frames, keep_native_frames},
    {"breadcrumbs", 0, breadcrumb_count, keep_breadcrumbs},
    {"frames", 1, most_frames, keep_frames},
    {"traceback", 0, traceback_bytes, keep_traceback},
    {"command", 0, [](const Event& event) { return event.process.command.size(); },
     [](Event& event, std::size_t words) { event.process.command.resize(words); }},
    {"last_words", 0, bytes_of_last_words,
     [](Event& event, std::size_t bytes) {
       std::get<Crash>(event.body).last_words->text.resize(bytes);
     }},
    {"annotations", 0, most_annotations, keep_annotations},
    {"threads", 0, thread_count, keep_threads},
};

class Abridger {
 public:
  Abridger(std::size_t limit, const EventFormat& format) : limit_(limit), format_(format) {}

  // Returns false if the report is too long even with the least of this part.
  bool shorten(Event& event, const Part& part) {
    const std::size_t all = part.amount(event);
    if (all <= part.least) return false;
    if (event.left_out.empty() || event.left_out.back() != part.name) {
      event.left_out.emplace_back(part.name);
    }
    const Event whole = event;
    if (!keep(event, whole, part, part.least)) return false;
    // Bisection: the amount `fits` is known to fit, `too_much` is not.
    std::size_t fits = part.least;
    for (std::size_t too_much = all; too_much - fits > 1 + all / kPrecision;) {
      const std::size_t middle = fits + (too_much - fits) / 2;
      Event tried;
      (keep(tried, whole, part, middle) ? fits : too_much) = middle;
    }
    return keep(event, whole, part, fits);
  }

  std::string& text() { return text_; }

 private:
  static constexpr std::size_t kPrecision = 1024;

  bool keep(Event& event, const Event& whole, const Part& part, std::size_t amount) {
    event = whole;
    part.keep(event, amount);
    text_ = format_(event);
    return text_.size() <= limit_;
  }

  std::size_t limit_;
  const EventFormat& format_;
  std::string text_;
};

}  // namespace

std::string format_within(std::size_t limit, const Event& event, const EventFormat& format) {
  std::string text = format(event);
  if (text.size() <= limit) return text;
  Event smaller = event;
  Abridger abridger(limit, format);
  for (const Part& part : kParts) {
    if (abridger.shorten(smaller, part)) return std::move(abridger.text());
  }
  return format(smaller);
}

}  // namespace pyfault
