#include "watchdog/handover/saved_worker.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/saved_worker.h"

namespace pyfault {
namespace {

using nlohmann::json;
using test::full_worker;

class SavedWorkerTest : public testing::Test {
 protected:
  // Encodes a saved worker with all members, applies `change` to it, and decodes the result.
  template <typename Change>
  static std::optional<SavedWorker> changed(Change change) {
    json state = json::from_cbor(encode(full_worker()));
    change(state);
    std::string bytes;
    json::to_cbor(state, bytes);
    return decode_worker(bytes);
  }
};

TEST_F(SavedWorkerTest, comes_back_as_it_was) {
  const std::string bytes = encode(full_worker());
  const auto saved = decode_worker(bytes);
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->config, full_worker().config);
  EXPECT_EQ(saved->lifecycle, full_worker().lifecycle);
  EXPECT_EQ(saved->crashes, full_worker().crashes);
  EXPECT_EQ(saved->history, full_worker().history);
  EXPECT_EQ(encode(*saved), bytes);
}

TEST_F(SavedWorkerTest, a_member_that_an_older_watchdog_did_not_know_has_its_default) {
  const auto saved = changed([](json& state) { state["worker"].erase("exit_code"); });
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->exit_code, 0);
}

TEST_F(SavedWorkerTest, a_member_that_only_a_newer_one_knows_is_passed_over) {
  EXPECT_TRUE(changed([](json& state) { state["worker"]["mood"] = "good"; }));
}

TEST_F(SavedWorkerTest, a_key_that_only_a_newer_one_knows_is_passed_over) {
  EXPECT_TRUE(changed([](json& state) {
    auto& toml = state["worker"]["config"]["toml"];
    toml = toml.get<std::string>() + "\nlater = 1\n";
  }));
}

TEST_F(SavedWorkerTest, an_unknown_reason_is_refused) {
  EXPECT_FALSE(
      changed([](json& state) { state["worker"]["unwatched_below"][0]["why"]["reason"] = 99; }));
}

TEST(SavedGuests, come_back_as_they_were) {
  const SavedGuests guests{{test::full_session(), test::full_session()}, full_worker().recent};
  const auto saved = decode_guests(encode(guests));
  ASSERT_TRUE(saved);
  EXPECT_EQ(encode(*saved), encode(guests));
}

TEST(SavedGuests, a_session_without_a_process_is_refused) {
  SavedSession session = test::full_session();
  session.family.attached.process.pid = 0;
  EXPECT_FALSE(decode_guests(encode(SavedGuests{{session}, {}})));
  EXPECT_FALSE(decode_guests("something else"));
  EXPECT_FALSE(decode_guests(encode(full_worker())));
}

TEST_F(SavedWorkerTest, another_version_is_refused) {
  EXPECT_FALSE(changed([](json& state) { state["version"] = 1; }));
  EXPECT_FALSE(changed([](json& state) { state.erase("version"); }));
}

TEST_F(SavedWorkerTest, a_member_of_another_type_is_refused) {
  EXPECT_FALSE(changed([](json& state) { state["worker"]["lifecycle"]["restarts"] = "four"; }));
  EXPECT_FALSE(changed([](json& state) { state["worker"] = json::array(); }));
}

TEST_F(SavedWorkerTest, a_fraction_where_a_whole_number_belongs_is_refused) {
  for (const double number : {1.5, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_FALSE(changed([&](json& state) { state["worker"]["lifecycle"]["restarts"] = number; }))
        << number;
  }
}

TEST_F(SavedWorkerTest, a_state_that_does_not_exist_is_refused) {
  EXPECT_FALSE(changed([](json& state) { state["worker"]["lifecycle"]["state"] = 11; }));
  EXPECT_FALSE(changed([](json& state) { state["worker"]["lifecycle"]["state"] = -1; }));
}

TEST_F(SavedWorkerTest, a_worker_that_is_dying_is_refused_for_it_would_never_end) {
  EXPECT_FALSE(changed([](json& state) {
    state["worker"]["process"] = nullptr;
    state["worker"]["lifecycle"]["state"] = static_cast<int>(WorkerState::kDying);
  }));
}

TEST_F(SavedWorkerTest, a_configuration_that_is_not_valid_is_refused) {
  for (const char* toml : {"", "[[worker", "worker = [{ name = 'other', command = ['a'] }]"}) {
    EXPECT_FALSE(changed([&](json& state) { state["worker"]["config"]["toml"] = toml; })) << toml;
  }
}

TEST_F(SavedWorkerTest, a_worker_without_a_configuration_is_refused) {
  EXPECT_FALSE(changed([](json& state) { state["worker"].erase("config"); }));
}

TEST_F(SavedWorkerTest, a_process_that_can_be_none_of_ours_is_refused) {
  for (const int pid : {1, 0, -1}) {
    EXPECT_FALSE(changed([&](json& state) { state["worker"]["process"]["pid"] = pid; })) << pid;
  }
}

TEST_F(SavedWorkerTest, a_worker_that_is_up_without_a_process_is_refused) {
  EXPECT_FALSE(changed([](json& state) { state["worker"]["process"] = nullptr; }));
}

TEST_F(SavedWorkerTest, bytes_that_end_early_are_refused_wherever_they_do) {
  const std::string bytes = encode(full_worker());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_worker(std::string_view(bytes).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace pyfault
