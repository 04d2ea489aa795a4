// The short options for passwords of well-known programs. What a short option means only its
// program knows: -p is a password to one, a port to the next.
#pragma once

#include <string>
#include <string_view>

namespace pyfault {

struct PasswordOption;

// Is told the words of a command one after the other, which may begin with an interpreter, a shell
// or the like. After the name of a program whose options are known, it knows their secrets.
class PasswordOptions {
 public:
  // Returns the part of this word that is a secret, or nothing.
  std::string_view secret_in(std::string_view word);

 private:
  std::string_view program_{};
  const PasswordOption* awaiting_value_ = nullptr;
};

// Replaces such secrets wherever a text has commands in it: a line of a shell, a list of words. In
// linear time.
std::string redact_password_options(std::string_view text, std::string_view replacement);

}  // namespace pyfault
