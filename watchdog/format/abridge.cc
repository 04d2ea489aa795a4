#include "watchdog/format/abridge.h"

#include <iterator>

namespace pyfault {
namespace {

constexpr std::size_t kFewFrames = 10;

void keep_threads(Crash& crash, std::size_t count) {
  if (crash.threads.size() <= count) return;
  crash.threads_omitted += crash.threads.size() - count;
  crash.threads.resize(count);
}

void keep_few_frames(Crash& crash) {
  for (Thread& thread : crash.threads) {
    if (thread.frames.size() <= kFewFrames) continue;
    Frame rest;
    rest.kind = Frame::Kind::kOmitted;
    rest.omitted = thread.frames.size() - kFewFrames;
    thread.frames.resize(kFewFrames);
    thread.frames.push_back(std::move(rest));
  }
}

void forget_output(Event& event) {
  if (event.worker_crash) event.worker_crash->output_tail.clear();
}

// Each leaves out more than the one before.
constexpr void (*kSteps[])(Event&, Crash&) = {
    [](Event& event, Crash&) { forget_output(event); },
    [](Event&, Crash& crash) { keep_threads(crash, 1); },
    [](Event&, Crash& crash) { keep_few_frames(crash); },
    [](Event&, Crash& crash) { keep_threads(crash, 0); },
    [](Event& event, Crash& crash) {
      event.process.command.clear();
      crash.last_words.reset();
    },
};

}  // namespace

std::string format_within(std::size_t limit, const Event& event,
                          const std::function<std::string(const Event&)>& format) {
  std::string text = format(event);
  if (text.size() <= limit || !std::holds_alternative<Crash>(event.body)) return text;
  Event smaller = event;
  for (const auto step : kSteps) {
    step(smaller, std::get<Crash>(smaller.body));
    text = format(smaller);
    if (text.size() <= limit) break;
  }
  return text;
}

}  // namespace pyfault
