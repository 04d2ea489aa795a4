// A worker's stdout and stderr, taken in without ever making it wait.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "watchdog/ingest/readable_fd.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/service/output_lines.h"

namespace pyfault {

class WorkerOutput {
 public:
  // Whole lines, see OutputLines. Must not wait.
  using Write = std::function<void(std::string lines)>;

  // Two pipes. Throws std::system_error.
  WorkerOutput(boost::asio::io_context& io, const std::string& worker, Write write);
  WorkerOutput(const WorkerOutput&) = delete;
  WorkerOutput& operator=(const WorkerOutput&) = delete;

  // The worker's ends, until close_worker_ends().
  int out() const { return out_.worker_end.get(); }
  int err() const { return err_.worker_end.get(); }
  void close_worker_ends();

  // Takes in what has been written up to now.
  void drain();

  // Likewise, and gives out a last line that has no newline.
  void finish();

  std::string_view tail() const { return tail_.text(); }

 private:
  struct Stream {
    Stream(boost::asio::io_context& io, const std::string& worker,
           std::function<void(Stream&)> on_readable);

    UniqueFd worker_end;
    ReadableFd our_end;
    OutputLines lines;

   private:
    struct Pipe;
    Stream(Pipe pipe, boost::asio::io_context& io, const std::string& worker,
           std::function<void(Stream&)> on_readable);
  };

  bool take_some(Stream& stream);
  void finish(Stream& stream);

  Write write_;
  OutputTail tail_;
  Stream out_;
  Stream err_;
};

}  // namespace pyfault
