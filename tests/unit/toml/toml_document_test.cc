// What is written as TOML is read as the same again.
#include "watchdog/toml/toml_document.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

// Everything but the line numbers, which differ.
std::string shape(const TomlValue& value);

std::string shape(const TomlValue::Table& table) {
  std::string text = "{";
  for (const TomlEntry& entry : table) text += entry.key + "=" + shape(entry.value) + ";";
  return text + "}";
}

struct Shape {
  std::string operator()(const TomlOther&) const { return "other"; }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const { return "float " + std::to_string(number); }
  std::string operator()(const std::string& text) const { return "'" + text + "'"; }
  std::string operator()(const TomlValue::Table& table) const { return shape(table); }
  std::string operator()(const TomlValue::List& list) const {
    std::string text = "[";
    for (const TomlValue& each : list) text += shape(each) + ",";
    return text + "]";
  }
};

std::string shape(const TomlValue& value) {
  return std::visit(Shape{}, value.value);
}

class ToToml : public testing::Test {
 protected:
  static std::string again(const std::string& text) {
    const auto first = std::get<TomlValue::Table>(parse_toml(text));
    const auto second = std::get<TomlValue::Table>(parse_toml(to_toml(first)));
    EXPECT_EQ(shape(second), shape(first)) << to_toml(first);
    return shape(second);
  }
};

TEST_F(ToToml, keeps_each_type_of_value) {
  EXPECT_EQ(again("a = 1\nb = 1.5\nc = true\nd = 'text'\ne = ['x', 2]\nf.g = { h = [] }"),
            "{a=1;b=float 1.500000;c=true;d='text';e=['x',2,];f={g={h=[];};};}");
}

TEST_F(ToToml, keeps_arrays_of_tables) {
  EXPECT_EQ(again("[[worker]]\nname = 'a'\n[[worker]]\nname = 'b'\nready.by = 'alive'"),
            "{worker=[{name='a';},{name='b';ready={by='alive';};},];}");
}

TEST_F(ToToml, keeps_each_character_of_a_text_and_of_a_key) {
  for (const char* text : {"line 1\nline 2", "\nfirst", "last\n", "\n\n", "'", "\"", "'''doc'''",
                           "\"\"\"doc\"\"\"\n'''", "\\ \\n \t \x01 \x7f", "\xf0\x9f\x90\x8d", ""}) {
    const TomlValue::Table table = {{text, 0, {0, std::string(text)}}};
    const auto read = parse_toml(to_toml(table));
    ASSERT_TRUE(std::holds_alternative<TomlValue::Table>(read)) << to_toml(table);
    EXPECT_EQ(shape(std::get<TomlValue::Table>(read)), shape(table)) << to_toml(table);
  }
}

TEST_F(ToToml, keeps_numbers_as_what_they_are) {
  again("a = 1.0\nb = -0.5\nc = 1e300\nd = inf\ne = -9223372036854775808\nf = 0.1");
}

TEST_F(ToToml, leaves_out_what_no_key_takes) {
  const auto table = std::get<TomlValue::Table>(parse_toml("day = 2026-12-01\nname = 'a'"));
  EXPECT_EQ(shape(std::get<TomlValue::Table>(parse_toml(to_toml(table)))), "{name='a';}");
}

TEST(ParseToml, what_breaks_assertions_of_the_library_is_a_syntax_error_with_its_line) {
  for (const char* text : {"a = 1\n\xc3\xa4 = 2", "a = 1\nb = [}", "a = 1\nb = {]}",
                           "a = 1\n[\"\n\"]", "a = 1\nb = ,"}) {
    const auto document = parse_toml(text);
    ASSERT_TRUE(std::holds_alternative<TomlError>(document)) << text;
    EXPECT_EQ(std::get<TomlError>(document).line, 2) << text;
  }
}

}  // namespace
}  // namespace pyfault
