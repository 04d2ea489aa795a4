// Writes the fuzzers' seeds. Usage: make_corpus tests/fuzz
// The seeds are checked in; run this again when the format of records, rings, hellos, saved state
// or answers of the symbolizer changes.
#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/context.h"
#include "shared/handshake.h"
#include "shared/question.h"
#include "shared/ring_layout.h"
#include "tests/support/answer_builder.h"
#include "tests/support/elf_head.h"
#include "tests/support/record_builder.h"
#include "tests/support/saved_worker.h"
#include "watchdog/os/state_file.h"
#include "watchdog/symbolizer/protocol.h"

namespace pyfault::test {
namespace {

constexpr unsigned kSalvaged = 4;  // see decode_fuzzer.cc

struct Corpus {
  explicit Corpus(std::filesystem::path path) : folder(std::move(path)) {
    std::filesystem::create_directories(folder);
  }

  void add(const char* name, std::string_view seed) const {
    std::ofstream file(folder / name, std::ios::binary);
    file << seed;
  }
  void add(const char* name, const RecordBuilder& record, unsigned slot = 0) const {
    add(name, text_of(record) + static_cast<char>(slot));
  }

  static std::string text_of(const RecordBuilder& record) {
    return {reinterpret_cast<const char*>(record.bytes().data()), record.size()};
  }

