// Reads arbitrary bytes as a ring, some of which change meanwhile. The ring is read step by step
// first, so that the fuzzer can write between two steps, and then by a real session, which must not
// leave a slot that somebody waits for.
//
// Input: the words of the header and its first cells of children; for each slot its state,
// `committed`, `cut_short` and the size of its payload; the payloads; then the changes, with two
// bytes of position and one of value each.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <vector>

#include "shared/ring_reader.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/require.h"
#include "tests/support/agent_side.h"
#include "tests/support/crash_invariants.h"
#include "watchdog/crash/decode.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/agent_session.h"

namespace pyfault::test {
namespace {

constexpr std::size_t kMaxPayload = 4096;
constexpr std::size_t kMaxWeight = std::size_t{128} << 20;
constexpr std::uint32_t kChildren = 8;
// At most one record per slot, one event per signal whose handler was replaced, and a few notices
// on dropped, lost and left-out records.
constexpr std::size_t kMaxEvents = kSlotCount + 64 + 4;

// A single session gets all records of millions of runs.
constexpr RateLimit kUnlimited{
    .burst = std::uint64_t{1} << 60, .interval = std::chrono::seconds(1), .group = 1};

// The only pid of a living process that is used is our own. This one and those after it are larger
// than any pid that the system assigns.
constexpr std::int32_t kDeadPid = 0x7ffffff0;

void check(const Crash& crash) {
  const std::string broken = broken_invariant(crash);
  require(broken.empty(), broken.c_str());
  require(weight(crash) <= kMaxWeight, "weight");
}

// The ring and the session are shared by all runs, because mapping a ring for each run would take
// most of the time.
class Ring final : public EventSink {
 public:
  Ring() {
    RingMemory memory{RingFile(make_ring())};
    bytes_ = static_cast<std::byte*>(memory.address());
    Process process;
    process.pid = ::getpid();
    process.name = "fuzzer";
    SavedSession begun;
    begun.family = {{process.pid, ::geteuid(), process}, start_ticks(process.pid), true, {}};
    session_.emplace(
        io_, std::move(memory), std::move(begun), *this,
        [] { require(false, "the session ended"); }, SessionSettings{kUnlimited});
  }

  void fill(FuzzInput& input) {
    RingHeader* header = ring_header(static_cast<void*>(bytes_));
    header->magic = input.take<std::uint64_t>();
    header->slot_count = input.take<std::uint32_t>();
    header->slot_size = input.take<std::uint64_t>();
    header->dropped_records = input.take<std::uint32_t>();
    header->slots_end = kSlotCount;
    header->lost_child = input.take<std::uint64_t>();
    header->replaced_handlers = input.take<std::uint64_t>();
    header->unknown_children = input.take<std::uint32_t>();
    header->children_end = input.take<std::uint32_t>();
    for (std::uint32_t cell = 0; cell < kChildren; ++cell) {
      header->children[cell] = child(input.take<std::uint8_t>());
    }
    std::array<std::size_t, kSlotCount> payloads{};
    for (std::uint32_t i = 0; i < kSlotCount; ++i) payloads[i] = fill_slot(i, input);
    for (std::uint32_t i = 0; i < kSlotCount; ++i) {
      const auto payload = input.take_bytes(payloads[i]);
      std::copy(payload.begin(), payload.end(),
                reinterpret_cast<std::uint8_t*>(slot_payload(slot(i))));
    }
  }

  void read_by_hand(FuzzInput& input) {
    for (std::uint32_t i = 0; i < kSlotCount; ++i) read_by_hand(i, input);
  }

  void drain() {
    events_ = 0;
    session_->drain();
    require(events_ <= kMaxEvents, "more events than slots");
    for (std::uint32_t i = 0; i < kSlotCount; ++i) {
      const SlotFinding left = RingReader(bytes_).snapshot(i).finding;
      require(left == SlotFinding::kFree || left == SlotFinding::kClaimed, "a slot nobody frees");
    }
  }

  // Clears the slots, so that a run does not affect the next.
  void clear() {
    for (std::uint32_t i = 0; i < kSlotCount; ++i) {
      std::memset(static_cast<void*>(slot(i)), 0, sizeof(SlotHeader) + kMaxPayload);
    }
  }

 private:
  SlotHeader* slot(std::uint32_t index) const { return ring_slot(bytes_, index); }

