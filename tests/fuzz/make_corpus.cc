// Writes the decode fuzzer's seeds: make_corpus FOLDER. The seeds are checked in; run it again when
// the record format changes.
#include <filesystem>
#include <fstream>

#include "shared/ring_layout.h"
#include "tests/support/record_builder.h"

namespace pyfault::test {
namespace {

constexpr unsigned kSalvaged = 4;  // see decode_fuzzer.cc

struct Corpus {
  std::filesystem::path folder;

  void add(const char* name, const RecordBuilder& record, unsigned slot = 0) const {
    std::ofstream file(folder / name, std::ios::binary);
    const auto bytes = record.bytes();
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.put(static_cast<char>(slot));
  }
};

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

RecordBuilder later_format() {
  return begun().section(9, 1, "new").section(4, 2, "changed").thread({}, {}).end();
}

RecordBuilder last_words() {
  return begun(sent_signal(SIGABRT, SI_TKILL, kPid))
      .message(MessageSource::kException, "N3app5ErrorE", "no \xff such table")
      .crashed_thread({})
      .end();
}

void make(const Corpus& corpus) {
  corpus.add("one_thread", one_thread());
  corpus.add("several_threads", several_threads());
  corpus.add("dump", begun(dump_request()).crashed_thread({}).end());
  corpus.add("gaps", gaps());
  corpus.add("text", text());
  corpus.add("last_words", last_words());
  corpus.add("later_format", later_format());
  corpus.add("slot_full", begun().end(12), static_cast<unsigned>(CutShort::kSlotFull));
  corpus.add("fault_in_handler", begun(), static_cast<unsigned>(CutShort::kFaultInHandler));
  corpus.add("salvaged", RecordBuilder().fault(), kSalvaged);
}

}  // namespace
}  // namespace pyfault::test

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::filesystem::create_directories(argv[1]);
  pyfault::test::make({argv[1]});
}
