// Which interpreters the narrow matrix selects.
#include "tests/support/test_matrix.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <optional>
#include <set>

namespace pyfault::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSubsetOf;
using testing::SizeIs;
using Labels = std::vector<std::string>;

Interpreter interpreter(const std::string& folder, const std::string& label) {
  return {folder + "/bin/python" + label, label, parse_version(label)};
}

Labels labels(const std::vector<Interpreter>& interpreters) {
  Labels all;
  for (const Interpreter& each : interpreters) all.push_back(each.label);
  return all;
}

const std::vector<Interpreter> kSeven = {
    interpreter("/opt/a", "3.8.18"),  interpreter("/opt/b", "3.9.18"),
    interpreter("/opt/c", "3.10.13"), interpreter("/usr", "3.11.2"),
    interpreter("/opt/d", "3.12.1"),  interpreter("/opt/e", "3.13.0"),
    interpreter("/opt/f", "3.13.0t")};

TEST(NarrowMatrix, has_the_oldest_the_newest_the_systems_own_and_one_of_the_rest) {
  const Labels few = labels(narrowed(kSeven, "0c79176"));
  EXPECT_THAT(few, SizeIs(4));
  EXPECT_THAT(Labels({"3.8.18", "3.11.2", "3.13.0"}), IsSubsetOf(few));
}

TEST(NarrowMatrix, is_the_same_for_the_same_seed) {
  EXPECT_THAT(labels(narrowed(kSeven, "0c79176")),
              ElementsAre("3.8.18", "3.11.2", "3.12.1", "3.13.0"));
  EXPECT_THAT(labels(narrowed(kSeven, "8dcbdf1")),
              ElementsAre("3.8.18", "3.10.13", "3.11.2", "3.13.0"));
}

TEST(NarrowMatrix, comes_to_each_of_the_rest_with_some_seed) {
  std::set<std::string> seen;
  for (int seed = 0; seed < 40; ++seed) {
    for (const auto& each : narrowed(kSeven, std::to_string(seed))) seen.insert(each.label);
  }
  EXPECT_THAT(seen, SizeIs(kSeven.size()));
}

TEST(NarrowMatrix, has_no_rest_to_choose_from_where_there_are_few) {
  EXPECT_THAT(narrowed({}, "seed"), IsEmpty());
  EXPECT_THAT(labels(narrowed({kSeven[3]}, "seed")), ElementsAre("3.11.2"));
  EXPECT_THAT(labels(narrowed({kSeven[0], kSeven[3], kSeven[5]}, "seed")),
              ElementsAre("3.8.18", "3.11.2", "3.13.0"));
}

class MatrixSetting : public testing::Test {
 protected:
  ~MatrixSetting() override { put(before_ ? before_->c_str() : nullptr); }
  static void put(const char* value) {
    value != nullptr ? ::setenv("PYFAULT_TEST_MATRIX", value, 1)
                     : ::unsetenv("PYFAULT_TEST_MATRIX");
  }

 private:
  static std::optional<std::string> now() {
    const char* value = std::getenv("PYFAULT_TEST_MATRIX");
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  }
  std::optional<std::string> before_ = now();
};

TEST_F(MatrixSetting, of_all_or_nothing_is_the_whole_matrix) {
  for (const char* value : {"all", "", static_cast<const char*>(nullptr)}) {
    put(value);
    EXPECT_TRUE(matrix_is_whole());
    EXPECT_EQ(labels(chosen(kSeven)), labels(kSeven));
  }
}

TEST_F(MatrixSetting, of_a_seed_is_the_narrow_matrix) {
  put("narrow:0c79176");
  EXPECT_FALSE(matrix_is_whole());
  EXPECT_EQ(labels(chosen(kSeven)), labels(narrowed(kSeven, "0c79176")));
}

TEST_F(MatrixSetting, of_another_kind_is_refused) {
  for (const char* value : {"narrow", "narrow:", "wide"}) {
    put(value);
    EXPECT_THROW(chosen(kSeven), std::runtime_error) << value;
  }
}

}  // namespace
}  // namespace pyfault::test
