#include "watchdog/metrics/answers.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class AnswersTest : public testing::Test {
 protected:
  AnswersTest() { metrics_.set_workers({"web", "api"}); }

  HttpAnswer ask(std::string_view path) { return answer_to(path, metrics_); }
  void ready(const std::string& worker) { workers_[worker].is_up = true; }

  std::map<std::string, WorkerGauges> workers_{{"web", {}}, {"api", {}}};
  ServiceMetrics metrics_{{[this] { return workers_; }, [](int) { return std::nullopt; },
                           [] { return std::uint64_t{0}; },
                           [] { return std::map<std::string, int>(); },
                           [] { return std::size_t{0}; }}};
};

TEST_F(AnswersTest, metrics_say_which_format_they_are_in) {
  EXPECT_EQ(ask("/metrics").status, 200u);
  EXPECT_THAT(ask("/metrics").content_type, StartsWith("text/plain; version=0.0.4"));
  EXPECT_THAT(ask("/metrics").body, HasSubstr("\npyfault_worker_up{worker=\"web\"} 0\n"));
}

TEST_F(AnswersTest, a_service_with_a_worker_down_is_unhealthy) {
  ready("web");
  EXPECT_EQ(ask("/healthz").status, 503u);
  EXPECT_EQ(ask("/healthz").body, "degraded: 1 of 2 workers are up\n");
}

TEST_F(AnswersTest, a_service_with_all_of_them_up_is_healthy) {
  ready("web");
  ready("api");
  EXPECT_EQ(ask("/healthz").status, 200u);
  EXPECT_EQ(ask("/healthz").body, "ok: 2 of 2 workers are up\n");
}

TEST_F(AnswersTest, nothing_else_is_there) {
  EXPECT_EQ(ask("/").status, 404u);
  EXPECT_EQ(ask("/metrics/x").status, 404u);
}

}  // namespace
}  // namespace pyfault
