// Faults that become exceptions, and those that must not (`with pyfault.guard():`).
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/both_ways.h"
#include "tests/e2e/service_fixture.h"
#include "tests/support/watchdog.h"
#include "watchdog/service/taint_watch.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// `read(address)` is a fault of C code, `caught(function)` calls it and returns the exception.
constexpr char kBegin[] = R"PY(
import ctypes, gc, os, signal, sys, threading, traceback
import pyfault
libc = ctypes.CDLL(None)
def read(address=0):
    return ctypes.string_at(address)
def caught(function, *arguments):
    try:
        with pyfault.guard():
            function(*arguments)
    except pyfault.Fault as fault:
        return fault
def expect(fact):
    if not fact:
        traceback.print_stack()
        os._exit(9)
)PY";

std::filesystem::path package_path() {
  return watchdog_path().parent_path().parent_path() / "lib" / "python";
}

class GuardTest : public BothWays {
 protected:
  void SetUp() override {
    if (GetParam().label.ends_with('t')) GTEST_SKIP() << "no fault becomes an exception there";
  }

  // Returns the crashes of a program that ends by itself.
  std::vector<json> crashes_of(const std::string& code) {
    outcome_ = run_program(code);
    EXPECT_EQ(outcome_.ending, exited(0)) << outcome_.err << watchdog().report();
    EXPECT_EQ(watchdog().events("exit").at(0).at("crash"), json());
    return watchdog().events("crash");
  }
  // Returns the crash of a program that dies, although it has a guard.
  json death_of(const std::string& code) {
    outcome_ = run_program(code);
    const std::vector<json> crashes = watchdog().events("crash");
    EXPECT_THAT(crashes, SizeIs(1)) << outcome_.err;
    if (crashes.size() != 1) return {};
    EXPECT_EQ(crashes[0].at("became_exception"), false);
    EXPECT_EQ(watchdog().events("exit").at(0).at("crash"), crashes[0].at("id"));
    return crashes[0];
  }
  Outcome run_program(const std::string& code) {
    program(kBegin + code);
    Launch launch = watched();
    launch.environment["PYTHONPATH"] = package_path();
    return run(launch);
  }

  Outcome outcome_;
};

TEST_P(GuardTest, a_fault_is_an_exception_with_the_id_of_its_report) {
  const std::vector<json> crashes = crashes_of(R"PY(
fault = caught(read, 8)
expect(isinstance(fault, Exception))
expect((fault.signal, fault.address) == (signal.SIGSEGV, 8))
print(fault.crash_id)
)PY");
  ASSERT_THAT(crashes, SizeIs(1));
  EXPECT_EQ(crashes[0].at("became_exception"), true);
  EXPECT_EQ(crashes[0].at("exception_refused"), json());
  EXPECT_EQ(outcome_.out, crashes[0].at("id").get<std::string>() + "\n");
}

TEST_P(GuardTest, the_traceback_leads_to_the_call) {
  crashes_of(R"PY(
text = "".join(traceback.format_exception(*(lambda e: (type(e), e, e.__traceback__))(caught(read))))
expect("return ctypes.string_at(address)" in text and "in string_at" in text)
)PY");
}

TEST_P(GuardTest, finally_runs_and_locks_are_released) {
  crashes_of(R"PY(
lock, order = threading.Lock(), []
def work():
    try:
        with lock:
            read()
    finally:
        order.append("finally")
caught(work)
expect(order == ["finally"] and not lock.locked())
expect(sys.exc_info() == (None, None, None))
)PY");
}

TEST_P(GuardTest, references_stay_as_they_are) {
  crashes_of(R"PY(
thing = object()
def work(argument, depth):
    kept = [argument]
    return read() if depth == 0 else work(argument, depth - 1)
before = sys.getrefcount(thing)
for _ in range(50):
    caught(work, thing, 5)
gc.collect()
expect(sys.getrefcount(thing) == before)
)PY");
}

TEST_P(GuardTest, all_kinds_of_faults) {
  const std::vector<json> crashes = crashes_of(R"PY(
import mmap, tempfile
def divide():
    libc.div(1, 0)
def read_behind_the_end():
    with tempfile.TemporaryFile() as file:
        file.truncate(2 * mmap.PAGESIZE)
        memory = mmap.mmap(file.fileno(), 2 * mmap.PAGESIZE)
        file.truncate(0)
        memory[mmap.PAGESIZE:]
def call_null():
    ctypes.CFUNCTYPE(None)(8)()
def without_the_lock():
    libc.strlen(ctypes.c_void_p(8))
def with_the_lock():
    ctypes.PyDLL(None).strlen(ctypes.c_void_p(8))
expect(caught(divide).signal == signal.SIGFPE)
expect(caught(read_behind_the_end).signal == signal.SIGBUS)
expect(caught(call_null).address == 8)
expect(caught(without_the_lock).address == 8)
expect(caught(with_the_lock).address == 8)
)PY");
  EXPECT_THAT(crashes, SizeIs(5));
}

