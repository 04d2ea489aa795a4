// What processes say about themselves outlives them, and belongs to nobody else.
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/support/context_builder.h"
#include "tests/unit/ingest/agent_session_fixture.h"

namespace pyfault {
namespace {

using test::AgentSessionTest;
using test::ContextBuilder;
using test::WaitingChild;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AgentSessionContext : public AgentSessionTest {
 protected:
  ContextBuilder of(int pid, std::uint32_t block = 0) const { return {agent_->ring(), pid, block}; }
  int owner(std::uint32_t block = 0) const { return agent_->header().context_owners[block]; }

  static std::string value(const Context& context, const std::string& key) {
    for (const Annotation& each : context.annotations) {
      if (each.key == key) return each.value;
    }
    return "";
  }
  std::string value_at_crash(const std::string& key, std::size_t crash = 0) const {
    return value(log_.crash(crash).context, key);
  }

  void attach_with_handler() {
    attach(process_.pid(),
           {.all_exits = true, .last_context = [this](int pid, const auto& context) {
              last_contexts_.emplace_back(pid, context);
            }});
  }

  std::vector<std::pair<int, Context>> last_contexts_;
};

TEST_F(AgentSessionContext, is_that_of_the_process_that_crashed) {
  of(process_.pid(), 1).annotate("task", "mine").breadcrumb("loaded");
  of(process_.pid() + 1, 0).annotate("task", "other");
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(value_at_crash("task"), "mine");
  EXPECT_EQ(log_.crash().context.breadcrumbs.at(0).text, "loaded");
}

TEST_F(AgentSessionContext, of_the_thread_that_crashed_comes_first) {
  of(process_.pid()).annotate("task", "all").annotate("task", "mine", test::kTid);
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(value_at_crash("task"), "mine");
}

TEST_F(AgentSessionContext, of_a_dump_is_that_of_the_moment) {
  ContextBuilder says = of(process_.pid());
  for (const char* task : {"first", "second"}) {
    says.annotate(task, "1");
    agent_->publish(process_.pid(), dump());
    session_->drain();
  }
  EXPECT_THAT(log_.crash(0).context.annotations, SizeIs(1));
  EXPECT_THAT(log_.crash(1).context.annotations, SizeIs(2));
}

TEST_F(AgentSessionContext, of_a_process_that_says_nothing_is_empty) {
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_TRUE(log_.crash().context.empty());
}

TEST_F(AgentSessionContext, is_in_the_crash_and_in_the_end_of_a_child) {
  attach(process_.pid(), {.all_exits = true});
  WaitingChild child;
  agent_->enter_child(child.pid());
  of(child.pid()).annotate("task", "resize").annotate("task", "thread", 7).beat(1);
  agent_->publish(child.pid());
  session_->poll();
  child.die();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(value_at_crash("task"), "resize");
  EXPECT_EQ(value(log_.exit().context, "task"), "thread");
  EXPECT_GT(log_.exit().context.heartbeat_age_seconds, 0.0);
}

TEST_F(AgentSessionContext, is_handed_over_even_if_the_end_is_not_reported) {
  attach_with_handler();
  of(process_.pid()).annotate("task", "resize");
  process_.die();
  wait_for_end();
  ASSERT_THAT(last_contexts_, SizeIs(1));
  EXPECT_EQ(last_contexts_[0].first, process_.pid());
  EXPECT_EQ(value(last_contexts_[0].second, "task"), "resize");
}

TEST_F(AgentSessionContext, in_another_namespace_is_found_by_the_number_there) {
  attach(kForeignPid);
  of(kForeignPid).annotate("task", "resize").taint(2);
  EXPECT_THAT(session_->tainted(), ElementsAre(process_.pid()));
  agent_->publish(kForeignPid);
  session_->drain();
  EXPECT_EQ(value_at_crash("task"), "resize");
}

TEST_F(AgentSessionContext, of_the_dead_is_wiped_and_free) {
  attach(process_.pid(), {.all_exits = true});
  WaitingChild child;
  agent_->enter_child(child.pid());
  ContextBuilder says = of(child.pid());
  says.annotate("task", "resize");
  session_->poll();
  EXPECT_EQ(owner(), child.pid());
  child.die();
  log_.run_until([&] { return !log_.exits.empty(); });
  EXPECT_EQ(owner(), 0);
  EXPECT_EQ(says.block().header.version, 0u);
}

TEST_F(AgentSessionContext, of_one_that_died_before_it_was_known_is_free) {
  int gone = 0;
  {
    WaitingChild child;
    gone = child.pid();
  }
  of(gone, 3).annotate("task", "resize");
  session_->poll();
  EXPECT_EQ(owner(3), 0);
}

TEST_F(AgentSessionContext, of_the_living_stays) {
  of(process_.pid(), 0);
  of(getpid(), 1);
  session_->poll();
  EXPECT_EQ(owner(0), process_.pid());
  EXPECT_EQ(owner(1), getpid());
}

TEST_F(AgentSessionContext, before_an_exec_is_not_that_of_what_is_executed) {
  of(process_.pid()).annotate("task", "resize");
  session_->forget(process_.pid());
  EXPECT_EQ(owner(), 0);
}

TEST_F(AgentSessionContext, is_found_by_the_next_watchdog) {
  of(process_.pid()).annotate("task", "resize");
  session_->poll();
  session_.emplace(log_.io, std::move(*memory_), session_->saved(), log_, [this] { ++ends_; });
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(value_at_crash("task"), "resize");
}

TEST_F(AgentSessionContext, that_nobody_could_have_is_nobodys) {
  of(-5, 0).annotate("task", "hostile");
  agent_->header().contexts_end = ~0U;
  agent_->publish(process_.pid());
  session_->drain();
  EXPECT_EQ(owner(), 0);
  EXPECT_TRUE(log_.crash().context.empty());
}

TEST_F(AgentSessionContext, for_which_there_was_no_room_is_told_once) {
  agent_->header().contextless = 3;
  session_->drain();
  EXPECT_THAT(log_.message(), HasSubstr("more than 256 processes had annotations, breadcrumbs or "
                                        "heartbeats at a time, and those of 3 were not recorded"));
  session_->drain();
  EXPECT_THAT(log_.events, SizeIs(1));
}

TEST_F(AgentSessionContext, says_where_a_fault_has_become_an_exception) {
  EXPECT_THAT(session_->tainted(), IsEmpty());
  of(process_.pid()).taint(3);
  EXPECT_THAT(session_->tainted(), ElementsAre(process_.pid()));
}

}  // namespace
}  // namespace pyfault
