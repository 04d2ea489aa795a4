#include "watchdog/handover/saved_worker.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/saved_worker.h"

namespace pyfault {
namespace {

using nlohmann::json;
using test::full_memory;

class WorkerMemoryTest : public testing::Test {
 protected:
  // Encodes a saved worker with all members, applies `change` to it, and decodes the result.
  template <typename Change>
  static std::optional<SavedWorker> changed(Change change) {
    json state = json::from_cbor(encode(full_memory()));
    change(state);
    std::string bytes;
    json::to_cbor(state, bytes);
    return decode_worker(bytes);
  }
};

TEST_F(WorkerMemoryTest, comes_back_as_it_was) {
  const std::string bytes = encode(full_memory());
  const auto memory = decode_worker(bytes);
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->config, full_memory().config);
  EXPECT_EQ(memory->policy, full_memory().policy);
  EXPECT_EQ(memory->crashes, full_memory().crashes);
  EXPECT_EQ(memory->history, full_memory().history);
  EXPECT_EQ(encode(*memory), bytes);
}

TEST_F(WorkerMemoryTest, a_member_that_an_older_watchdog_did_not_know_has_its_default) {
  const auto memory = changed([](json& state) { state["worker"]["config"].erase("essential"); });
  ASSERT_TRUE(memory);
  EXPECT_FALSE(memory->config.essential);
}

TEST_F(WorkerMemoryTest, a_member_that_only_a_newer_one_knows_is_passed_over) {
  EXPECT_TRUE(changed([](json& state) { state["worker"]["mood"] = "good"; }));
}

TEST_F(WorkerMemoryTest, another_version_is_refused) {
  EXPECT_FALSE(changed([](json& state) { state["version"] = 2; }));
  EXPECT_FALSE(changed([](json& state) { state.erase("version"); }));
}

TEST_F(WorkerMemoryTest, a_member_of_another_type_is_refused) {
  EXPECT_FALSE(changed([](json& state) { state["worker"]["restarts"] = "four"; }));
  EXPECT_FALSE(changed([](json& state) { state["worker"] = json::array(); }));
}

TEST_F(WorkerMemoryTest, a_fraction_where_a_whole_number_belongs_is_refused) {
  for (const double number : {1.5, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_FALSE(changed([&](json& state) { state["worker"]["restarts"] = number; })) << number;
  }
}

TEST_F(WorkerMemoryTest, a_state_that_does_not_exist_is_refused) {
  EXPECT_FALSE(changed([](json& state) { state["worker"]["state"] = 11; }));
  EXPECT_FALSE(changed([](json& state) { state["worker"]["state"] = -1; }));
}

TEST_F(WorkerMemoryTest, a_process_that_can_be_none_of_ours_is_refused) {
  for (const int pid : {1, 0, -1}) {
    EXPECT_FALSE(changed([&](json& state) { state["worker"]["life"]["pid"] = pid; })) << pid;
  }
}

TEST_F(WorkerMemoryTest, a_worker_that_is_up_without_a_life_is_refused) {
  EXPECT_FALSE(changed([](json& state) { state["worker"]["life"] = nullptr; }));
}

TEST_F(WorkerMemoryTest, bytes_that_end_early_are_refused_wherever_they_do) {
  const std::string bytes = encode(full_memory());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_worker(std::string_view(bytes).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace pyfault
