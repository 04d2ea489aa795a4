// What an agent does to its ring and pipe, as a test says it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <csignal>

#include <boost/interprocess/mapped_region.hpp>
#include <string>
#include <utility>

#include "shared/handshake.h"
#include "shared/ring_layout.h"
#include "shared/ring_writer.h"
#include "tests/support/record_builder.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault::test {

// A descriptor to map, for Boost.Interprocess.
struct Mappable {
  int fd;
  boost::interprocess::mapping_handle_t get_mapping_handle() const { return {fd, false}; }
};

inline RecordBuilder whole_record(const std::string& file = "app.py") {
  return RecordBuilder()
      .fault()
      .runtime()
      .code(file.c_str(), "main")
      .crashed_thread({at(0, 1)})
      .end();
}

class AgentSide {
 public:
  AgentSide(int ring_fd, UniqueFd pipe)
      : region_(Mappable{ring_fd}, boost::interprocess::read_write), pipe_(std::move(pipe)) {}

  void* ring() const { return region_.get_address(); }
  SlotHeader& slot(std::uint32_t index = 0) const { return *ring_slot(ring(), index); }
  SlotState state(std::uint32_t index = 0) const {
    return SlotWord::unpack(slot(index).state).state;
  }

  SlotWriter begin(int pid, const RecordBuilder& record) const {
    SlotWriter writer = SlotWriter::claim(ring(), pid);
    writer.append(record.bytes().data(), record.size());
    writer.commit();
    return writer;
  }
  void publish(int pid, const RecordBuilder& record = whole_record()) const {
    begin(pid, record).publish();
  }

  // False when the pipe is full.
  bool send(TokenKind kind, int pid, std::uint16_t signal = 0) const {
    const Token token{kind, signal, pid};
    return ::write(pipe_.get(), &token, sizeof(token)) == sizeof(token);
  }
  void ping() const { ASSERT_TRUE(send(TokenKind::kRecord, 0)); }
  void tell_of_fork(int pid) const { ASSERT_TRUE(send(TokenKind::kForked, pid)); }
  void tell_of_handler(int pid, std::uint16_t signal = SIGSEGV) const {
    ASSERT_TRUE(send(TokenKind::kHandlerReplaced, pid, signal));
  }
  void close_pipe() { pipe_.reset(); }
  int pipe() const { return pipe_.get(); }

 private:
  boost::interprocess::mapped_region region_;
  UniqueFd pipe_;
};

}  // namespace pyfault::test
