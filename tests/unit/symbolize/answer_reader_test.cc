// What the symbolizer says may be anything.
#include <gmock/gmock.h>
#include <sys/ucontext.h>

#include <climits>
#include <optional>

#include "tests/support/answer_builder.h"
#include "watchdog/symbolize/answer_reader.h"
#include "watchdog/symbolize/symbolizer_input.h"

namespace pyfault::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using State = Answer::State;

constexpr char kMap[] =
    "1000-3000 r--p 00000000 08:01 7 /app/a.so\n"
    "3000-5000 r-xp 00002000 08:01 7 /app/a.so\n"
    "5000-6000 r--p 00004000 08:01 7 /app/a.so\n"
    "8000-9000 r-xp 00000000 00:00 0 \n";

struct AnswerReaderTest : testing::Test {
  AnswerReaderTest() {
    captured.registers[REG_RIP] = 0x3010;
    captured.registers[REG_RSP] = 0x7000;
    request.map = MemoryMap(kMap);
    request.stacks = {{&captured}};
  }

  State read(std::string_view bytes) {
    auto [said, state] =
        read_answer(std::as_bytes(std::span(bytes)), request, mappings_with_code(request.map));
    symbols = std::move(said);
    return state;
  }
  State read() { return read(answer.bytes()); }

  const UnwoundStack& stack() const { return symbols.stacks.at(0); }
  const UnwoundFrame& frame(std::size_t index) const { return stack().frames.at(index); }
  const NativeFrame& function(std::size_t index = 0) const { return frame(0).functions.at(index); }

  static AnswerFrame at(std::uint64_t address, std::uint64_t stack_pointer = 0x7000,
                        Trust trust = Trust::kContext, unsigned flags = 0) {
    return {address,
            stack_pointer,
            kUnknownOffset,
            static_cast<std::uint8_t>(trust),
            static_cast<std::uint8_t>(flags),
            {}};
  }

  CapturedStack captured;
  SymbolizeRequest request;
  AnswerBuilder answer;
  Symbols symbols;
};

TEST_F(AnswerReaderTest, nothing_said_leaves_the_registers) {
  EXPECT_EQ(read(), State::kUnfinished);
  EXPECT_THAT(stack().frames, SizeIs(1));
  EXPECT_FALSE(stack().complete);
  EXPECT_EQ(function().address, 0x3010);
  EXPECT_EQ(function().module, "/app/a.so");
  EXPECT_EQ(function().offset, 0x2010);
  EXPECT_EQ(frame(0).stack_pointer, 0x7000);
}

TEST_F(AnswerReaderTest, the_offset_of_a_symbol_is_that_of_the_address) {
  answer.frames({at(0x3010), at(0x3100, 0x7020, Trust::kCfi, kReturnAddress)}).stack_end();
  answer.text("inner").text("outer");
  answer.functions(0x3010, {{0, kNoText, 0, kUnknownOffset}, {1, kNoText, 0, 0x10}});
  answer.functions(0x30ff, {{1, kNoText, 0, 0xff}}).end();
  read();
  EXPECT_EQ(function(0).function_offset, std::nullopt);
  EXPECT_EQ(function(1).function_offset, 0x10);
  EXPECT_EQ(frame(1).functions.at(0).function_offset, 0x100);
}

TEST_F(AnswerReaderTest, code_begins_where_the_answer_says) {
  AnswerFrame first = at(0x3010);
  first.code_offset = 0x10;
  answer.frames({first, at(0x3100, 0x7020)}).end();
  read();
  EXPECT_EQ(frame(0).code_begin, 0x3000);
  EXPECT_EQ(frame(1).code_begin, 0);
}

TEST_F(AnswerReaderTest, code_cannot_begin_below_the_address_zero) {
  AnswerFrame frame = at(0x3010);
  frame.code_offset = 0x3011;
  answer.frames({frame}).end();
  read();
  EXPECT_EQ(this->frame(0).code_begin, 0);
}

