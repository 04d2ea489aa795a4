#include "watchdog/log_error.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "watchdog/format/escape.h"

namespace pyfault {
namespace {

bool stderr_takes_more() {
  pollfd poll_fd{STDERR_FILENO, POLLOUT, 0};
  return ::poll(&poll_fd, 1, 0) == 1;
}

// Unlike spdlog's own sink for stderr, it never blocks, escapes the message, and writes it in one
// write(2). It has no state and no lock: no thread waits for another one's message.
class DiagnosticSink final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& message) override {
    const std::string_view name(message.logger_name.data(), message.logger_name.size());
    const std::string_view payload(message.payload.data(), message.payload.size());
    const std::string line = fmt::format("{}: {}\n", name, escape_text(payload));
    if (!stderr_takes_more()) return;
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
  }
  void flush() override {}
  // The form of a line is fixed.
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
};

// Created with the first message, as most runs have none, and never destroyed, because the threads
// of logs may outlive static objects. Not in spdlog's registry, which would create loggers of its
// own.
spdlog::logger& diagnostics() {
  static spdlog::logger& logger = *[] {
    auto made =
        std::make_unique<spdlog::logger>("pyfault-watchdog", std::make_shared<DiagnosticSink>());
    made->set_error_handler([](const std::string&) {});
    return made.release();
  }();
  return logger;
}

}  // namespace

void log_error(std::string_view message) noexcept try {
  diagnostics().log(spdlog::level::err, message);
} catch (...) {
}

}  // namespace pyfault
