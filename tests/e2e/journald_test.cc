// Logs of type journald, written to the real journald if it runs on this machine.
#include <gmock/gmock.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/child_process.h"
#include "watchdog/format/journal.h"
#include "watchdog/log/event_log.h"
#include "watchdog/os/random_hex.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using std::chrono::hours;
using testing::HasSubstr;
using testing::StartsWith;

// A crash event that claims to be about this process.
Event crash_here(const std::string& id) {
  Crash crash;
  crash.id = id;
  crash.signal.number = SIGSEGV;
  crash.signal.name = "SIGSEGV";
  crash.signal.code_name = "SEGV_MAPERR";
  crash.threads.resize(1);
  crash.threads[0].crashed = true;
  crash.threads[0].frames.resize(1);
  crash.threads[0].frames[0].file = "app.py";
  crash.threads[0].frames[0].function = "main";
  crash.threads[0].frames[0].line = 3;
  Event event;
  event.realtime_ns = 1795419610123456789;
  event.host = "web1";
  event.worker = "web";
  event.process.pid = ::getpid();
  event.process.name = "python3";
  event.process.executable = "/usr/bin/python3";
  event.body = crash;
  return event;
}

class JournaldTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::access(kJournalSocket, F_OK) != 0) GTEST_SKIP() << "no journald runs here";
    if (journal("-n", "1").ending != exited(0))
      GTEST_SKIP() << "needs root's rights to read the journal";
  }

  template <typename... Words>
  static Outcome journal(Words... words) {
    return run({.command = {"journalctl", "--no-pager", "-o", "json", "--all", words...}});
  }

  // Waits for the entry with this MESSAGE_ID about the crash. There must be only one.
  json await(std::string_view message_id) const {
    const std::string id = "MESSAGE_ID=" + std::string(message_id);
    const std::string crash = "PYFAULT_CRASH_ID=" + id_;
    for (int tries = 0; tries < 600; ++tries) {
      const std::string out = journal(id, crash).out;
      if (!out.empty()) return json::parse(out);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    throw std::runtime_error("no entry came");
  }
  json await_crash() const { return await(kCrashKind.message_id); }
  void write(const Event& event) const {
    EventLog log(settings_, "web1");
    log.write(std::make_shared<const Event>(event));
    log.finish(hours(1));
  }

  const std::string id_ = random_hex(16);
  LogSettings settings_{JournalLog{kJournalSocket, true}, LogFormat::kText, {}, "journald"};
};

TEST_F(JournaldTest, a_crash_is_one_entry_with_all_its_fields) {
  write(crash_here(id_));
  const json entry = await_crash();
  EXPECT_THAT(entry["MESSAGE"].get<std::string>(), StartsWith("python3["));
  EXPECT_EQ(entry["PRIORITY"], "2");
  EXPECT_EQ(entry["SYSLOG_IDENTIFIER"], "pyfault-watchdog");
  EXPECT_EQ(entry["CODE_FILE"], "app.py");
  EXPECT_EQ(entry["CODE_LINE"], "3");
  EXPECT_EQ(entry["CODE_FUNC"], "main");
  EXPECT_EQ(entry["PYFAULT_WORKER"], "web");
  EXPECT_EQ(entry["OBJECT_PID"], std::to_string(::getpid()));
}

TEST_F(JournaldTest, a_crash_that_is_larger_than_a_datagram_arrives_whole) {
  Event event = crash_here(id_);
  Frame frame = std::get<Crash>(event.body).threads[0].frames[0];
  frame.file = std::string(1000, 'x');
  std::get<Crash>(event.body).threads[0].frames.assign(3000, frame);
  write(event);
  EXPECT_GT(await_crash()["MESSAGE"].get<std::string>().size(), 3'000'000u);
}

TEST_F(JournaldTest, a_crash_is_there_for_coredumpctl) {
  write(crash_here(id_));
  const json entry = await(kCoredumpMessageId);
  EXPECT_EQ(entry["COREDUMP_SIGNAL"], "11");
  EXPECT_EQ(entry["COREDUMP_EXE"], "/usr/bin/python3");
}

}  // namespace
}  // namespace pyfault::test
