// The last message of a program that gave up: it must be decoded, and not be trusted more than it
// deserves.
#include "tests/unit/crash/decode_fixture.h"

namespace pyfault::test {
namespace {

class LastWordsTest : public DecodeTest {
 protected:
  RecordBuilder& said(MessageSource source, const Units& type, const Units& text) {
    return begun().message(source, type, text);
  }
  LastWords words() { return record.end(), crash().last_words.value(); }
};

TEST_F(LastWordsTest, of_libc) {
  said(MessageSource::kLibc, "", "double free or corruption (out)");
  EXPECT_EQ(words().source, LastWords::Source::kLibc);
  EXPECT_EQ(words().text, "double free or corruption (out)");
  EXPECT_EQ(words().type, "");
}

TEST_F(LastWordsTest, of_an_exception) {
  said(MessageSource::kException, "std::runtime_error", "no such table");
  EXPECT_EQ(words().source, LastWords::Source::kException);
  EXPECT_EQ(words().type, "std::runtime_error");
  EXPECT_EQ(words().text, "no such table");
}

TEST_F(LastWordsTest, of_the_interpreter) {
  said(MessageSource::kPython, "", "_PyThreadState_Get: the GIL is released");
  EXPECT_EQ(words().source, LastWords::Source::kPython);
}

TEST_F(LastWordsTest, of_stderr) {
  said(MessageSource::kStderr, "", "CHECK failed\n  at lib.cc");
  EXPECT_EQ(words().source, LastWords::Source::kStderr);
  EXPECT_EQ(words().text, "CHECK failed\n  at lib.cc");
}

TEST_F(LastWordsTest, none_are_said_by_most) {
  begun().end();
  EXPECT_FALSE(crash().last_words);
  EXPECT_TRUE(crash().complete);
}

TEST_F(LastWordsTest, are_bytes_in_utf_8) {
  said(MessageSource::kLibc, "", "caf\u00e9 \xff");
  EXPECT_EQ(words().text, "caf\u00e9 \ufffd");
}

TEST_F(LastWordsTest, may_be_cut) {
  said(MessageSource::kLibc, "", cut("and so on"));
  EXPECT_EQ(words().text, "and so on...");
}

TEST_F(LastWordsTest, from_an_unknown_source_damage_the_record) {
  said(static_cast<MessageSource>(9), "", "?").end();
  EXPECT_FALSE(crash().last_words);
  EXPECT_NE(reason(), "");
}

TEST_F(LastWordsTest, are_said_once) {
  said(MessageSource::kLibc, "", "first").message(MessageSource::kLibc, "", "second").end();
  EXPECT_EQ(crash().last_words.value().text, "first");
  EXPECT_NE(reason(), "");
}

TEST_F(LastWordsTest, of_wide_units_damage_the_record) {
  said(MessageSource::kLibc, "", ucs2(u"wide")).end();
  EXPECT_FALSE(crash().last_words);
}

}  // namespace
}  // namespace pyfault::test