TEST_F(AnswerReaderTest, frames_with_names_and_lines) {
  answer.frames({at(0x3010), at(0x3100, 0x7020, Trust::kCfi, kReturnAddress)}).stack_end();
  answer.text("inner").text("outer").text("a.c");
  answer.functions(0x3010, {{0, 2, 5, 0}, {1, 2, 7, 0}}).end();
  EXPECT_EQ(read(), State::kFinished);
  EXPECT_TRUE(stack().complete);
  ASSERT_THAT(frame(0).functions, SizeIs(2));
  EXPECT_EQ(function(0).function, "inner");
  EXPECT_TRUE(function(0).inlined);
  EXPECT_EQ(function(0).line, 5);
  EXPECT_EQ(function(1).function, "outer");
  EXPECT_EQ(function(1).file, "a.c");
  EXPECT_FALSE(function(1).inlined);
  EXPECT_EQ(frame(0).cfa, 0x7020);
  EXPECT_EQ(frame(1).cfa, 0);
}

TEST_F(AnswerReaderTest, function_of_a_return_address_is_that_of_the_call) {
  answer.frames({at(0x3100, 0x7020, Trust::kCfi, kReturnAddress)}).text("f");
  answer.functions(0x30ff, {{0, kNoText, 0, 0}});
  read();
  EXPECT_EQ(function().address, 0x3100);
  EXPECT_EQ(function().function, "f");
  EXPECT_EQ(function().file, "");
  EXPECT_EQ(function().line, std::nullopt);
}

TEST_F(AnswerReaderTest, what_is_said_later_of_an_address_counts) {
  answer.frames({at(0x3010)}).text("f").text("g");
  answer.functions(0x3010, {{0, kNoText, 0, 0}}).functions(0x3010, {{1, kNoText, 0, 0}});
  read();
  EXPECT_EQ(function().function, "g");
}

TEST_F(AnswerReaderTest, end_of_a_frame_is_not_known_where_its_caller_was_searched_for) {
  answer.frames({at(0x3010), at(0x3100, 0x7020, Trust::kScan), at(0x3100, 0x7040, Trust::kCfi),
                 at(0x3100, 0x9000, Trust::kScan, kAfterGap)});
  read();
  EXPECT_EQ(frame(0).cfa, 0);
  EXPECT_EQ(frame(1).cfa, 0x7040);
  EXPECT_EQ(frame(2).cfa, 0);
  EXPECT_TRUE(frame(3).after_gap);
}

TEST_F(AnswerReaderTest, modules_are_those_of_the_frames) {
  const std::string build_id = "\xab\x0c";
  answer.frames({at(0x3010), at(0x8001), at(0xdead)});
  answer.item(ItemKind::kModule, AnswerModule{0, 2, 0x800}, build_id);
  read();
  ASSERT_THAT(symbols.modules, SizeIs(1));
  EXPECT_EQ(symbols.modules[0].path, "/app/a.so");
  EXPECT_EQ(symbols.modules[0].start, 0x1000);
  EXPECT_EQ(symbols.modules[0].end, 0x6000);
  EXPECT_EQ(symbols.modules[0].build_id, "ab0c");
  EXPECT_EQ(function().build_id, "ab0c");
  EXPECT_EQ(function().offset, 0x2810);
  EXPECT_EQ(frame(1).functions[0].module, "");
  EXPECT_EQ(frame(2).functions[0].offset, std::nullopt);
}

TEST_F(AnswerReaderTest, refusal_is_the_trouble) {
  answer.raw_item(ItemKind::kRefusal, "no sandbox");
  EXPECT_EQ(read(), State::kRefused);
  EXPECT_EQ(symbols.trouble, "no sandbox");
}

TEST_F(AnswerReaderTest, every_beginning_of_an_answer_is_one) {
  answer.frames({at(0x3010), at(0x3100)}).stack_end("why").text("f");
  answer.functions(0x3010, {{0, kNoText, 0, 0}}).end();
  const std::string all = answer.bytes();
  for (std::size_t size = 0; size < all.size(); ++size) {
    EXPECT_EQ(read(all.substr(0, size)), State::kUnfinished) << size;
    EXPECT_THAT(stack().frames, testing::Not(IsEmpty()));
  }
}

TEST_F(AnswerReaderTest, what_was_said_before_the_damage_counts) {
  answer.frames({at(0x3010), at(0x3100)}).raw_item(ItemKind{99}, "").stack_end();
  EXPECT_EQ(read(), State::kDamaged);
  EXPECT_THAT(stack().frames, SizeIs(2));
  EXPECT_FALSE(stack().complete);
}

