// A hostile process connects to the real watchdog and writes to its ring. Whatever it does, the
// watchdog must stay alive, become idle, stay small, and report the crashes of other processes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <sstream>
#include <thread>

#include "tests/e2e/both_ways.h"
#include "tests/support/context_builder.h"
#include "tests/support/fake_agent.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

// SIGUSR1 makes it run a worker that crashes; SIGUSR2 makes it crash itself.
constexpr char kProgram[] = R"(
import ctypes, os, signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGUSR2])
print("socket", os.environ["PYFAULT_SOCKET"], "ready", flush=True)
while signal.sigwait([signal.SIGUSR1, signal.SIGUSR2]) == signal.SIGUSR1:
    subprocess.run([sys.executable, "worker.py"])
    print("worker died", flush=True)
ctypes.memset(0, 1, 1)
)";
constexpr char kWorker[] = "import ctypes\ndef work():\n    ctypes.memset(0, 1, 1)\nwork()\n";

constexpr std::size_t kMaxMemoryKb = 48 << 10;

class HostileAgent : public BothWays {
 protected:
  void start(rlim_t descriptors = 1024) {
    program(kProgram);
    write_file(file("worker.py"), kWorker);
    Launch launch = watched();
    launch.before_exec = [descriptors] {
      const rlimit files{descriptors, descriptors};
      ::setrlimit(RLIMIT_NOFILE, &files);
    };
    launch.limit = std::chrono::seconds(1200);
    watchdog_ = std::make_unique<ChildProcess>(std::move(launch));
    watchdog_->await("socket ");
    watchdog_->await(" ready\n");
    std::istringstream(watchdog_->output().substr(sizeof "socket")) >> address_;
  }

  FakeAgent& connect() { return agents_.emplace_back(address_); }
  FakeAgent& attach() {
    FakeAgent& agent = connect();
    agent.attach(hello_from(::getpid()));
    while (!agent.is_taken()) std::this_thread::yield();
    return agent;
  }
  void attach_with(const UniqueFd& ring) {
    const std::array descriptors{ring.get()};
    connect().say(hello_from(::getpid()), descriptors);
  }

  // Waits until a slot is free.
  static void publish(const FakeAgent& agent, const RecordBuilder& record, int owner = ::getpid()) {
    SlotWriter writer;
    while (!(writer = SlotWriter::claim(agent.side->ring(), owner))) std::this_thread::yield();
    writer.append(record.bytes().data(), record.size());
    writer.commit();
    writer.publish();
    agent.wake();
  }

