#include <string_view>

#include "tests/unit/crash/decode_fixture.h"
#include "watchdog/crash/string_hash.h"

namespace pyfault::test {
namespace {

constexpr std::uint64_t kKey[2] = {0x6c8d8e8c2f6b0f6d, 0x1};
constexpr std::uint32_t kVersion = 0x030d00f0;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

Units hashed(Units name) {
  name.hash = string_hasher(kVersion, kKey)(bytes_of(name.bytes));
  return name;
}

// A name whose bytes were replaced after its hash had been computed.
Units overwritten(Units name, const char* bytes) {
  name = hashed(std::move(name));
  name.bytes = bytes;
  return name;
}

struct NameCheckTest : DecodeTest {
  RecordBuilder& begun_with_key() {
    RuntimeSection section{};
    section.version_hex = kVersion;
    section.has_hash_key = Known::kYes;
    section.hash_key[0] = kKey[0];
    section.hash_key[1] = kKey[1];
    return record.fault().runtime(section);
  }
};

TEST_F(NameCheckTest, names_that_are_as_they_were_are_not_doubted) {
  begun_with_key().code(hashed("a.py"), hashed(ucs2(u"\u65e5"))).crashed_thread({at(0, 1)}).end();
  EXPECT_FALSE(only_frame().file_overwritten);
  EXPECT_FALSE(only_frame().function_overwritten);
  EXPECT_TRUE(crash().complete);
}

TEST_F(NameCheckTest, an_overwritten_function_is_told_and_shown) {
  begun_with_key()
      .code(hashed("a.py"), overwritten("main", "ma\xdd\xdd"))
      .crashed_thread({at(0, 1)});
  EXPECT_FALSE(only_frame().file_overwritten);
  EXPECT_TRUE(only_frame().function_overwritten);
  EXPECT_EQ(only_frame().function, "ma\u00dd\u00dd");
}

TEST_F(NameCheckTest, an_overwritten_file_is_told) {
  begun_with_key()
      .code(overwritten("main.py", "main.pz"), hashed("main"))
      .crashed_thread({at(0, 1)});
  EXPECT_TRUE(only_frame().file_overwritten);
  EXPECT_FALSE(only_frame().function_overwritten);
}

TEST_F(NameCheckTest, the_record_is_incomplete_then) {
  begun_with_key()
      .code(overwritten("main.py", "main.pz"), hashed("f"))
      .crashed_thread({at(0, 1)})
      .end();
  EXPECT_EQ(reason(), "a frame or a name was overwritten");
}

TEST_F(NameCheckTest, a_proof_may_come_with_a_later_name) {
  begun_with_key()
      .code(overwritten("main.py", "main.pz"), overwritten("main", "mine"))
      .code("a.py", hashed("f"))
      .crashed_thread({at(0, 1), at(1, 2)});
  EXPECT_TRUE(only_frame().file_overwritten);
  EXPECT_TRUE(only_frame().function_overwritten);
}

TEST_F(NameCheckTest, without_any_name_that_holds_none_is_doubted) {
  begun_with_key()
      .code(overwritten("a.py", "b.py"), overwritten("f", "g"))
      .crashed_thread({at(0, 1)});
  EXPECT_FALSE(only_frame().file_overwritten);
  EXPECT_FALSE(only_frame().function_overwritten);
}

TEST_F(NameCheckTest, a_longer_name_proves_nothing_for_a_short_one) {
  begun_with_key().code(hashed("/app/main.py"), overwritten("f", "g")).crashed_thread({at(0, 1)});
  EXPECT_FALSE(only_frame().function_overwritten);
}

TEST_F(NameCheckTest, a_cut_name_is_not_doubted) {
  begun_with_key().code(hashed("a.py"), cut(overwritten("main", "mai"))).crashed_thread({at(0, 1)});
  EXPECT_FALSE(only_frame().function_overwritten);
}

TEST_F(NameCheckTest, without_a_key_none_is_doubted) {
  begun().code(hashed("a.py"), overwritten("main", "mine")).crashed_thread({at(0, 1)});
  EXPECT_FALSE(only_frame().function_overwritten);
}

TEST_F(NameCheckTest, a_frame_that_is_astray_in_its_code_is_doubted) {
  begun().code("a.py", "f").crashed_thread({at(0, kOutsideCode)}).end();
  EXPECT_TRUE(only_frame().file_overwritten);
  EXPECT_TRUE(only_frame().function_overwritten);
  EXPECT_FALSE(crash().complete);
}

}  // namespace
}  // namespace pyfault::test
