// A fixture that builds a record and decodes it.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "tests/support/crash_invariants.h"
#include "tests/support/record_builder.h"
#include "watchdog/crash/decode.h"

namespace pyfault::test {

struct DecodeTest : testing::Test {
  RecordBuilder record;
  CutShort cut_short = CutShort::kNone;
  bool published = true;

  // The fault and runtime sections, with which every record begins.
  RecordBuilder& begun() { return record.fault().runtime(); }

  // A record with two threads, every kind of frame and every kind of string.
  RecordBuilder& realistic() {
    return begun()
        .code("/app/main.py", "Main.run", "run")
        .code(ucs2(u"/app/\u65e5\xdc80.py"), ucs4(U"\U0001f40d"), cut("name"))
        .crashed_thread({spanning(at(0, 10), 11, 4, 8), at(1, 3, 500), omitted(70)})
        .code("/app/worker.py", "", "work")
        .thread({.tid = 102, .list_position = 1, .name = "worker"},
                {at(2, 5), broken_at(0xdead), cycle()})
        .end();
  }

  std::optional<Crash> decode(std::span<const std::byte> bytes) const {
    auto crash = pyfault::decode({bytes, cut_short, published});
    if (crash) {
      EXPECT_EQ(broken_invariant(*crash), "");
    }
    return crash;
  }
  std::optional<Crash> decode() const { return decode(record.bytes()); }

  // The following require a record with a fault section.
  Crash crash() const { return decode().value(); }
  std::string reason() const { return crash().incomplete_reason; }
  Frame only_frame() const { return crash().threads.at(0).frames.at(0); }
};

}  // namespace pyfault::test
