// Python programs that are no workers find a running service and are watched by it: its crashes are
// in the service's log, and the service's restart does not matter.
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <vector>

#include "tests/e2e/handover_fixture.h"
#include "tests/support/fake_agent.h"
#include "tests/support/files.h"
#include "tests/support/test_matrix.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr char kSettled[] = "[[worker]]\nname = \"web\"\ncommand = [\"worker.py\"]\n";

// The runtime directory of the service and of the guests' user is a directory of the test.
class GuestFixture : public HandoverFixture {
 protected:
  explicit GuestFixture(const Interpreter& interpreter = interpreters().front())
      : HandoverFixture(interpreter) {}

  void start_service(const std::string& more = "") { start_service(more, store_.address()); }
  void start_service(const std::string& more, const std::string& manager) {
    script("worker", "import signal\nsignal.pause()\n");
    config(kSettled + more);
    std::filesystem::create_directory(file("pyfault-watchdog"));
    auto environment = where();
    environment["NOTIFY_SOCKET"] = manager;
    start(std::move(environment));
    await("start");
  }
  // Without a service manager, which has no room to keep as many rings as there may be.
  void start_unkept() { start_service("", ""); }
  void start_next_service() { start_another(0, where()); }
  std::map<std::string, std::string> where() const {
    return {{"RUNTIME_DIRECTORY", file("pyfault-watchdog")}, {"NOTIFY_SOCKET", store_.address()}};
  }
  Outcome ctl_there(std::vector<std::string> words) const {
    return ctl(std::move(words), {.environment = where()});
  }
  std::string address() const {
    return std::filesystem::read_symlink(file("pyfault-watchdog/guests"));
  }

  // A program that its user starts, with the package at hand. It is no descendant of the service.
  Launch guest(const std::string& code, std::vector<std::string> words = {}) const {
    write_file(file("guest.py"), code);
    std::vector<std::string> command = {interpreter().path};
    command.insert(command.end(), words.begin(), words.end());
    command.push_back(file("guest.py"));
    return {.command = command,
            .environment = {{"PYTHONPATH", PYFAULT_PYTHON_PACKAGE},
                            {"XDG_RUNTIME_DIR", file("")},
                            {"PYFAULT_SOCKET", ""},
                            {"PYFAULT_LOG", ""},
                            {"PYFAULT_LOG_FORMAT", ""}}};
  }
};

constexpr char kEnabled[] = R"(
import ctypes, os, signal, sys, time
import pyfault
pyfault.enable()
def fail_in_here():
    ctypes.memset(0, 1, 1)
)";

constexpr char kTellsSocket[] = "print(pyfault.status().socket, flush=True)\n";
constexpr char kTellsReason[] = "print(pyfault.status().missing[0], flush=True)\n";

constexpr char kWaits[] = R"(
signal.signal(signal.SIGUSR1, lambda *_: fail_in_here())
print("waiting", flush=True)
while True:
    signal.pause()
)";

// Processes of this user that have a ring each, until the end of the test.
class Crowd {
 public:
  Crowd(const std::string& address, int size) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const UniqueFd told(ends[0]);
    const UniqueFd telling(ends[1]);
    for (char is_taken = 1; size > 0 && is_taken != 0; --size) {
      members_.push_back(::fork());
      if (members_.back() == 0) be_one(address, telling.get());
      EXPECT_EQ(::read(told.get(), &is_taken, 1), 1);
      EXPECT_EQ(is_taken, 1) << size << " more";
    }
  }
  ~Crowd() {
    for (const pid_t member : members_) ::kill(member, SIGKILL);
    for (const pid_t member : members_) ::waitpid(member, nullptr, 0);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  [[noreturn]] static void be_one(const std::string& address, int telling) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    FakeAgent agent(address);
    agent.attach(hello_from(::getpid()));
    for (int i = 0; i < 60'000 && !agent.is_taken(); ++i) ::usleep(1000);
    const char is_taken = agent.is_taken() ? 1 : 0;
    if (::write(telling, &is_taken, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }

  std::vector<pid_t> members_;
};

// Its watchdog has the same stderr, and may write there when the program has ended.
void write_stderr_to(const std::filesystem::path& file) {
  const UniqueFd opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (::dup2(opened.get(), STDERR_FILENO) < 0) ::_exit(99);
}

constexpr int kRoomOfUser = 256;  // watchdog/service/guests.cc

class Guest : public GuestFixture, public testing::WithParamInterface<Interpreter> {
 protected:
  Guest() : GuestFixture(GetParam()) {}
};

TEST_P(Guest, that_calls_enable_is_reported_by_the_service) {
  start_service();
  const Outcome outcome = run(
      guest(std::string(kEnabled) + "print(pyfault.status().socket, flush=True)\nfail_in_here()"));
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV));
  EXPECT_EQ(outcome.out, address() + "\n");
  const json crash = await("crash").front();
  EXPECT_EQ(crash["threads"][0]["frames"][0]["function"], "fail_in_here");
  EXPECT_EQ(crash["worker"], nullptr);
  const json exit = await(Watchdog::kExitBelow).front();
  EXPECT_EQ(exit["crash"], crash["id"]);
  EXPECT_EQ(exit["process"]["pid"], crash["process"]["pid"]);
}