  std::vector<std::byte> random_bytes(std::size_t size) {
    std::vector<std::byte> bytes(size);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random_()); });
    return bytes;
  }

  // A memory field of the watchdog's /proc/PID/status, in KiB.
  std::size_t memory(const std::string& field) const {
    std::istringstream status(read_file(proc("status")));
    for (std::string word; status >> word;) {
      if (word == field + ":") return status >> word, std::stoul(word);
    }
    throw std::runtime_error("no " + field);
  }
  // The CPU time that the watchdog has used, in clock ticks, from /proc/PID/stat.
  long cpu_ticks() const {
    const std::string stat = read_file(proc("stat"));
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    long user = 0, system = 0;
    fields >> user >> system;
    return user + system;
  }
  // Whether the watchdog's main thread waits for an event and not for a processor.
  bool sleeps() const {
    const std::string stat = read_file(proc("stat"));
    return stat.at(stat.rfind(')') + 2) == 'S';
  }
  // Returns false for a loop that spins. A watchdog that has much to do passes once it has
  // finished, however little CPU time it gets.
  bool comes_to_rest() const {
    constexpr int kEnough = 10;
    long ticks = 0;
    int asleep = 0;
    for (int i = 0; i < 10'000 && asleep < kEnough; ++i) {
      if (asleep == 0) ticks = cpu_ticks();
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      asleep = sleeps() && cpu_ticks() - ticks <= 1 ? asleep + 1 : 0;
    }
    return asleep == kEnough;
  }

  std::size_t crashes_of(const std::string& script) const {
    const auto crashes = watchdog().events("crash");
    return static_cast<std::size_t>(std::ranges::count_if(crashes, [&](const auto& crash) {
      const auto& command = crash.at("process").at("command");
      return !command.empty() && command.back() == script;
    }));
  }
  void run_a_worker() {
    watchdog_->send(SIGUSR1);
    watchdog_->await("worker died\n");
  }
  // The hostile agents keep their connections and rings until the end.
  void expect_unharmed(std::size_t workers = 1) {
    run_a_worker();
    EXPECT_TRUE(comes_to_rest());
    EXPECT_LE(memory("RssAnon"), kMaxMemoryKb);
    expect_the_end();
    EXPECT_EQ(crashes_of("worker.py"), workers);
  }
  void expect_the_end() {
    watchdog_->send(SIGUSR2);
    EXPECT_EQ(watchdog_->wait().ending, killed_by(SIGSEGV));
    EXPECT_EQ(crashes_of("program.py"), 1U);
    EXPECT_EQ(watchdog().events("exit").size(), 1U);
  }
  bool told(const std::string& text) const {
    for (int i = 0; i < 30'000; ++i) {
      if (watchdog().report().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::string proc(const std::string& name) const {
    return "/proc/" + std::to_string(watchdog_->pid()) + "/" + name;
  }

  std::unique_ptr<ChildProcess> watchdog_;
  std::string address_;
  std::deque<FakeAgent> agents_;
  std::mt19937_64 random_{20261123};
};
INSTANTIATE_TEST_SUITE_P(E2e, HostileAgent, testing::Values(interpreters().front()),
                         parameter_name);

TEST_P(HostileAgent, says_anything_but_hello) {
  start();
  for (int i = 0; i < 500; ++i) {
    connect().say(random_bytes(random_() % 4096));
    agents_.clear();
  }
  Hello hello = hello_from(::getpid());
  hello.magic ^= 1;
  connect().say(hello);
  hello = hello_from(-1);
  connect().say(hello);
  hello = hello_from(::getpid(), ArmStatus{0xffff});
  connect().say(hello);
  expect_unharmed();
}

TEST_P(HostileAgent, makes_up_interpreters_without_end) {
  start();
  for (std::uint32_t i = 0; i < 300; ++i) {
    Hello hello = hello_from(::getpid(), ArmStatus::kUnknownVersion);
    hello.version_hex = i << 16;
    connect().say(hello);
  }
  expect_unharmed();
  EXPECT_LE(watchdog().events("notice").size(), 70U);
}

TEST_P(HostileAgent, fills_the_ring_with_random_bytes) {
  start();
  const FakeAgent& agent = attach();
  for (int i = 0; i < 200; ++i) {
    auto* ring = static_cast<std::byte*>(agent.side->ring());
    std::ranges::copy(random_bytes(64), ring);
    for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
      std::ranges::copy(random_bytes(2000), reinterpret_cast<std::byte*>(ring_slot(ring, slot)));
    }
    agent.wake();
  }
  expect_unharmed();
}

TEST_P(HostileAgent, names_every_owner_and_size_at_its_limits) {
  start();
  const FakeAgent& agent = attach();
  for (const std::int32_t owner : {-1, 0, 1, 2, ::getppid(), watchdog_->pid(), 0x7fffffff}) {
    for (const std::uint32_t size : {0U, 1U, 8U, 0x1fffbfU, 0x1fffc0U, 0x1fffc1U, 0xffffffffU}) {
      for (const SlotState state : {SlotState::kClaimed, SlotState::kPublished}) {
        SlotHeader& slot = agent.side->slot(static_cast<std::uint32_t>(random_() % kSlotCount));
        slot.committed = size;
        slot.cut_short = CutShort{size};
        slot.state = SlotWord{state, SlotWord::kGenerationMask, owner}.pack();
        agent.wake();
      }
    }
  }
  expect_unharmed();
}

TEST_P(HostileAgent, counts_beyond_what_a_record_can_hold) {
  start();
  const FakeAgent& agent = attach();
  for (std::size_t offset = 0; offset < whole_record().size(); offset += 4) {
    RecordBuilder record = whole_record();
    const std::uint32_t limit = random_() % 2 == 0 ? 0xffffffff : 0x7fffffff;
    std::memcpy(record.mutable_bytes().data() + offset, &limit, sizeof limit);
    publish(agent, record);
  }
  expect_unharmed();
}

TEST_P(HostileAgent, leaves_records_without_end) {
  start();
  const FakeAgent& agent = attach();
  for (int i = 0; i < 4000; ++i) publish(agent, whole_record());
  EXPECT_TRUE(told("more than 2000 records"));
  expect_unharmed();
  EXPECT_LE(watchdog().events("crash").size(), 3000U);
  EXPECT_TRUE(told(" records were not reported"));
}

// The child is entered in every ring, so that the watchdog can release none of them.
TEST_P(HostileAgent, attaches_without_end_and_goes_on_holding_on) {
  start();
  const pid_t child = ::fork();
  if (child == 0) ::pause();
  for (int i = 0; i < 100; ++i) {
    FakeAgent& agent = connect();
    agent.attach(hello_from(::getpid()));
    agent.side->enter_child(child);
  }
  EXPECT_TRUE(told("has attached too often"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  expect_unharmed();
}

TEST_P(HostileAgent, brings_what_is_no_ring) {
  start();
  attach_with(UniqueFd(::open("/dev/zero", O_RDWR | O_CLOEXEC)));
  attach_with(UniqueFd(::open("/proc/self/mem", O_RDWR | O_CLOEXEC)));
  attach_with(make_ring(0));
  attach_with(make_ring(kRingSeals, 4096));
  attach_with(make_ring(kRingSeals, std::size_t{1} << 40));
  attach_with(make_ring(kRingSeals | F_SEAL_WRITE));
  connect().say(hello_from(::getpid()));
  EXPECT_TRUE(told("was refused: its ring is"));
  expect_unharmed();
}

TEST_P(HostileAgent, takes_memory_away_from_under_its_ring) {
  start();
  const UniqueFd ring = make_ring();
  const AgentSide side(ring);
  attach_with(ring);
  while (side.stage() != RingStage::kTaken) std::this_thread::yield();
  for (int i = 0; i < 200; ++i) {
    side.slot().committed = 0x1fffc0;
    side.slot().state = SlotWord{SlotState::kPublished, 1, ::getpid()}.pack();
    ::fallocate(ring.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kRingSize);
    FakeAgent(address_).say(std::as_bytes(std::span(&side.header().id, 1)));
  }
  expect_unharmed();
}

TEST_P(HostileAgent, changes_slots_while_they_are_read) {
  start();
  const FakeAgent& agent = attach();
  std::atomic<bool> done = false;
  std::thread changer([&] {
    std::mt19937 generator;
    const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
    while (!done) {
      SlotHeader& slot = agent.side->slot(random() % kSlotCount);
      slot.state = SlotWord{SlotState{random() % 4}, random(), static_cast<int>(random())}.pack();
      slot.committed = random() % 3 == 0 ? random() : random() % 4096;
      slot_payload(&slot)[random() % 4096] = static_cast<std::byte>(random());
    }
  });
  for (int i = 0; i < 1000; ++i) {
    agent.wake();
    std::this_thread::yield();
  }
  run_a_worker();
  done = true;
  changer.join();
  expect_unharmed(2);
}

TEST_P(HostileAgent, says_things_of_itself_that_cannot_be) {
  start();
  const FakeAgent& agent = attach();
  void* const ring = agent.side->ring();
  RingHeader& header = agent.side->header();
  for (const std::uint32_t size : {0U, 4059U, 4060U, 4061U, 0x7fffffffU, 0xffffffffU}) {
    ContextBuilder says(ring, ::getpid(), static_cast<std::uint32_t>(random_() % kContextCount));
    says.append({0xffff, 0xffff, -1}, std::string(4000, '\xff'));
    says.block().annotations[0].size = says.block().annotations[1].size = size;
    for (std::size_t cell = 0; cell < kBreadcrumbCount; ++cell) {
      says.put_crumb(cell, ~std::uint64_t{0} - cell / 2, "\xff", -1);
      says.block().crumbs[cell].size = static_cast<std::uint16_t>(size);
    }
    says.beat(-1);
    header.contexts_end = size;
    header.contextless = size;
    publish(agent, whole_record());
  }
  for (int i = 0; i < 20; ++i) {
    for (std::uint32_t block = 0; block < kContextCount; ++block) {
      std::ranges::copy(random_bytes(1000),
                        reinterpret_cast<std::byte*>(ring_context(ring, block)));
    }
    publish(agent, whole_record());
  }
  expect_unharmed();
}

TEST_P(HostileAgent, owns_what_others_say_of_themselves) {
  start();
  const FakeAgent& agent = attach();
  const int victim = watchdog().events("start").front()["process"]["pid"];
  for (int i = 0; i < 20; ++i) {
    for (std::atomic<std::int32_t>& owner : agent.side->header().context_owners) {
      const int owners[] = {victim,           1,          -1,
                            watchdog_->pid(), 0x7fffffff, static_cast<int>(random_())};
      owner = owners[random_() % std::size(owners)];
    }
    agent.side->header().contexts_end = kContextCount;
    ContextBuilder(agent.side->ring(), victim, 0).annotate("said", "by another");
    agent.wake();
  }
  expect_unharmed();
  EXPECT_EQ(watchdog().report().find("by another"), std::string::npos);
}

TEST_P(HostileAgent, changes_what_it_says_all_the_time) {
  start();
  const FakeAgent& agent = attach();
  ContextBlock& block = ContextBuilder(agent.side->ring(), ::getpid()).block();
  std::atomic<bool> done = false;
  std::thread changer([&] {
    std::mt19937 generator;
    while (!done) {
      const auto number = static_cast<std::uint32_t>(generator());
      block.header.version = number;
      block.annotations[number % 2].size = number;
      block.crumbs[number % kBreadcrumbCount].number = number;
      block.crumbs[number % kBreadcrumbCount].size = static_cast<std::uint16_t>(number);
    }
  });
  for (int i = 0; i < 100; ++i) publish(agent, whole_record());
  run_a_worker();
  done = true;
  changer.join();
  expect_unharmed(2);
}

TEST_P(HostileAgent, wakes_it_faster_than_it_can_look) {
  start();
  const FakeAgent& agent = attach();
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t ring = random_() % 2 == 0 ? agent.side->id() : random_();
    agent.write_to_pipe(Wake{ring});
    if (random_() % 8 == 0) agent.write_to_pipe(static_cast<std::uint8_t>(i));
  }
  expect_unharmed();
}

TEST_P(HostileAgent, speaks_for_thousands_of_strangers) {
  start();
  const FakeAgent& agent = attach();
  for (int pid = 0; pid < 50'000; ++pid) {
    agent.side->enter_child(pid, static_cast<std::uint32_t>(pid) % kMaxChildren);
    if (pid % 64 == 0) agent.wake();
  }
  expect_unharmed();
}

TEST_P(HostileAgent, tells_lies_in_the_name_of_a_process_that_is_watched) {
  start();
  const FakeAgent& agent = attach();
  const int victim = watchdog().events("start").front()["process"]["pid"];
  publish(agent, whole_record(), victim);
  EXPECT_TRUE(told("\"claimed_pid\""));
  const auto process = watchdog().events("crash").front()["process"];
  EXPECT_EQ(process["pid"], ::getpid());
  EXPECT_EQ(process["claimed_pid"], victim);
  expect_unharmed();
}

TEST_P(HostileAgent, connects_and_goes_thousands_of_times) {
  start();
  for (int i = 0; i < 3000; ++i) {
    connect();
    agents_.clear();
  }
  expect_unharmed();
}

TEST_P(HostileAgent, connects_hundreds_of_times_and_says_nothing) {
  start();
  for (int i = 0; i < 500; ++i) connect();
  expect_unharmed();
}

TEST_P(HostileAgent, attaches_and_goes_hundreds_of_times) {
  start();
  for (int i = 0; i < 500; ++i) {
    const pid_t process = ::fork();
    if (process == 0) {
      FakeAgent agent(address_);
      agent.attach(hello_from(::getpid()));
      ::_exit(0);
    }
    ::waitpid(process, nullptr, 0);
  }
  EXPECT_TRUE(comes_to_rest());
  EXPECT_LE(memory("RssShmem"), std::size_t{4096});
  expect_unharmed();
}

TEST_P(HostileAgent, is_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root's rights to become another user";
  start();
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    constexpr uid_t kNobody = 65534;
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    FakeAgent agent(address_);
    agent.say(hello_from(::getpid()));
    while (!agent.is_hung_up_on()) std::this_thread::yield();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(stranger, &status, 0);
  EXPECT_EQ(status, 0);
  expect_unharmed();
}

TEST_P(HostileAgent, takes_all_descriptors_and_a_watched_crash_is_still_reported) {
  start(64);
  for (int i = 0; i < 100; ++i) connect();
  EXPECT_TRUE(told("can't be watched"));
  EXPECT_TRUE(comes_to_rest());
  expect_the_end();
}

TEST_P(HostileAgent, gives_the_descriptors_back_and_new_workers_are_watched) {
  start(64);
  for (int i = 0; i < 100; ++i) connect();
  EXPECT_TRUE(told("can't be watched"));
  agents_.clear();
  EXPECT_TRUE(comes_to_rest());
  expect_unharmed();
}

}  // namespace
}  // namespace pyfault::test
