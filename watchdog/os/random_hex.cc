#include "watchdog/os/random_hex.h"

#include <sys/random.h>

#include <boost/algorithm/hex.hpp>
#include <cerrno>
#include <iterator>
#include <system_error>

namespace pyfault {

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  if (getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size())) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  std::string digits;
  boost::algorithm::hex_lower(raw, std::back_inserter(digits));
  return digits;
}

}  // namespace pyfault
