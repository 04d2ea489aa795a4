#include "watchdog/format/abridge.h"

#include <algorithm>
#include <iterator>

namespace pyfault {
namespace {

// What can be made less of, and how much of it there is.
struct Part {
  const char* name;
  std::size_t least;  // of it is kept as long as something else can be left out
  std::size_t (*amount)(const Event&, const Crash&);
  void (*keep)(Event&, Crash&, std::size_t amount);
};

std::size_t output_bytes(const Event& event, const Crash&) {
  return event.worker_crash ? event.worker_crash->output_tail.size() : 0;
}

// The last that was written.
void keep_output(Event& event, Crash&, std::size_t bytes) {
  WorkerCrash& crash = *event.worker_crash;
  const std::size_t left_out = crash.output_tail.size() - bytes;
  crash.output_tail.erase(0, left_out);
  crash.output_omitted += left_out;
}

void keep_threads(Event&, Crash& crash, std::size_t count) {
  crash.threads_omitted += crash.threads.size() - count;
  crash.threads.resize(count);
}

std::size_t most_frames(const Event&, const Crash& crash) {
  std::size_t most = 0;
  for (const Thread& thread : crash.threads) most = std::max(most, thread.frames.size());
  return most;
}

// 0: more than anybody counted.
std::uint64_t frames_in(const Frame& frame) {
  if (frame.kind == Frame::Kind::kOmitted) return frame.omitted;
  return frame.kind == Frame::Kind::kCode ? 1 + frame.repeat : 1;
}

// The innermost.
void keep_frames(Event&, Crash& crash, std::size_t count) {
  for (Thread& thread : crash.threads) {
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
  }
}

// The least needed first.
constexpr Part kParts[] = {
    {"output", 0, output_bytes, keep_output},
    {"threads", 1, [](const Event&, const Crash& crash) { return crash.threads.size(); },
     keep_threads},
    {"frames", 1, most_frames, keep_frames},
    {"command", 0, [](const Event& event, const Crash&) { return event.process.command.size(); },
     [](Event& event, Crash&, std::size_t words) { event.process.command.resize(words); }},
    {"last_words", 0,
     [](const Event&, const Crash& crash) {
       return crash.last_words ? crash.last_words->text.size() : 0;
     },
     [](Event&, Crash& crash, std::size_t bytes) { crash.last_words->text.resize(bytes); }},
    {"threads", 0, [](const Event&, const Crash& crash) { return crash.threads.size(); },
     keep_threads},
};

class Abridger {
 public:
  Abridger(std::size_t limit, const EventFormat& format) : limit_(limit), format_(format) {}

  // False: it is still too long with the least of this part.
  bool shorten(Event& event, const Part& part) {
    const std::size_t all = part.amount(event, std::get<Crash>(event.body));
    if (all <= part.least) return false;
    if (event.left_out.empty() || event.left_out.back() != part.name) {
      event.left_out.emplace_back(part.name);
    }
    const Event whole = event;
    if (!keep(event, whole, part, part.least)) return false;
    // `fits` does, `too_much` does not.
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
    part.keep(event, std::get<Crash>(event.body), amount);
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
  if (text.size() <= limit || !std::holds_alternative<Crash>(event.body)) return text;
  Event smaller = event;
  Abridger abridger(limit, format);
  for (const Part& part : kParts) {
    if (abridger.shorten(smaller, part)) return std::move(abridger.text());
  }
  return format(smaller);
}

}  // namespace pyfault
