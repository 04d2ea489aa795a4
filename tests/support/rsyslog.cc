#include "tests/support/rsyslog.h"

#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <stdexcept>
#include <thread>

#include "tests/support/files.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;

constexpr char kProgram[] = "/usr/sbin/rsyslogd";  // where Debian has it; not on every user's PATH

void await(const std::string& what, const std::function<bool()>& has_come) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(300);
  while (!has_come()) {
    if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("rsyslogd: " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

bool Rsyslog::is_installed() {
  return ::access(kProgram, X_OK) == 0;
}

Rsyslog::Rsyslog(fs::path directory) : directory_(std::move(directory)) {
  write_configuration();
  start();
}

void Rsyslog::write_configuration() const {
  const std::string at = "address=\"127.0.0.1\" port=\"";
  write_file(directory_ / "rsyslog.conf",
             "global(workDirectory=\"" + directory_.string() +
                 "\")\n"
                 "module(load=\"imudp\")\ninput(type=\"imudp\" " +
                 at + std::to_string(udp_port()) +
                 "\")\n"
                 "module(load=\"imtcp\")\ninput(type=\"imtcp\" " +
                 at + std::to_string(tcp_port()) +
                 "\")\n"
                 "module(load=\"imuxsock\" SysSock.Use=\"off\")\n"
                 "input(type=\"imuxsock\" useSpecialParser=\"off\" Socket=\"" +
                 socket() + "\")\ninput(type=\"imuxsock\" Socket=\"" + old_socket() +
                 "\")\n"
                 "template(name=\"plain\" type=\"string\" string=\"%hostname% %app-name% %procid% "
                 "%msgid% %structured-data%|%msg%\\n\")\n"
                 "*.* action(type=\"omfile\" template=\"plain\" file=\"" +
                 (directory_ / "messages").string() +
                 "\")\n"
                 "module(load=\"mmjsonparse\")\n*.* action(type=\"mmjsonparse\")\n"
                 "template(name=\"parsed\" type=\"string\" string=\"%parsesuccess% "
                 "%$!event%\\n\")\n"
                 "*.* action(type=\"omfile\" template=\"parsed\" file=\"" +
                 (directory_ / "parsed").string() + "\")\n");
}

// rsyslogd creates its sockets last, so the start is complete when the old one exists. It must not
// exist before.
void Rsyslog::start() {
  fs::remove(old_socket());
  Launch launch;
  launch.command = {kProgram, "-n", "-f", directory_ / "rsyslog.conf", "-i", directory_ / "pid"};
  launch.limit = std::chrono::seconds(1200);
  daemon_ = std::make_unique<ChildProcess>(std::move(launch));
  test::await("did not start",
              [this] { return fs::exists(old_socket()) && fs::exists(directory_ / "pid"); });
}

void Rsyslog::stop() {
  daemon_->send(SIGTERM);
  daemon_->wait();
}

std::string Rsyslog::await(const std::string& text, const char* file) const {
  std::string all;
  test::await("'" + text + "' did not come", [&] {
    all = fs::exists(directory_ / file) ? read_file(directory_ / file) : "";
    return all.find(text) != all.npos;
  });
  return all;
}

}  // namespace pyfault::test
