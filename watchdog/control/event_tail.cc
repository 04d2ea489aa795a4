#include "watchdog/control/event_tail.h"

#include <utility>

namespace pyfault {
namespace {

std::size_t size_of(const Frame& frame) {
  const std::size_t source = frame.source ? frame.source->size() : 0;
  return sizeof frame + frame.file.size() + frame.function.size() + frame.name.size() + source;
}

std::size_t size_of(const Event& event) {
  std::size_t size = sizeof event;
  for (const std::string& word : event.process.command) size += sizeof(std::string) + word.size();
  if (event.worker_crash) size += event.worker_crash->output_tail.size();
  if (const auto* notice = std::get_if<NoticeEvent>(&event.body)) size += notice->message.size();
  const auto* crash = std::get_if<Crash>(&event.body);
  if (!crash) return size;
  for (const Thread& thread : crash->threads) {
    size += sizeof thread;
    for (const Frame& frame : thread.frames) size += size_of(frame);
  }
  return size;
}

}  // namespace

void EventTail::add(Event event) {
  const std::size_t bytes = size_of(event);
  kept_.push_back({std::move(event), bytes});
  bytes_ += bytes;
  while (kept_.size() > 1 && (kept_.size() > limits_.events || bytes_ > limits_.bytes)) {
    bytes_ -= kept_.front().bytes;
    kept_.pop_front();
    ++first_;
  }
}

const Event& EventTail::at(std::uint64_t number) const {
  return kept_[static_cast<std::size_t>(number - first_)].event;
}

}  // namespace pyfault
