#include "watchdog/control/event_tail.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

Event notice_of(const std::string& message) {
  Event event;
  event.body = NoticeEvent{message, 0};
  return event;
}

std::string message_at(const EventTail& tail, std::uint64_t number) {
  return std::get<NoticeEvent>(tail.at(number).body).message;
}

TEST(EventTail, counts_from_zero_and_keeps_what_fits) {
  EventTail tail({.events = 3});
  EXPECT_EQ(tail.end(), 0U);
  for (const char* each : {"a", "b", "c", "d"}) tail.add(notice_of(each));
  EXPECT_EQ(tail.first(), 1U);
  EXPECT_EQ(tail.end(), 4U);
  EXPECT_EQ(message_at(tail, 1), "b");
  EXPECT_EQ(message_at(tail, 3), "d");
}

TEST(EventTail, is_bounded_in_bytes_too) {
  EventTail tail({.events = 1000, .bytes = 100'000});
  for (int i = 0; i < 10; ++i) tail.add(notice_of(std::string(30'000, 'x')));
  EXPECT_LE(tail.end() - tail.first(), 3U);
}

TEST(EventTail, keeps_the_last_however_large_it_is) {
  EventTail tail({.events = 10, .bytes = 100});
  tail.add(notice_of("small"));
  tail.add(notice_of(std::string(30'000, 'x')));
  EXPECT_EQ(tail.end() - tail.first(), 1U);
}

TEST(EventTail, a_crash_counts_with_its_frames) {
  EventTail tail({.events = 1000, .bytes = 1 << 20});
  Event event;
  Crash crash;
  crash.threads.resize(10);
  for (Thread& thread : crash.threads) thread.frames.resize(100);
  event.body = crash;
  for (int i = 0; i < 20; ++i) tail.add(event);
  EXPECT_LE((tail.end() - tail.first()) * 1000 * sizeof(Frame), std::size_t{1} << 20);
}

}  // namespace
}  // namespace pyfault
