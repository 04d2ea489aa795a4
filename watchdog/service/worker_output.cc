#include "watchdog/service/worker_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

#include "watchdog/ingest/notice.h"
#include "watchdog/os/clock.h"

namespace pyfault {
namespace {

// Bounds the reads per callback: a worker that never stops writing must not starve the event loop.
constexpr int kReadsAtOnce = 4;
constexpr std::size_t kReadSize = std::size_t{64} << 10;
// Enough to empty a pipe, even one that was enlarged to 1 MiB.
constexpr int kReadsInDrain = 32;

}  // namespace

struct WorkerOutput::Stream::Pipe {
  UniqueFd read_end;
  UniqueFd write_end;

  // Without a reader, creates a pipe. Only our end is non-blocking: the worker expects a blocking
  // one.
  explicit Pipe(UniqueFd reader) : read_end(std::move(reader)) {
    if (read_end) return;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0 || ::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
};

WorkerOutput::Stream::Stream(boost::asio::io_context& io, std::function<void(Stream&)> on_readable,
                             UniqueFd reader, std::string begun)
    : Stream(Pipe(std::move(reader)), io, std::move(on_readable), std::move(begun)) {}

WorkerOutput::Stream::Stream(Pipe pipe, boost::asio::io_context& io,
                             std::function<void(Stream&)> on_readable, std::string begun)
    : worker_end(std::move(pipe.write_end)),
      our_end(io, std::move(pipe.read_end),
              [this, on_readable = std::move(on_readable)] { on_readable(*this); }),
      lines(std::move(begun)) {
  our_end.start();
}

WorkerOutput::WorkerOutput(boost::asio::io_context& io, Terms terms, Write write,
                           InheritedOutput inherited)
    : worker_(std::move(terms.worker)),
      format_(terms.format),
      limiter_(terms.limit),
      telling_(io),
      write_(std::move(write)),
      out_(
          io, [this](Stream& stream) { take_some(stream); }, std::move(inherited.out),
          std::move(inherited.saved.begun_out)),
      err_(
          io, [this](Stream& stream) { take_some(stream); }, std::move(inherited.err),
          std::move(inherited.saved.begun_err)) {
  tail_.add(inherited.saved.tail);
  err_tail_.add(inherited.saved.err_tail);
}

SavedOutput WorkerOutput::saved() const {
  return {out_.lines.begun(), err_.lines.begun(), std::string(tail()),
          std::string(tail_of_stderr())};
}

void WorkerOutput::close_worker_ends() {
  out_.worker_end.reset();
  err_.worker_end.reset();
}

void WorkerOutput::drain() {
  for (Stream* stream : {&out_, &err_}) {
    for (int reads = 0; reads < kReadsInDrain && take_some(*stream); reads += kReadsAtOnce) {
    }
  }
}

void WorkerOutput::finish() {
  drain();
  for (Stream* stream : {&out_, &err_}) {
    stream->our_end.stop();
    give_out(stream->lines.finish());
  }
  tell_left_out();
}

void WorkerOutput::tell_left_out() {
  const std::uint64_t left_out = limiter_.take_suppressed();
  if (left_out == 0) return;
  const std::string said = fmt::format("{} {} left out: more than 'output_limit' lets pass",
                                       left_out, left_out == 1 ? "line was" : "lines were");
  write_({format_(worker_, said, realtime_now_ns())});
}

// The number of lines left out is reported at the end of the interval, whether or not more output
// follows.
void WorkerOutput::give_out(const std::vector<std::string>& lines) {
  const auto now = OutputLimiter::Time::clock::now();
  std::vector<std::string> passed;
  bool is_cut = false;
  for (const std::string& line : lines) {
    const bool passes = limiter_.admit(now);
    if (passes) passed.push_back(format_(worker_, line, realtime_now_ns()));
    is_cut = is_cut || !passes;
  }
  if (!passed.empty()) write_(std::move(passed));
  if (!is_cut || std::exchange(is_telling_, true)) return;
  telling_.start(limiter_.limit().interval, [this] {
    is_telling_ = false;
    tell_left_out();
  });
}

// Returns false when there is no more to read for now.
bool WorkerOutput::take_some(Stream& stream) {
  std::array<char, kReadSize> buffer;
  std::vector<std::string> lines;
  ssize_t size = 1;
  for (int reads = 0; reads < kReadsAtOnce && size > 0; ++reads) {
    size = ::read(stream.our_end.get(), buffer.data(), buffer.size());
    if (size <= 0) break;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
    tail_.add(bytes);
    if (&stream == &err_) err_tail_.add(bytes);
    std::ranges::move(stream.lines.take(bytes), std::back_inserter(lines));
  }
  if (size == 0) stream.our_end.stop();  // EOF: all write ends are closed
  give_out(lines);
  return size > 0;
}

}  // namespace pyfault
