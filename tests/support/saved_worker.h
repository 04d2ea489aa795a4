// A saved worker in which every member is set.
#pragma once

#include <csignal>

#include "watchdog/handover/saved_worker.h"

namespace pyfault::test {

inline WorkerConfig full_config() {
  WorkerConfig config;
  config.name = "web#2";
  config.command = {"gunicorn", "shop:app"};
  config.python = "python3.12";
  config.directory = "/srv/shop";
  config.user = "www-data";
  config.group = "adm";
  config.environment = {{"A", "1"}, {"RAW", "\xff"}};
  config.umask = 027;
  config.limits = {{7, 1024, 4096}};
  config.restart.mode = RestartMode::kAlways;
  config.restart.backoff.factor = 3;
  config.restart.crash_loop.action = CrashLoopAction::kGiveUp;
  config.ready = {ReadyBy::kNotify, std::chrono::seconds(2), std::chrono::seconds(3)};
  config.stop = {SIGINT, std::chrono::seconds(5)};
  config.output = OutputMode::kInherit;
  config.output_limit = OutputLimit{100, std::chrono::seconds(6)};
  config.dump_signal = 40;
  config.all_exits = true;
  config.start_order = -2;
  config.essential = true;
  return config;
}

inline SavedSession full_session() {
  SavedSession session;
  session.id = 7;
  session.family.attached = {12, 33, {4242, 1, "python3", "/usr/bin/python3", {"python3", "a.py"}}};
  session.family.start_ticks = 99;
  session.family.has_attached = true;
  session.family.translated = {{13, 4243}};
  session.attached_ns = 1'795'419'610'123'456'789;
  session.dropped = 3;
  session.replaced = {SIGSEGV};
  session.own_death_told = true;
  return session;
}

inline SavedWorker full_memory() {
  using Time = std::chrono::steady_clock::time_point;
  SavedWorker memory;
  memory.config = full_config();
  memory.state = WorkerState::kUp;
  memory.restarts = 4;
  memory.history = {LastExit{1, std::nullopt, "SIGSEGV", "signaled", "", "tail\n"},
                    LastCrash{1, "c0ffee", "SIGSEGV"},
                    {{"signaled", 4}},
                    {{"SIGSEGV", 5}},
                    {{"not-python", 6}}};
  memory.exit_code = 139;
  memory.policy = {{{Time(std::chrono::seconds(5)), "f00d"}}, 6, 2, true, true};
  memory.crashes = {{"f00d", {5, Time(std::chrono::seconds(7)), Time(std::chrono::seconds(6))}}};
  memory.timer = Time(std::chrono::seconds(9));
  memory.delay = std::chrono::milliseconds(1500);
  memory.life = SavedLife{4242,
                          99,
                          Time(std::chrono::seconds(8)),
                          {4242, 1, "python3", "/usr/bin/python3", {"python3"}, 33, 33},
                          SavedCrash{"c0ffee", "f00d", SIGSEGV, true},
                          true,
                          {SIGABRT},
                          SavedOutput{"begun", "\xfe", "tail\n", "err\n"}};
  memory.sessions = {full_session()};
  return memory;
}

}  // namespace pyfault::test