TEST_P(Guest, that_is_run_by_the_module_is_reported_with_its_children) {
  start_service();
  const Outcome outcome = run(guest(R"(
import subprocess, sys
subprocess.run([sys.executable, "-c", "import ctypes; ctypes.memset(0, 1, 1) "])
)",
                                    {"-m", "pyfault"}));
  EXPECT_EQ(outcome.ending, exited(0)) << outcome.err;
  EXPECT_EQ(await("crash").front()["signal"]["name"], "SIGSEGV");
}

TEST_P(Guest, that_wants_a_log_of_its_own_has_a_watchdog_of_its_own) {
  start_service();
  Launch launch = guest(std::string(kEnabled) + "fail_in_here()");
  launch.environment["PYFAULT_LOG"] = file("own");
  run(launch);
  await_that("the report", [&] {
    return std::filesystem::exists(file("own")) && !read_file(file("own")).empty();
  });
  EXPECT_THAT(events("crash"), IsEmpty());
}

TEST_P(Guest, for_which_there_is_no_room_has_a_watchdog_and_reports_of_its_own) {
  start_unkept();
  const Crowd crowd(address(), kRoomOfUser - 1);
  ChildProcess last(guest(std::string(kEnabled) + kTellsSocket + kWaits));
  last.await(address() + "\nwaiting");
  using Words = std::vector<std::string>;
  for (const Words& words : {Words{}, Words{"-m", "pyfault"}}) {
    Launch launch = guest(std::string(kEnabled) + kTellsReason + "fail_in_here()", words);
    launch.environment["PYFAULT_SOCKET"] = address();
    launch.environment["PYFAULT_LOG_FORMAT"] = "text";  // so it asks no service of this machine
    launch.before_exec = [&] { write_stderr_to(file("own")); };
    const Outcome outcome = run(launch);
    EXPECT_EQ(outcome.ending, killed_by(SIGSEGV));
    EXPECT_THAT(outcome.out, MatchesRegex("its watchdog is at @.*, for that at " + address() +
                                          " has no room .too many of its user are watched.\n"));
    await_that("the report",
               [&] { return read_file(file("own")).find("fail_in_here") != std::string::npos; });
    std::filesystem::remove(file("own"));
  }
  EXPECT_THAT(events("crash"), IsEmpty());
  EXPECT_THAT(await("notice").front()["message"].get<std::string>(), HasSubstr("found no room"));
}

