// Sends entries to systemd-journald in its native protocol (format/journal.h): each in a datagram
// or, if it is too large for that, in a sealed memfd.
//
// Does not use sd_journal_sendv() of libsystemd, which reports success if there is no journald:
// lost entries could then be neither retried nor counted.
#pragma once

#include <sys/socket.h>

#include <string>

#include "watchdog/os/unique_fd.h"
#include "watchdog/sink/sink.h"

namespace pyfault {

inline constexpr char kJournalSocket[] = "/run/systemd/journal/socket";

class JournalSink final : public Sink {
 public:
  // journald need not be running yet. Throws std::system_error.
  explicit JournalSink(std::string socket = kJournalSocket);

  int write(std::string_view entry) override;

 private:
  int send(const msghdr& message) const;
  int send_in_datagram(std::string_view entry) const;
  int send_in_memfd(std::string_view entry) const;

  const std::string path_;
  UniqueFd socket_;
};

}  // namespace pyfault
