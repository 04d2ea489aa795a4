#include "watchdog/control/worker_names.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kThereAre = {"web#1", "web#2", "webhook", "queue"};

TEST(WorkerNames, AnInstanceIsMeantByItsName) {
  EXPECT_THAT(choose_workers({"web#2"}, kThereAre).names, ElementsAre("web#2"));
}

TEST(WorkerNames, AllInstancesAreMeantByTheNameThatTheyShare) {
  EXPECT_THAT(choose_workers({"web"}, kThereAre).names, ElementsAre("web#1", "web#2"));
}

TEST(WorkerNames, EachIsChosenOnceInTheServicesOrder) {
  EXPECT_THAT(choose_workers({"queue", "web", "web#1"}, kThereAre).names,
              ElementsAre("web#1", "web#2", "queue"));
}

TEST(WorkerNames, AWordThatMeansNoneIsTold) {
  EXPECT_EQ(choose_workers({"queue", "web#3"}, kThereAre).unknown, "web#3");
  EXPECT_THAT(choose_workers({"queue"}, kThereAre).unknown, IsEmpty());
}

}  // namespace
}  // namespace pyfault