  std::filesystem::path folder;
};

template <typename T>
std::string raw(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

RecordBuilder begun(const FaultSection& fault = segfault()) {
  return RecordBuilder().fault(fault).runtime();
}

RecordBuilder one_thread() {
  return begun(segfault(0))
      .code("/app/main.py", "Main.run", "run")
      .crashed_thread({at(0, 10)})
      .end();
}

RecordBuilder several_threads() {
  return begun(sent_signal(SIGABRT, SI_TKILL, kPid))
      .code("/app/main.py", "<module>")
      .crashed_thread({spanning(at(0, 10), 11, 4, 8)})
      .code("/app/worker.py", "", "work")
      .thread({.tid = 102, .list_position = 1, .name = "worker"}, {at(1, 5), at(0, 2)})
      .thread({.tid = 0, .interpreter = kNoInterpreter, .name = unreadable()}, {})
      .end();
}

RecordBuilder gaps() {
  return begun()
      .code("a.py", "f")
      .crashed_thread({at(0, 1, 500), omitted(70), at(0, 2), broken_at(0xdead)})
      .thread({}, {at(0, 3), cycle()})
      .end();
}

RecordBuilder text() {
  return begun()
      .code(ucs2(u"/\u65e5\xdc80.py"), ucs4(U"\U0001f40d"), cut("caf\xe9"))
      .code(unreadable(), unreadable(), unreadable())
      .crashed_thread({at(0, 1), at(1, kUnknownPosition)}, {.name = ucs2(u"\u540d")})
      .end();
}

RecordBuilder hashed_names() {
  constexpr std::uint64_t kHash = 0xf22da7240b7add18;  // of "main" in 3.11 on, with a zero key
  Units name = "main";
  name.hash = kHash;
  Units overwritten = "mine";
  overwritten.hash = kHash;
  RuntimeSection runtime{};
  runtime.version_hex = 0x030d00f0;
  runtime.has_hash_key = Known::kYes;
  return RecordBuilder()
      .fault()
      .runtime(runtime)
      .code("a.py", name)
      .code("b.py", overwritten)
      .crashed_thread({at(0, 1), at(1, 2)})
      .end();
}

RecordBuilder later_format() {
  return begun().section(9, 1, "new").section(4, 2, "changed").thread({}, {}).end();
}

RecordBuilder last_words() {
  return begun(sent_signal(SIGABRT, SI_TKILL, kPid))
      .message(MessageSource::kException, "app::Error", "no \xff such table")
      .crashed_thread({})
      .end();
}

RecordBuilder tasks() {
  return begun().crashed_thread({}).task("fetch").thread({.tid = 102}, {}).task("", 7).end();
}

void make_decode_corpus(const Corpus& corpus) {
  corpus.add("one_thread", one_thread());
  corpus.add("several_threads", several_threads());
  corpus.add("dump", begun(dump_request()).crashed_thread({}).end());
  corpus.add("gaps", gaps());
  corpus.add("text", text());
  corpus.add("last_words", last_words());
  corpus.add("tasks", tasks());
  corpus.add("hashed_names", hashed_names());
  corpus.add("later_format", later_format());
  corpus.add("slot_full", begun().end(12), static_cast<unsigned>(CutShort::kSlotFull));
  corpus.add("fault_in_handler", begun(), static_cast<unsigned>(CutShort::kFaultInHandler));
  corpus.add("salvaged", RecordBuilder().fault(), kSalvaged);
}

// The order of the members is explained in ring_fuzzer.cc.
struct RingSeed {
  // Lost and unknown children, replaced handlers, and the cells of children.
  std::string header = std::string(32, '\0');
  std::string slots;
  std::string payloads;

  RingSeed& slot(SlotState state, std::uint8_t owner, const std::string& payload,
                 CutShort cut_short = CutShort::kNone) {
    const SlotWord word{state, SlotWord::kGenerationMask, kPid};
    const auto size = static_cast<std::uint32_t>(payload.size());
    slots += raw(owner) + raw(word.pack()) + raw(size) + raw(cut_short) +
             raw(static_cast<std::uint16_t>(size));
    payloads += payload;
    return *this;
  }
  std::string text(std::string_view changes = "") const {
    constexpr std::size_t kSlotBytes = 19;
    std::string all =
        raw(kRingMagic) + raw(kSlotCount) + raw(kSlotSize) + raw(kRingVersion) + header + slots;
    all.resize(all.size() + kSlotCount * kSlotBytes - slots.size());
    return all + payloads + std::string(changes);
  }
};

void make_ring_corpus(const Corpus& corpus) {
  constexpr std::uint8_t kOurs = 0, kNegative = 1, kNobody = 2, kDead = 3, kAtTheLimit = 0xf0;
  const std::string record = Corpus::text_of(one_thread());
  corpus.add("free", RingSeed().text());
  RingSeed family;
  family.header = raw(LostVforkChild{3, 11, kPid}.pack()) + raw(std::uint64_t{1} << 10) + raw(2U) +
                  raw(8U) + std::string("\0\1\x90\x91\x92\0\0\xff", 8);
  corpus.add("family", family.slot(SlotState::kPublished, kOurs, record).text());
  corpus.add("published", RingSeed().slot(SlotState::kPublished, kOurs, record).text());
  corpus.add("claimed", RingSeed().slot(SlotState::kClaimed, kOurs, record).text());
  corpus.add("owner_died", RingSeed().slot(SlotState::kClaimed, kDead, record).text());
  corpus.add("no_owner", RingSeed()
                             .slot(SlotState::kPublished, kNegative, record)
                             .slot(SlotState::kFree, kOurs, "")
                             .slot(SlotState::kClaimed, kNobody, "")
                             .slot(SlotState{3}, kOurs, "")
                             .text());
  corpus.add("at_the_limit",
             RingSeed()
                 .slot(SlotState::kPublished, kDead | kAtTheLimit, std::string(4096, '\xff'))
                 .text());
  corpus.add("changed", RingSeed()
                            .slot(SlotState::kPublished, kDead, record, CutShort::kSlotFull)
                            .text(std::string_view("\x08\0\xff\x40\0\7\0\0\1", 9)));
}

// The order of the members is explained in context_fuzzer.cc.
std::string annotation(const std::string& key, const std::string& value, std::int32_t tid = 0) {
  return raw(AnnotationHead{static_cast<std::uint16_t>(key.size()),
                            static_cast<std::uint16_t>(value.size()), tid}) +
         key + value;
}

std::string context(std::uint32_t version, const std::string& annotations,
                    const std::string& crumbs = "", std::uint32_t size = 0) {
  const auto written = static_cast<std::uint32_t>(annotations.size());
  const std::string copy =
      raw(size == 0 ? written : size) + raw(static_cast<std::uint16_t>(written)) + annotations;
  return raw(version) + raw(1U) + raw(std::int64_t{5}) + copy + copy + crumbs;
}

std::string crumb(std::uint64_t number, const std::string& text, std::uint16_t size = 0) {
  const auto written = static_cast<std::uint16_t>(text.size());
  return raw(number) + raw(kRealtimeNs) + raw(size == 0 ? written : size) + raw(written) + text;
}

void make_context_corpus(const Corpus& corpus) {
  const std::string two = annotation("task", "resize") + annotation("task", "mine", 7);
  corpus.add("nothing", context(0, ""));
  corpus.add("annotations", context(1, two + annotation("password", "a")));
  corpus.add("breadcrumbs", context(2, two,
                                    crumb(33, "token=abc") + crumb(2, "'key': \"x\"") +
                                        crumb(3, "a://b:c@d") + crumb(0, "unfinished")));
  corpus.add("no_utf8", context(3, annotation("\xff\xc3", "\xed\xa0\x80"), crumb(1, "\xf4\x90")));
  corpus.add("beyond_the_block", context(4, two, crumb(1, "a", 0xffff), 0xffffffff));
  corpus.add("twice", context(5, two + two, crumb(1, "a") + crumb(1, "b")));
}

// One packet. `choice` holds the number of descriptors and the padding bit, see
// handshake_fuzzer.cc. `size` overrides the size of the packet.
std::string datagram(const std::string& bytes, unsigned choice = 0, std::size_t size = 0) {
  const std::size_t given = size == 0 ? bytes.size() : size;
  return raw(static_cast<std::uint8_t>(choice)) + raw(static_cast<std::uint16_t>(given)) + bytes;
}

std::string hello(ArmStatus status, std::int32_t pid = kPid, std::uint32_t failed_check = 0) {
  Hello hello{};
  hello.magic = kHandshakeMagic;
  hello.protocol = kProtocolVersion;
  hello.status = status;
  hello.pid = pid;
  hello.version_hex = 0x030d00f0;
  hello.failed_check = failed_check;
  std::memcpy(hello.claims.name, "python3", sizeof "python3");
  std::memcpy(hello.claims.command, "python3\0app.py", sizeof "python3\0app.py");
  return raw(hello);
}

// question_fuzzer.cc
void make_question_corpus(const Corpus& corpus) {
  const auto question = [](QuestionKind kind, const std::vector<std::int32_t>& pids,
                           std::uint16_t protocol = kQuestionProtocol) {
    Question packet{};
    packet.magic = kQuestionMagic;
    packet.protocol = protocol;
    packet.kind = kind;
    packet.wait_ms = 1000;
    packet.count = static_cast<std::uint32_t>(pids.size());
    std::copy(pids.begin(), pids.end(), packet.pids);
    return raw(packet).substr(0, kQuestionHeadSize + sizeof(std::int32_t) * pids.size());
  };
  corpus.add("crashes_of", question(QuestionKind::kCrashesOf, {7, 8, 9}));
  corpus.add("last_crash", question(QuestionKind::kLastCrash, {}));
  corpus.add("no_pid", question(QuestionKind::kCrashesOf, {0, -1}));
  corpus.add("other_kind", question(QuestionKind{4}, {7}));
  corpus.add("room", question(QuestionKind::kRoom, {}));
  corpus.add("other_version", question(QuestionKind::kCrashesOf, {7}, kQuestionProtocol + 1));
  corpus.add("short", question(QuestionKind::kCrashesOf, {7, 8}).substr(0, kQuestionHeadSize + 5));
}

void make_handshake_corpus(const Corpus& corpus) {
  constexpr unsigned kFillUp = 0x80;
  const std::string good = hello(ArmStatus::kWillArm);
  corpus.add("hello", datagram(good));
  corpus.add("left_alone", datagram(hello(ArmStatus::kUnknownVersion)) +
                               datagram(hello(ArmStatus::kInconsistentOffsets, kPid, 7)));
  corpus.add("with_descriptors", datagram(good, 7) + datagram("", 2 | kFillUp, 1));
  corpus.add("short", datagram(good.substr(1)) + datagram("", 1));
  corpus.add("long", datagram(good, kFillUp, 0xffff) + datagram(good + "x"));
  corpus.add("with_ring", datagram(good, 1));
  corpus.add("wake", datagram(raw(Wake{7}), 0));
  corpus.add("no_pid", datagram(hello(ArmStatus::kWillArm, 0)));
  corpus.add("other_status", datagram(hello(ArmStatus{3})));
}

void make_state_corpus(const Corpus& corpus) {
  SavedWorker down;
  down.config = parse_config("worker = [{ name = 'w', command = ['a'] }]").config.workers.at(0);
  const std::string full = encode(full_worker());
  corpus.add("full", full);
  corpus.add("down", encode(down));
  corpus.add("half", pack({1, encode(down)}));
  corpus.add("cut", full.substr(0, full.size() / 2));
}

// An archive with one uncompressed file (section 4.3 of PKWARE's APPNOTE.TXT).
std::string archive(const std::string& name, const std::string& text, std::uint32_t crc) {
  const auto size = static_cast<std::uint32_t>(text.size());
  const auto name_size = static_cast<std::uint16_t>(name.size());
  const std::string no_time(4, '\0');
  const std::string sizes = raw(crc) + raw(size) + raw(size) + raw(name_size);
  const std::string stored("\x0a\0\0\0\0\0", 6);  // version needed, flags, method
  const std::string file = "PK\3\4" + stored + no_time + sizes + std::string(2, '\0') + name + text;
  const std::string entry =
      "PK\1\2" + std::string("\x14\3", 2) + stored + no_time + sizes + std::string(16, '\0') + name;
  const auto entry_size = static_cast<std::uint32_t>(entry.size());
  const auto entry_at = static_cast<std::uint32_t>(file.size());
  return file + entry + "PK\5\6" + std::string("\0\0\0\0\1\0\1\0", 8) + raw(entry_size) +
         raw(entry_at) + std::string(2, '\0');
}

void make_zip_corpus(const Corpus& corpus) {
  constexpr std::uint32_t kCrc = 0xce70d424;  // of "pass"
  corpus.add("one_file", archive("mod.py", "pass", kCrc));
  corpus.add("damaged", archive("mod.py", "mass", kCrc));
  corpus.add("behind_a_program", "#!/usr/bin/python3\n" + archive("mod.py", "pass", kCrc));
  corpus.add("none", "");
}

void make_answer_corpus(const Corpus& corpus) {
  constexpr std::uint8_t kByUnwindInformation = 1;
  constexpr std::uint8_t kBySearch = 5;
  const AnswerFrame first{0x3010, 0x7000, kUnknownOffset, 0, 0, {}};
  const AnswerFrame caller{0x3100, 0x7020, 0x40, kByUnwindInformation, kReturnAddress, {}};
  const AnswerFrame far{0x8010, 0x7f00, kUnknownOffset, kBySearch, kReturnAddress | kAfterGap, {}};
  const AnswerFrame kernel{0xa010, 0x7f80, 0, kByUnwindInformation, kSignalFrame, {}};
  AnswerBuilder whole;
  whole.frames({first, caller}).stack_end().frames({first, far, kernel}, 1).stack_end("why", 1);
  whole.item(ItemKind::kModule, AnswerModule{0, 4, 0x1000}, "\x01\x02\x03\x04");
  whole.text("f").functions(0x3010, {{0, kNoText, 0, 0x10}});
  whole.text("inlined")
      .text("/app/a.c")
      .functions(0x3010, {{1, 2, 7, kUnknownOffset}, {0, 2, 9, 0x10}});
  corpus.add("whole", AnswerBuilder(whole).end().bytes());
  corpus.add("cut", std::string_view(whole.bytes()).substr(0, whole.bytes().size() - 9));
  corpus.add("refusal", AnswerBuilder().raw_item(ItemKind::kRefusal, "no sandbox").bytes());
  corpus.add("none", "");
}

// A file with one segment of code and a table that says where its functions begin.
std::string image(const std::vector<std::int32_t>& functions) {
  constexpr std::uint32_t kEncodings = 0x3b'03'1b'01;  // as linkers have it
  Elf64_Ehdr head = loadable_head();
  head.e_phnum = 2;
  constexpr std::uint64_t kTable = sizeof head + 2 * sizeof(Elf64_Phdr);
  const Elf64_Phdr code{PT_LOAD, PF_R | PF_X, 0, 0, 0, 0x1000, 0x1000, 0x1000};
  const Elf64_Phdr table{PT_GNU_EH_FRAME, PF_R, kTable, kTable, kTable, 0x100, 0x100, 4};
  std::string bytes = raw(head) + raw(code) + raw(table);
  bytes +=
      raw(kEncodings) + raw(std::int32_t{0}) + raw(static_cast<std::uint32_t>(functions.size()));
  for (const std::int32_t function : functions) bytes += raw(function) + raw(std::int32_t{0});
  return bytes;
}

void make_image_corpus(const Corpus& corpus) {
  const std::string place = raw(InputMapping{0x70000000, 0x70001000, 0, 0, 0});
  const std::string asked = place + raw(std::uint64_t{0x450}) + raw(std::uint64_t{0x10});
  const std::string whole = image({0x100, 0x300, 0x400});
  corpus.add("whole", asked + whole);
  corpus.add("not_sorted", asked + image({0x400, 0x100, 0x300}));
  corpus.add("cut", asked + whole.substr(0, whole.size() - 12));
  corpus.add("headers_alone", asked + whole.substr(0, sizeof(Elf64_Ehdr)));
  corpus.add("none", "");
}

}  // namespace
}  // namespace pyfault::test

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  pyfault::test::make_decode_corpus(pyfault::test::Corpus(folder / "decode_corpus"));
  pyfault::test::make_context_corpus(pyfault::test::Corpus(folder / "context_corpus"));
  pyfault::test::make_ring_corpus(pyfault::test::Corpus(folder / "ring_corpus"));
  pyfault::test::make_handshake_corpus(pyfault::test::Corpus(folder / "handshake_corpus"));
  pyfault::test::make_question_corpus(pyfault::test::Corpus(folder / "question_corpus"));
  pyfault::test::make_state_corpus(pyfault::test::Corpus(folder / "state_corpus"));
  pyfault::test::make_zip_corpus(pyfault::test::Corpus(folder / "zip_corpus"));
  pyfault::test::make_answer_corpus(pyfault::test::Corpus(folder / "answer_corpus"));
  pyfault::test::make_image_corpus(pyfault::test::Corpus(folder / "image_corpus"));
}