  // Rarely a living process, because the session reads all of /proc/PID for it.
  static std::int32_t child(unsigned choice) {
    if (choice == 0) return ::getpid();
    return choice == 1 ? -1 : choice < 0x80 ? 0 : kDeadPid + static_cast<std::int32_t>(choice % 8);
  }

  // Returns the size of the payload.
  std::size_t fill_slot(std::uint32_t index, FuzzInput& input) {
    const auto choice = input.take<std::uint8_t>();
    SlotWord word = SlotWord::unpack(input.take<std::uint64_t>());
    const auto committed = input.take<std::uint32_t>();
    word.owner = owner(choice & 0x0f, word.owner);
    slot(index)->state = word.pack();
    // Two megabytes take as long as everything else together, so they are used rarely and only in
    // one slot.
    const bool at_the_limits = index == 0 && (choice & 0xf0) == 0xf0;
    slot(index)->committed = at_the_limits ? committed : committed % (kMaxPayload + 1);
    slot(index)->cut_short = static_cast<CutShort>(input.take<std::uint32_t>());
    return input.take<std::uint16_t>() % (kMaxPayload + 1);
  }

  static std::int32_t owner(unsigned choice, std::int32_t given) {
    if (choice == 0) return ::getpid();  // rarely: all of /proc/PID is read for it
    if (choice == 1) return given > 0 ? -given : given;
    return choice == 2 ? 0 : kDeadPid;
  }

  // Acts as the hostile process: changes any byte of the slot, except the upper half of
  // `committed`.
  void change(std::uint32_t index, FuzzInput& input) {
    if (input.empty()) return;
    const std::size_t at = input.take<std::uint16_t>() % (sizeof(SlotHeader) + kMaxPayload);
    const auto value = input.take<std::uint8_t>();
    constexpr std::size_t kUpperHalf = offsetof(SlotHeader, committed) + 2;
    if (at / 2 != kUpperHalf / 2) reinterpret_cast<std::uint8_t*>(slot(index))[at] = value;
  }

  void read_by_hand(std::uint32_t index, FuzzInput& input) {
    RingReader reader(bytes_);
    const SlotSnapshot found = reader.snapshot(index);
    const bool taken =
        found.finding == SlotFinding::kClaimed || found.finding == SlotFinding::kPublished;
    require(!taken || found.owner > 0, "an owner that is none");
    change(index, input);
    std::vector<std::byte> record(reader.committed(index));
    require(record.size() <= kSlotPayload, "committed beyond the slot");
    change(index, input);
    reader.copy_out(index, record.data(), record.size());
    change(index, input);
    const auto crash =
        decode({record, reader.cut_short(index), found.finding == SlotFinding::kPublished});
    if (crash) check(*crash);
    if (found.finding == SlotFinding::kFree) return;
    const std::uint64_t before = slot(index)->state;
    check_release(index, found.word, before, reader.release(index, found.word));
  }

  // A successful release makes the slot free, without an owner and of the next generation. A
  // refused one changes nothing.
  void check_release(std::uint32_t index, std::uint64_t expected, std::uint64_t before, bool done) {
    const std::uint64_t after = slot(index)->state;
    require(done == (before == expected), "released a word that had changed");
    require(done || after == before, "a refused release changed the word");
    if (!done) return;
    const SlotWord word = SlotWord::unpack(after);
    const std::uint32_t next =
        (SlotWord::unpack(expected).generation + 1) & SlotWord::kGenerationMask;
    require(word.state == SlotState::kFree && word.owner == 0, "not freed");
    require(word.generation == next, "the generation");
    require(slot(index)->committed == 0, "the record is still found");
  }

  void on_event(Event event) override {
    ++events_;
    if (const auto* crash = std::get_if<Crash>(&event.body)) check(*crash);
  }

  boost::asio::io_context io_;
  std::byte* bytes_ = nullptr;
  std::size_t events_ = 0;
  std::optional<AgentSession> session_;
};

}  // namespace
}  // namespace pyfault::test

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static pyfault::test::Ring& ring = *new pyfault::test::Ring;
  pyfault::test::FuzzInput input(data, size);
  ring.fill(input);
  ring.read_by_hand(input);
  pyfault::test::FuzzInput again(data, size);
  ring.fill(again);
  ring.drain();
  ring.clear();
  return 0;
}