TEST_P(Guest, asks_for_crashes_and_dumps_like_any_other) {
  start_service();
  const Outcome outcome = run(guest(std::string(kEnabled) + R"(
pid = os.fork()
if pid == 0:
    fail_in_here()
os.waitpid(pid, 0)
crash = pyfault.last_crash(pid, wait=10)
print(crash.threads[0].frames[0].function, pyfault.last_crash().id == crash.id, pyfault.dump(), flush=True)
)"));
  EXPECT_EQ(outcome.out, "fail_in_here True True\n") << outcome.err;
  await("dump");
}

TEST_P(Guest, can_be_asked_for_its_stacks_by_an_operator) {
  start_service();
  ChildProcess process(guest(std::string(kEnabled) + R"(
def wait_in_here():
    print("waiting", flush=True)
    signal.pause()
wait_in_here()
)"));
  process.await("waiting");
  await_that("the guest", [&] {
    return ctl_there({"status"}).out.find("1 process that is no worker is watched") !=
           std::string::npos;
  });
  const Outcome asked = ctl_there({"dump", std::to_string(process.pid())});
  EXPECT_EQ(asked.ending, exited(0)) << asked.err;
  EXPECT_THAT(asked.out, HasSubstr("wait_in_here"));
}

INSTANTIATE_TEST_SUITE_P(, Guest, testing::ValuesIn(interpreters()),
                         [](const auto& each) { return test_name(each.param); });

class GuestOfService : public GuestFixture {};

TEST_F(GuestOfService, stays_attached_when_the_service_is_restarted) {
  start_service();
  ChildProcess process(guest(std::string(kEnabled) + kWaits));
  process.await("waiting");
  const std::string before = address();
  service().send(SIGUSR2);
  EXPECT_EQ(wait().ending, exited(0));
  EXPECT_EQ(address(), before);
  start_next_service();
  await("notice");
  EXPECT_EQ(address(), before);
  process.send(SIGUSR1);
  EXPECT_EQ(process.wait().ending, killed_by(SIGSEGV));
  EXPECT_EQ(await("crash").front()["process"]["pid"], process.pid());
}

TEST_F(GuestOfService, that_crashes_while_there_is_no_watchdog_is_reported_by_the_next) {
  start_service();
  ChildProcess process(guest(std::string(kEnabled) + kWaits));
  process.await("waiting");
  await_that("the guest",
             [&] { return ctl_there({"status"}).out.find("1 process that") != std::string::npos; });
  kill_watchdog();
  process.send(SIGUSR1);
  EXPECT_EQ(process.wait().ending, killed_by(SIGSEGV));
  start_next_service();
  EXPECT_EQ(await("crash").front()["process"]["pid"], process.pid());
}

TEST_F(GuestOfService, that_is_not_wanted_starts_a_watchdog_of_its_own) {
  start_service("[service]\nguests = false\n");
  EXPECT_FALSE(
      std::filesystem::exists(std::filesystem::symlink_status(file("pyfault-watchdog/guests"))));
  EXPECT_THAT(run(guest(std::string(kEnabled) + kTellsSocket)).out, StartsWith("@"));
}

// Without a service manager, which would keep the listener for the next watchdog.
TEST_F(GuestOfService, that_follows_the_link_of_a_killed_service_starts_a_watchdog_at_once) {
  start_service("", "");
  kill_watchdog();
  const std::string found = run(guest(std::string(kEnabled) + kTellsSocket)).out;
  EXPECT_THAT(found, StartsWith("@"));
  EXPECT_NE(found, address() + "\n");
}

TEST_F(GuestOfService, that_names_it_when_it_is_full_is_told_of_the_watchdog_that_it_gets) {
  start_unkept();
  const Crowd crowd(address(), kRoomOfUser);
  Launch launch = guest("import pyfault._startup\n", {"-m", "pyfault"});
  launch.environment["PYFAULT_SOCKET"] = address();
  EXPECT_THAT(run(launch).err, MatchesRegex("python -m pyfault: its watchdog is at [^\n]*\n"));
  launch = guest("import pyfault._startup\n");
  launch.environment["PYFAULT_SOCKET"] = address();
  EXPECT_THAT(run(launch).err, MatchesRegex("pyfault: its watchdog is at [^\n]*\n"));
}

TEST_F(GuestOfService, that_insists_on_it_when_it_is_full_is_refused) {
  start_unkept();
  const Crowd crowd(address(), kRoomOfUser);
  const Outcome outcome = run(guest("import pyfault\npyfault.enable('" + address() + "')\n"));
  EXPECT_THAT(outcome.err, HasSubstr("Unwatched: there is no room at " + address()));
}

TEST_F(GuestOfService, does_not_wait_for_long_for_a_service_that_hangs) {
  start_service();
  service().suspend();
  const Outcome outcome = run(guest(std::string(kEnabled) + kTellsSocket));
  service().send(SIGCONT);
  EXPECT_EQ(outcome.out, address() + "\n");
}

// Older watchdogs refuse a kind of question that they do not know, or hang up.
TEST_F(GuestOfService, goes_to_a_watchdog_that_does_not_know_the_question) {
  const Outcome outcome = run(guest(R"(
import os, socket, struct, threading
import pyfault
listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind("\0pyfault-older-%d" % os.getpid())
listener.listen(8)
os.environ["PYFAULT_SOCKET"] = "@pyfault-older-%d" % os.getpid()
def answer():
    for reply in struct.pack("=IHHiI", 0x52465950, 1, 4, 0, 0) + b"unknown", b"":
        connection = listener.accept()[0]
        print(len(connection.recv(10000)), flush=True)
        connection.send(reply)
        connection.close()
threading.Thread(target=answer, daemon=True).start()
for _ in range(2):
    found = pyfault._watchdog.find_or_start(os.getpid())
    print(found.address == os.environ["PYFAULT_SOCKET"], found.full)
)"));
  EXPECT_EQ(outcome.out, "16\nTrue {}\n16\nTrue {}\n") << outcome.err;
}

class GuestOfAnotherUser : public GuestFixture {
 protected:
  GuestOfAnotherUser() : GuestFixture(system_interpreter()) {}
};

TEST_F(GuestOfAnotherUser, is_watched_and_told_of_its_own_crashes_only) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to become another user";
  if (interpreter().path.empty()) GTEST_SKIP() << "no interpreter that every user may run";
  let_others_in();  // to the agent and the watchdog; the package belongs beside them
  std::filesystem::create_directories(file("lib/python"));
  std::filesystem::copy(std::filesystem::path(PYFAULT_PYTHON_PACKAGE) / "pyfault",
                        file("lib/python/pyfault"), std::filesystem::copy_options::recursive);
  start_service();
  run(guest(std::string(kEnabled) + "fail_in_here()"));
  await("crash");
  Launch theirs = guest(std::string(kEnabled) +
                        "print(pyfault.last_crash(wait=1), flush=True)\nfail_in_here()\n");
  theirs.environment["PYTHONPATH"] = file("lib/python");
  theirs.before_exec = [] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(99);
  };
  ChildProcess process(theirs);
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV)) << outcome.err;
  EXPECT_EQ(outcome.out, "None\n");
  EXPECT_EQ(await("crash", 2).back()["process"]["pid"], process.pid());
}

}  // namespace
}  // namespace pyfault::test
