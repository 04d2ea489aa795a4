// Unix SOCK_SEQPACKET sockets by system call. Asio only waits for them: it can pass neither
// credentials nor descriptors, and would accept without close-on-exec.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Listens, non-blocking and close-on-exec, on the abstract address `name` (given without the
// leading NUL, at most 107 bytes). Throws std::system_error, std::length_error.
UniqueFd listen_abstract(const std::string& name);

// Likewise on a file that is not there yet.
UniqueFd listen_at_path(const std::string& path);

// Of a listener, as PYFAULT_SOCKET would name it ("@name", or a path); empty when it is none.
std::string listening_address(int socket);

// One connection, non-blocking and close-on-exec; empty, with errno, when there is none.
UniqueFd accept_connection(int listener);

// Who called connect(), as the kernel says.
std::optional<ucred> peer_credentials(int socket);

struct Packet {
  std::size_t size = 0;  // as it was sent; what did not fit is lost. 0: the other end hung up
  UniqueFd descriptor;   // the one that came along
  bool has_more_descriptors = false;  // they are gone
};

// Takes one packet without blocking. None where none is waiting.
std::optional<Packet> receive_packet(int socket, std::span<std::byte> bytes);

// Sends one packet with descriptors (at most two), without blocking and without SIGPIPE.
bool send_with_descriptors(int socket, std::span<const std::byte> packet,
                           std::span<const int> descriptors);

}  // namespace pyfault
