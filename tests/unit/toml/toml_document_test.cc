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

TEST_F(ToToml, keeps_whatever_a_text_may_hold) {
  again(R"(a = "quotes \" and ' and ''' and \\ \n newline \t tab \u0000 \u0007 \u007f")");
  again(
      "a = '''\nfirst line\n\n  last line '' \n'''\n\"a key with = and \\\" \" = \"\\U0001F40D\"");
}

TEST_F(ToToml, leaves_out_what_no_key_takes) {
  const auto table = std::get<TomlValue::Table>(parse_toml("day = 2026-12-01\nname = 'a'"));
  EXPECT_EQ(shape(std::get<TomlValue::Table>(parse_toml(to_toml(table)))), "{name='a';}");
}

}  // namespace
}  // namespace pyfault
