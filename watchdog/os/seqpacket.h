// Unix SOCK_SEQPACKET sockets by direct system calls. Asio only waits for them: it can pass neither
// credentials nor descriptors, and accepts without close-on-exec.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Returns a non-blocking, close-on-exec listener on the abstract address `name` (without the
// leading NUL, at most 107 bytes). Throws std::system_error, std::length_error.
UniqueFd listen_abstract(const std::string& name);

// The same at a path, which must not exist yet.
UniqueFd listen_at_path(const std::string& path);

// Returns the address of a listener as PYFAULT_SOCKET spells it ("@name", or a path); empty if
// `socket` is not a SOCK_SEQPACKET listener.
std::string listening_address(int socket);

// Accepts one connection, non-blocking and close-on-exec. Returns an empty one, with errno set, if
// there is none.
UniqueFd accept_connection(int listener);

// Credentials of the process that called connect(), from the kernel.
std::optional<ucred> peer_credentials(int socket);

// A pidfd of that process, which may have ended, and been reaped, since. Returns an empty one if
// the kernel does not hand it out: before 6.5, and before 6.16 once the process has been reaped.
UniqueFd peer_pidfd(int socket);

struct Packet {
  std::size_t size = 0;  // size as sent, of which the excess is lost; 0: the peer hung up
  UniqueFd descriptor;   // the first one passed
  bool has_more_descriptors = false;  // more were passed; they are closed
};

// Takes one packet without blocking. Returns nullopt if none is waiting.
std::optional<Packet> receive_packet(int socket, std::span<std::byte> bytes);

// Sends one packet with at most two descriptors, without blocking and without SIGPIPE. Returns
// false, with errno set, on failure.
bool send_with_descriptors(int socket, std::span<const std::byte> packet,
                           std::span<const int> descriptors);

}  // namespace pyfault