// All that can call C code, before and after the interpreter has specialised it. The checksum of
// memory that is not there is C code that holds no reference to the number.
constexpr char kInstructions[] = R"PY(
import zlib
nothing = (ctypes.c_char * 64).from_address(8)
number = ctypes.cast(8, ctypes.POINTER(ctypes.c_int))
class Memory:
    def __init__(self):
        self.checksum = zlib.crc32
memory, start = Memory(), 10 ** 20
def call(start):
    zlib.crc32(nothing, start)
def call_by_name(start):
    memory.checksum(nothing, start)
def call_with_keywords(start):
    sorted([start], key=lambda one: zlib.crc32(nothing, one), reverse=True)
def call_with_all(start):
    zlib.crc32(*(nothing, start))
def get_attribute(start):
    number.contents.value
def get_item(start):
    number[0]
def iterate(start):
    for checksum in map(zlib.crc32, [nothing], [start]):
        pass
every = [call, call_by_name, call_with_keywords, call_with_all, get_attribute, get_item, iterate]
)PY";

TEST_P(GuardTest, all_kinds_of_instructions) {
  crashes_of(std::string(kInstructions) + R"PY(
for function in every:
    for _ in range(20):
        expect(caught(function, start).signal == signal.SIGSEGV)
)PY");
}

// Called by its own name: in builds of 3.8 whose call_function() is a function of its own, the call
// of a method that faults loses one of its arguments.
TEST_P(GuardTest, an_instruction_releases_what_it_was_given) {
  crashes_of(std::string(kInstructions) + R"PY(
checksum = zlib.crc32
def call(start):
    checksum(nothing, start)
def call_in_vain(start):
    getattr(number.contents, "value", start)
def counts_after(function):
    for _ in range(20):
        caught(function, start)
    return sys.getrefcount(start), sys.getrefcount(checksum)
for function in [call, call_in_vain, get_attribute, get_item]:
    warm = counts_after(function)
    expect(counts_after(function) == warm)
)PY");
}

TEST_P(GuardTest, under_a_profiler) {
  crashes_of(std::string(kInstructions) + R"PY(
sys.setprofile(lambda *arguments: None)
for function in every:
    expect(caught(function, start))
sys.setprofile(None)
)PY");
}

TEST_P(GuardTest, an_overflown_c_stack_in_any_thread) {
  crashes_of(R"PY(
def overflow():
    libc.regcomp(ctypes.create_string_buffer(64), b"(" * 1000000, 1)
def work():
    for _ in range(3):
        expect(caught(overflow).signal == signal.SIGSEGV)
work()
thread = threading.Thread(target=work)
thread.start()
thread.join()
)PY");
}

