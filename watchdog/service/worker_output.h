// Captures a worker's stdout and stderr without ever making the worker wait for a log.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/handover/saved_worker.h"
#include "watchdog/loop/readable_fd.h"
#include "watchdog/loop/timer.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/service/output_limit.h"
#include "watchdog/service/output_lines.h"

namespace pyfault {

// The pipes of a worker that a previous watchdog has read from.
struct InheritedOutput {
  UniqueFd out;
  UniqueFd err;
  SavedOutput saved;
};

class WorkerOutput {
 public:
  // Receives whole, formatted lines. Must not block.
  using Write = std::function<void(std::vector<std::string> lines)>;

  struct Terms {
    std::string worker;
    LineFormat format = &line_for_file;
    OutputLimit limit{};
  };

  // Takes over inherited pipes, or creates two. Throws std::system_error.
  WorkerOutput(boost::asio::io_context& io, Terms terms, Write write,
               InheritedOutput inherited = {});
  WorkerOutput(const WorkerOutput&) = delete;
  WorkerOutput& operator=(const WorkerOutput&) = delete;

  // The write ends, for the worker; valid until close_worker_ends().
  int out() const { return out_.worker_end.get(); }
  int err() const { return err_.worker_end.get(); }
  void close_worker_ends();

  // Applies to all later lines.
  void set_limit(const OutputLimit& limit) { limiter_.set(limit); }

  // The read ends.
  int out_reader() const { return out_.our_end.get(); }
  int err_reader() const { return err_.our_end.get(); }

  SavedOutput saved() const;

  // Reads what has been written so far. Bounded, so a worker that never stops writing cannot hold
  // the event loop.
  void drain();

  // Writes how many lines were left out since that was last reported, if any.
  void tell_left_out();

  // Drains both streams, writes an incomplete last line, and calls tell_left_out().
  void finish();

  std::string_view tail() const { return tail_.text(); }  // of both streams
  std::string_view tail_of_stderr() const { return err_tail_.text(); }

 private:
  struct Stream {
    // Takes over a read end, or creates a pipe if there is none. `begun` is an incomplete line.
    Stream(boost::asio::io_context& io, std::function<void(Stream&)> on_readable, UniqueFd reader,
           std::string begun);

    UniqueFd worker_end;
    ReadableFd our_end;
    OutputLines lines;

   private:
    struct Pipe;
    Stream(Pipe pipe, boost::asio::io_context& io, std::function<void(Stream&)> on_readable,
           std::string begun);
  };

  bool take_some(Stream& stream);
  void give_out(const std::vector<std::string>& lines);

  const std::string worker_;
  const LineFormat format_;
  OutputLimiter limiter_;
  Timer telling_;
  bool is_telling_ = false;  // telling_ runs; it reports the lines left out when it expires
  Write write_;
  OutputTail tail_{std::size_t{64} << 10};
  OutputTail err_tail_{std::size_t{32} << 10};
  Stream out_;
  Stream err_;
};

}  // namespace pyfault
