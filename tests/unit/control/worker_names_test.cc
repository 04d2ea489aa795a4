#include "watchdog/control/worker_names.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kThereAre = {"web#1", "web#2", "webhook", "queue"};

TEST(WorkerNames, an_instance_is_meant_by_its_name) {
  EXPECT_THAT(choose_workers({"web#2"}, kThereAre).names, ElementsAre("web#2"));
}

TEST(WorkerNames, all_instances_are_meant_by_the_name_that_they_share) {
  EXPECT_THAT(choose_workers({"web"}, kThereAre).names, ElementsAre("web#1", "web#2"));
}

TEST(WorkerNames, each_is_chosen_once_in_the_services_order) {
  EXPECT_THAT(choose_workers({"queue", "web", "web#1"}, kThereAre).names,
              ElementsAre("web#1", "web#2", "queue"));
}

TEST(WorkerNames, a_word_that_means_none_is_told) {
  EXPECT_EQ(choose_workers({"queue", "web#3"}, kThereAre).unknown, "web#3");
  EXPECT_THAT(choose_workers({"queue"}, kThereAre).unknown, IsEmpty());
}

}  // namespace
}  // namespace pyfault
