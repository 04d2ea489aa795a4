// A saved worker in which every member is set.
#pragma once

#include <csignal>

#include "watchdog/config/parse_config.h"
#include "watchdog/handover/saved_worker.h"

namespace pyfault::test {

// Every key of a worker, some of them from [defaults].
inline constexpr char kFullConfig[] = R"(
[defaults]
user = "www-data"
environment = { A = "1", TEXT = "line 1\nline 2 \\ \"quoted\" \u0007 \u20ac" }
backoff = { initial = "1s", factor = 3.5, max = "30s", jitter = 0.25 }

[[worker]]
name = "web"
instances = 3
command = ["gunicorn", "shop:app", "--bind", "[::]:800{instance}"]
python = "python3.12"
directory = "/srv/shop"
group = "adm"
umask = "027"
limits = { nofile = "1024:4096", core = 0 }
restart = "always"
crash_loop = { failures = 4, window = "5m", before_ready = 2, then = "give-up" }
ready = { by = "notify", timeout = "3s" }
stop = { signal = "INT", timeout = "5s" }
output = "inherit"
output_limit = { lines = 100, interval = "6s" }
dump_signal = "RTMIN+6"
dump_before = ["USR1", "ABRT"]
all_exits = true
restart_tainted = true
start_order = -2
essential = true
)";

inline WorkerConfig full_config() {
  return parse_config(kFullConfig).config.workers.at(1);
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
  session.contextless = 2;
  session.replaced = {SIGSEGV};
  session.own_death_told = true;
  return session;
}

inline SavedWorker full_worker() {
  using Time = std::chrono::steady_clock::time_point;
  SavedWorker saved;
  saved.config = full_config();
  saved.lifecycle = {WorkerState::kUp,
                     4,
                     true,
                     false,
                     {{{Time(std::chrono::seconds(5)), "f00d"}}, 6, 2, true, true}};
  saved.history = {LastExit{1, std::nullopt, "SIGSEGV", "signaled", "", "tail\n"},
                   LastCrash{1, "c0ffee", "SIGSEGV"},
                   {{"signaled", 4}},
                   {{"SIGSEGV", 5}},
                   {{"not-python", 6}}};
  saved.exit_code = 139;
  saved.crashes = {{"f00d", {5, Time(std::chrono::seconds(7)), Time(std::chrono::seconds(6))}}};
  saved.timer = Time(std::chrono::seconds(9));
  saved.process = SavedProcess{4242,
                               99,
                               Time(std::chrono::seconds(8)),
                               {{4242, 1, "python3", "/usr/bin/python3", {"python3"}, 33, 33},
                                OwnCrash{"c0ffee", "f00d", SIGSEGV, true},
                                true,
                                {SIGABRT}},
                               SavedOutput{"begun", "\xfe", "tail\n", "err\n"}};
  saved.sessions = {full_session()};
  saved.recent = {{"c0ffee", 4242, 33, false, "{}", "text\xff"}};
  saved.unwatched_below = {{{4244, 4242, "pypy3", "/opt/pypy3", {"pypy3"}},
                            101,
                            unwatched(UnwatchedReason::kOtherImplementation, "PyPy")}};
  return saved;
}

}  // namespace pyfault::test
