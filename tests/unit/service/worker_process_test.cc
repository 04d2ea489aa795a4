#include "watchdog/service/worker_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include "watchdog/enrich/process_info.h"

namespace pyfault {
namespace {

class AdoptedProcessTest : public testing::Test {
 protected:
  // Adopts a life whose process has our pid and this start time.
  WorkerProcess process(std::uint64_t start_ticks) {
    SavedProcess saved;
    saved.pid = ::getpid();
    saved.start_ticks = start_ticks;
    return {io_, std::move(saved), {}, nullptr, std::nullopt, [this] { has_ended_ = true; }};
  }

  boost::asio::io_context io_;
  bool has_ended_ = false;
};

TEST_F(AdoptedProcessTest, goes_on_while_the_process_is_the_same) {
  const WorkerProcess same = process(start_ticks(::getpid()));
  io_.poll();
  EXPECT_FALSE(has_ended_);
  EXPECT_EQ(same.root_of_tree(), ::getpid());
}

TEST_F(AdoptedProcessTest, is_over_when_another_has_its_number_and_costs_that_one_nothing) {
  const WorkerProcess other = process(start_ticks(::getpid()) - 1);
  while (!has_ended_) io_.run_one();
  EXPECT_EQ(other.root_of_tree(), -1);
  other.send(SIGKILL);
}

}  // namespace
}  // namespace pyfault
