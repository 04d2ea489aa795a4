#include "watchdog/event/event_size.h"

#include <string>
#include <variant>
#include <vector>

namespace pyfault {
namespace {

std::size_t size_of(const Frame& frame) {
  const std::size_t source = frame.source ? frame.source->size() : 0;
  return sizeof frame + frame.file.size() + frame.function.size() + frame.name.size() + source;
}

std::size_t size_of(const StackEntry& entry) {
  const NativeFrame& frame = entry.native;
  return sizeof entry + frame.module.size() + frame.build_id.size() + frame.function.size() +
         frame.file.size();
}

std::size_t size_of(const Module& module) {
  return sizeof module + module.path.size() + module.build_id.size();
}

std::size_t size_of(const std::vector<Annotation>& annotations) {
  std::size_t size = 0;
  for (const Annotation& each : annotations)
    size += sizeof each + each.key.size() + each.value.size();
  return size;
}

std::size_t size_of(const Context& context) {
  std::size_t size = size_of(context.annotations);
  for (const Crumb& crumb : context.breadcrumbs) size += sizeof crumb + crumb.text.size();
  return size;
}

std::size_t size_of(const LastOutput& output) {
  if (!output.exception) return output.tail.size();
  return output.tail.size() + output.exception->message.size() + output.exception->traceback.size();
}

}  // namespace

std::size_t approximate_size(const Event& event) {
  std::size_t size = sizeof event;
  for (const std::string& word : event.process.command) size += sizeof(std::string) + word.size();
  if (event.last_output) size += size_of(*event.last_output);
  if (const auto* notice = std::get_if<NoticeEvent>(&event.body)) size += notice->message.size();
  if (const auto* exit = std::get_if<ExitEvent>(&event.body)) size += size_of(exit->context);
  const auto* crash = std::get_if<Crash>(&event.body);
  if (!crash) return size;
  size += size_of(crash->context);
  for (const Thread& thread : crash->threads) {
    size += sizeof thread + size_of(thread.annotations);
    for (const Frame& frame : thread.frames) size += size_of(frame);
    for (const StackEntry& entry : thread.stack) size += size_of(entry);
  }
  for (const Module& module : crash->modules) size += size_of(module);
  size += crash->registers.size() * sizeof(Register);
  if (crash->instruction) size += crash->instruction->bytes.size();
  if (crash->diagnosis) size += crash->diagnosis->text.size();
  return size;
}

}  // namespace pyfault