TEST_F(AnswerReaderTest, numbers_are_within_their_ranges) {
  const auto refuses = [this](const AnswerBuilder& wrong) {
    return read(wrong.bytes()) == State::kDamaged;
  };
  EXPECT_TRUE(refuses(AnswerBuilder().frames({at(1)}, 1)));
  EXPECT_TRUE(refuses(AnswerBuilder().frames({at(1, 1, Trust{6})})));
  EXPECT_TRUE(refuses(AnswerBuilder().item(ItemKind::kFrames, AnswerFrames{0, UINT32_MAX})));
  EXPECT_TRUE(refuses(AnswerBuilder().stack_end("", 1)));
  EXPECT_TRUE(refuses(AnswerBuilder().stack_end().frames({at(1)})));
  EXPECT_TRUE(refuses(AnswerBuilder().item(ItemKind::kModule, AnswerModule{2, 0, 0})));
  EXPECT_TRUE(refuses(AnswerBuilder().item(ItemKind::kModule, AnswerModule{0, 65, 0})));
  EXPECT_TRUE(refuses(AnswerBuilder().item(ItemKind::kModule, AnswerModule{0, 8, 0})));
  EXPECT_TRUE(refuses(AnswerBuilder().text(std::string(kMaxText + 1, 'x'))));
  EXPECT_TRUE(refuses(AnswerBuilder().functions(1, {})));
  EXPECT_TRUE(refuses(AnswerBuilder().functions(1, {{0, kNoText, 0, 0}})));
  EXPECT_TRUE(refuses(AnswerBuilder().functions(1, {{kNoText, 0, 0, 0}})));
  EXPECT_TRUE(
      refuses(AnswerBuilder().functions(1, std::vector<AnswerFunction>(kMaxFunctions + 1))));
  EXPECT_TRUE(refuses(AnswerBuilder().raw_item(ItemKind{0}, "")));
}

TEST_F(AnswerReaderTest, stack_has_not_more_frames_than_are_asked_for) {
  for (int times = 0; times < 5; ++times) {
    answer.frames(std::vector<AnswerFrame>(1000, at(0x3010)));
  }
  EXPECT_EQ(read(), State::kDamaged);
  EXPECT_THAT(stack().frames, SizeIs(kMaxFrames));
}

TEST_F(AnswerReaderTest, line_that_no_file_has_is_none) {
  answer.frames({at(0x3010)}).functions(0x3010, {{kNoText, kNoText, 0x80000000, 0}});
  EXPECT_EQ(read(), State::kUnfinished);
  EXPECT_EQ(function().line, std::nullopt);
}

TEST_F(AnswerReaderTest, texts_are_valid_utf8) {
  request.map = MemoryMap("3000-5000 r-xp 00000000 08:01 7 /app/\xff.so\n");
  answer.frames({at(0x3010)}).text("f\xff\x1b").functions(0x3010, {{0, 0, 0, 0}});
  answer.stack_end("why\xfe");
  read();
  EXPECT_EQ(function().function, "f\uFFFD\x1b");
  EXPECT_EQ(function().file, "f\uFFFD\x1b");
  EXPECT_EQ(function().module, "/app/\uFFFD.so");
  EXPECT_EQ(stack().incomplete_reason, "why\uFFFD");
}

// One text of 4 kB, named 64 times by each of 4,096 frames.
TEST_F(AnswerReaderTest, short_answer_does_not_become_a_huge_one) {
  answer.text(std::string(kMaxText, 'x'));
  answer.functions(0x3010, std::vector<AnswerFunction>(kMaxFunctions, {0, 0, 1, 0}));
  answer.frames(std::vector<AnswerFrame>(kMaxFrames, at(0x3010))).end();
  EXPECT_EQ(read(), State::kFinished);
  std::size_t size = 0;
  for (const UnwoundFrame& each : stack().frames) {
    ASSERT_FALSE(each.functions.empty());
    EXPECT_FALSE(each.functions.back().inlined);
    for (const NativeFrame& function : each.functions) {
      size += sizeof function + function.function.size() + function.file.size();
    }
  }
  EXPECT_LT(size, std::size_t{64} << 20);
  EXPECT_EQ(function().function.size(), kMaxText);
}

}  // namespace
}  // namespace pyfault::test