TEST_P(GuardTest, threads_have_guards_of_their_own) {
  crashes_of(R"PY(
faults = []
threads = [threading.Thread(target=lambda: faults.append(caught(read))) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
expect(len(faults) == 8 and all(faults))
expect(pyfault.tainted() == 8)
)PY");
}

TEST_P(GuardTest, generators_finalizers_and_kept_frames) {
  crashes_of(R"PY(
def generate():
    yield 1
    read()
generator = generate()
next(generator)
expect(caught(next, generator))
expect(list(generator) == [])
class Broken:
    def __del__(self):
        read()
def drop():
    Broken()
def drop_a_cycle():
    broken = Broken()
    broken.itself = broken
    del broken
    gc.collect()
sys.unraisablehook = lambda raised: unraisable.append(raised.exc_type)
unraisable = []
caught(drop)
caught(drop_a_cycle)
expect(unraisable == [pyfault.Fault] * 2)
cycle = []
cycle.append(cycle)
del cycle
expect(gc.collect() > 0)
frames = []
def keep():
    frames.append(sys._getframe())
    read()
caught(keep)
gc.collect()
expect(frames[0].f_code.co_name == "keep" and frames[0].f_locals == {})
)PY");
}

TEST_P(GuardTest, many_in_a_row) {
  run_program(R"PY(
def work(depth):
    return read() if depth == 0 else work(depth - 1)
for _ in range(10000):
    expect(caught(work, 20))
for _ in range(10):
    expect(caught(work, 500))
expect(pyfault.tainted() == 10010)
os._exit(0)
)PY");
}

TEST_P(GuardTest, many_in_one_guard) {
  crashes_of(R"PY(
def work(depth):
    return read() if depth == 0 else work(depth - 1)
faults = 0
with pyfault.guard():
    for _ in range(100):
        try:
            work(5)
        except pyfault.Fault:
            faults += 1
expect(faults == 100)
def depth(count):
    try:
        return depth(count + 1)
    except RecursionError:
        return count
expect(depth(0) > 900)
)PY");
}

TEST_P(GuardTest, without_a_guard_the_process_dies) {
  const json crash = death_of(R"PY(
caught(lambda: None)
read()
)PY");
  EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
  EXPECT_EQ(crash.at("exception_refused"), json());
}

TEST_P(GuardTest, a_guard_of_another_thread_is_none) {
  death_of(R"PY(
with pyfault.guard():
    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
)PY");
  EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
}

TEST_P(GuardTest, abort_is_not_a_fault) {
  const json crash = death_of("with pyfault.guard():\n    os.abort()\n");
  EXPECT_EQ(outcome_.ending, killed_by(SIGABRT));
  EXPECT_EQ(crash.at("exception_refused"), "no-fault");
}

TEST_P(GuardTest, what_returns_no_object_is_refused) {
  const json crash = death_of(R"PY(
integer = ctypes.cast(8, ctypes.POINTER(ctypes.c_int))
def store():
    integer[0] = 1
caught(store)
)PY");
  EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
  EXPECT_EQ(crash.at("exception_refused"), "no-object");
}

TEST_P(GuardTest, the_allocator_is_not_cut_off) {
  const json crash = death_of(R"PY(
def free_nothing():
    libc.free(ctypes.c_void_p(0x7f0000000010))
caught(free_nothing)
)PY");
  EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
  EXPECT_EQ(crash.at("exception_refused"), "allocator");
}

// A list whose first item is no object; the collector visits it.
constexpr char kBrokenList[] = R"PY(
caught(int)  # the first guard takes a collection
def broken_list():
    items = [None] * 3
    array = ctypes.c_void_p.from_address(id(items) + 24).value
    ctypes.c_void_p.from_address(array).value = 0x7f0000000010
    return items
)PY";

TEST_P(GuardTest, the_collector_is_not_cut_off) {
  const json crash = death_of(std::string(kBrokenList) + R"PY(
broken = broken_list()
caught(gc.collect)
)PY");
  EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
  EXPECT_EQ(crash.at("exception_refused"), "collector");
}

TEST_P(GuardTest, nor_is_one_that_begins_by_itself) {
  const json crash = death_of(std::string(kBrokenList) + R"PY(
def allocate():
    kept = []
    for _ in range(100000):
        kept.append([])
broken = broken_list()
caught(allocate)
)PY");
  EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
  EXPECT_EQ(crash.at("exception_refused"), "collector");
}

TEST_P(GuardTest, the_text_report_says_what_has_become_of_the_fault) {
  program(std::string(kBegin) + "caught(read)\n");
  Watchdog text = watchdog();
  text.format("text");
  Launch launch = watched();
  launch.command = text.command({launch.command.back()});
  launch.environment["PYTHONPATH"] = package_path();
  run(launch);
  EXPECT_THAT(text.report(), HasSubstr("guard: open: the fault became an exception"));
}

class TaintedWorker : public ServiceTest {
 protected:
  // Its first life has a fault that becomes an exception, and then waits; the second one is good.
  void start_worker(const std::string& settings) {
    one_worker(std::string(kBegin) + R"PY(
if not os.path.exists("tainted"):
    caught(read)
    print("yes", file=open("tainted", "w"), flush=True)
else:
    print("yes", file=open("again", "w"), flush=True)
while True:
    signal.pause()
)PY",
               settings);
    start({{"PYTHONPATH", package_path()}});
  }
};

TEST_F(TaintedWorker, is_replaced_when_it_is_idle) {
  start_worker("restart_tainted = true");
  await_file("again");
  EXPECT_EQ(events("crash").at(0).at("became_exception"), true);
  EXPECT_THAT(
      await("notice").back().at("message").get<std::string>(),
      EndsWith("web is replaced, because a fault in it has become an exception; it is idle"));
  EXPECT_EQ(await("exit").at(0).at("reason"), "stopped");
  stop();
  wait();
}

TEST_F(TaintedWorker, stays_unless_its_configuration_says_otherwise) {
  start_worker("");
  await_file("tainted");
  std::this_thread::sleep_for(3 * TaintPatience{}.window / 2);
  EXPECT_THAT(events("exit"), IsEmpty());
  stop();
  wait();
}

INSTANTIATE_TEST_SUITE_P(, GuardTest, testing::ValuesIn(interpreters()), parameter_name);

}  // namespace
}  // namespace pyfault::test
