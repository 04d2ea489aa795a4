#include "watchdog/log/event_filter.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

Event event_of(std::optional<std::string> worker, decltype(Event::body) body) {
  Event event;
  event.worker = std::move(worker);
  event.body = std::move(body);
  return event;
}

bool passes(const EventFilter& filter, const std::string& worker) {
  return filter.passes(event_of(worker, StartEvent{}));
}

TEST(EventFilter, an_empty_one_takes_all) {
  EXPECT_TRUE(EventFilter().passes(event_of("web", StartEvent{})));
  EXPECT_TRUE(EventFilter().passes(event_of(std::nullopt, NoticeEvent{"said"})));
}

TEST(EventFilter, only_the_kinds_of_events_that_it_names) {
  const EventFilter filter{{kCrashKind, ExitEvent::kKind}, {}};
  EXPECT_TRUE(filter.passes(event_of("web", Crash{})));
  EXPECT_TRUE(filter.passes(event_of("web", ExitEvent{})));
  EXPECT_FALSE(filter.passes(event_of("web", StartEvent{})));
}

TEST(EventFilter, a_dump_is_no_crash) {
  Crash dump;
  dump.kind = CrashKind::kDump;
  EXPECT_FALSE((EventFilter{{kCrashKind}, {}}.passes(event_of("web", dump))));
}

TEST(EventFilter, a_worker_is_meant_with_all_its_instances) {
  const EventFilter filter{{}, {"web", "api#2"}};
  EXPECT_TRUE(passes(filter, "web"));
  EXPECT_TRUE(passes(filter, "web#7"));
  EXPECT_TRUE(passes(filter, "api#2"));
  EXPECT_FALSE(passes(filter, "api#1"));
  EXPECT_FALSE(passes(filter, "webhook"));
}

TEST(EventFilter, who_asks_for_a_worker_hears_of_nothing_else) {
  EXPECT_FALSE((EventFilter{{}, {"web"}}.passes(event_of(std::nullopt, NoticeEvent{"said"}))));
}

}  // namespace
}  // namespace pyfault
