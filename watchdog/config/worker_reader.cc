#include "watchdog/config/worker_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "watchdog/toml/quantity.h"

namespace pyfault {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxFailures = static_cast<int>(kMaxFailureLimit);
constexpr int kMaxOrder = 1'000'000;
constexpr int kMaxLines = 1'000'000'000;

constexpr Choice<RestartMode> kRestartModes[] = {{"no", RestartMode::kNo},
                                                 {"on-failure", RestartMode::kOnFailure},
                                                 {"on-crash", RestartMode::kOnCrash},
                                                 {"always", RestartMode::kAlways}};
constexpr Choice<CrashLoopAction> kLoopActions[] = {{"retry", CrashLoopAction::kRetry},
                                                    {"give-up", CrashLoopAction::kGiveUp}};
constexpr Choice<ReadyBy> kReadyWays[] = {{"alive", ReadyBy::kAlive}, {"notify", ReadyBy::kNotify}};
constexpr Choice<NativeMode> kNativeModes[] = {
    {"off", NativeMode::kOff}, {"on", NativeMode::kOn}, {"full", NativeMode::kFull}};
constexpr Choice<OutputMode> kOutputs[] = {{"capture", OutputMode::kCapture},
                                           {"inherit", OutputMode::kInherit}};

std::string seconds(milliseconds time) {
  return fmt::format("{} s", time.count() / 1000);
}

class WorkerReader {
 public:
  WorkerReader(TableReader& table, std::vector<Problem>& problems, WorkerConfig& worker)
      : table_(table), problems_(problems), worker_(worker) {}

  void read() {
    std::string python;
    if (table_.get("python", python)) worker_.python = python;
    table_.get("directory", worker_.directory);
    table_.get("user", worker_.user);
    table_.get("group", worker_.group);
    table_.get("environment", worker_.environment);
    table_.get_mode("umask", worker_.umask);
    table_.get("output", worker_.output, kOutputs);
    read_dump_signal();
    table_.get_signals_or_none("dump_before", worker_.dump_before);
    table_.get("start_order", worker_.start_order, -kMaxOrder, kMaxOrder);
    table_.get("essential", worker_.essential);
    table_.get("all_exits", worker_.all_exits);
    table_.get("native", worker_.native, kNativeModes);
    table_.get("restart", worker_.restart.mode, kRestartModes);
    table_.get("restart_tainted", worker_.restart_tainted);
    read_table("limits", [this](TableReader& inner, const TomlValue::Table& limits) {
      read_limits(inner, limits);
    });
    read_table("backoff", [this](TableReader& inner, const auto&) { read_backoff(inner); });
    read_table("crash_loop", [this](TableReader& inner, const auto&) { read_crash_loop(inner); });
    read_table("ready", [this](TableReader& inner, const auto&) { read_ready(inner); });
    read_table("output_limit", [this](TableReader& inner, const auto&) { read_limit(inner); });
    read_table("stop", [this](TableReader& inner, const auto&) { read_stop(inner); });
    check_restart();
  }

 private:
  template <typename Read>
  void read_table(std::string_view key, Read read) {
    const TomlValue::Table* inner = table_.table(key);
    if (!inner) return;
    TableReader reader(*inner, fmt::format("'{}'", key), table_.line_of(key), problems_);
    read(reader, *inner);
    if (key != "limits") reader.refuse_unknown_keys();
  }

  void read_limits(TableReader& table, const TomlValue::Table& limits);
  void read_dump_signal();
  void set_limit(const ResourceLimit& limit);
  void read_backoff(TableReader& table);
  void read_crash_loop(TableReader& table);
  void read_ready(TableReader& table);
  void read_limit(TableReader& table);
  void read_stop(TableReader& table);
  void check_restart();
  milliseconds quickest_loop() const;

  TableReader& table_;
  std::vector<Problem>& problems_;
  WorkerConfig& worker_;
};

void WorkerReader::read_limits(TableReader& table, const TomlValue::Table& limits) {
  for (const TomlEntry& entry : limits) {
    const auto resource = limit_named(entry.key);
    const auto* text = std::get_if<std::string>(&entry.value.value);
    const auto* number = std::get_if<std::int64_t>(&entry.value.value);
    const auto limit = parse_limit(text ? *text : number ? std::to_string(*number) : "");
    if (!resource) {
      table.add_error(entry.key, fmt::format("there is no limit '{}'", entry.key),
                      suggest(entry.key, limit_names()));
    } else if (!limit) {
      table.add_error(entry.key, fmt::format("'{}' is not a limit", entry.key),
                      "write 1024, \"512M\", \"unlimited\" or \"SOFT:HARD\"");
    } else {
      set_limit({*resource, limit->rlim_cur, limit->rlim_max});
    }
  }
}

void WorkerReader::read_dump_signal() {
  const int before = worker_.dump_signal;
  if (!table_.get_signal_or_none("dump_signal", worker_.dump_signal)) return;
  if (worker_.dump_signal == 0 || worker_.dump_signal >= SIGRTMIN) return;
  worker_.dump_signal = before;
  table_.add_error("dump_signal", "'dump_signal' is not a real-time signal",
                   "write a name such as \"RTMIN+9\", or \"none\"");
}

void WorkerReader::set_limit(const ResourceLimit& limit) {
  std::erase_if(worker_.limits,
                [&](const ResourceLimit& each) { return each.resource == limit.resource; });
  worker_.limits.push_back(limit);
}

void WorkerReader::read_backoff(TableReader& table) {
  Backoff& backoff = worker_.restart.backoff;
  table.get("initial", backoff.initial);
  table.get("factor", backoff.factor);
  table.get("max", backoff.max);
  table.get("jitter", backoff.jitter);
  if (!(backoff.factor >= 1 && backoff.factor <= 1000)) {
    table.add_error("factor", "'factor' would not let the delay grow", "it takes 1 to 1000");
  }
  if (!(backoff.jitter >= 0 && backoff.jitter < 1)) {
    table.add_error("jitter", "'jitter' is out of range", "it takes 0 up to less than 1");
  }
  if (backoff.max < backoff.initial) {
    table.add_error("max", fmt::format("'max' ({}) is less than 'initial' ({})",
                                       seconds(backoff.max), seconds(backoff.initial)));
  }
  if (backoff.max == milliseconds(0)) {
    table.add_error("max", "'max' of 0 would restart a failing worker without end or pause",
                    "leave it out");
  }
}

void WorkerReader::read_crash_loop(TableReader& table) {
  CrashLoopLimits& limits = worker_.restart.crash_loop;
  int number = 0;
  if (table.get("failures", number, 0, kMaxFailures)) {
    limits.failures = static_cast<unsigned>(number);
  }
  if (table.get("before_ready", number, 0, kMaxFailures)) {
    limits.before_ready = static_cast<unsigned>(number);
  }
  table.get("window", limits.window);
  table.get("then", limits.action, kLoopActions);
}

void WorkerReader::read_ready(TableReader& table) {
  Readiness& ready = worker_.ready;
  table.get("by", ready.by, kReadyWays);
  table.get("after", ready.after);
  table.get("timeout", ready.timeout);
  if (ready.by == ReadyBy::kNotify && table.has("after")) {
    table.add_error("after",
                    "'after' has no meaning for a worker that says itself when it is ready",
                    "leave it out, or write by = \"alive\"");
  }
  if (ready.by == ReadyBy::kAlive && table.has("timeout")) {
    table.add_error("timeout", "'timeout' has no meaning for a worker that is ready by being alive",
                    "leave it out, or write by = \"notify\"");
  }
}

void WorkerReader::read_limit(TableReader& table) {
  OutputLimit limit = worker_.output_limit.value_or(OutputLimit{});
  int lines = 0;
  if (!table.get("lines", lines, 0, kMaxLines) && !table.has("lines")) {
    table.add_error("lines", "'output_limit' without 'lines'",
                    "write output_limit = { lines = 10000, interval = \"30s\" }");
  }
  table.get("interval", limit.interval);
  if (limit.interval < milliseconds(1)) {
    table.add_error("interval", "'interval' must not be 0", "write \"30s\"");
  }
  limit.lines = static_cast<std::uint64_t>(lines);
  worker_.output_limit = limit;
}

void WorkerReader::read_stop(TableReader& table) {
  table.get_signal("signal", worker_.stop.signal);
  table.get("timeout", worker_.stop.timeout);
}

// The shortest time in which the crash loop limit can be reached: every life ends immediately, and
// the jitter always shortens the delay.
milliseconds WorkerReader::quickest_loop() const {
  const Backoff& backoff = worker_.restart.backoff;
  const double longest = static_cast<double>(backoff.max.count());
  double delay = static_cast<double>(backoff.initial.count());
  double sum = 0;
  for (unsigned i = 0; i < worker_.restart.crash_loop.failures; ++i) {
    sum += std::min(delay, longest) * (1 - backoff.jitter);
    delay = std::min(delay * backoff.factor, longest);
  }
  return milliseconds(static_cast<std::int64_t>(sum));
}

void WorkerReader::check_restart() {
  const CrashLoopLimits& limits = worker_.restart.crash_loop;
  if (worker_.restart.mode == RestartMode::kNo) {
    for (const char* key : {"backoff", "crash_loop"}) {
      if (!table_.has(key)) continue;
      table_.add_error(key, fmt::format("'{}' has no meaning with restart = \"no\"", key),
                       "leave one of them out");
    }
    return;
  }
  if (limits.failures == 0 || quickest_loop() <= limits.window) return;
  table_.add_error(
      table_.has("crash_loop") ? "crash_loop" : "backoff",
      fmt::format("a crash loop could never be seen: with these delays {} failures "
                  "take at least {}, and 'window' is {}",
                  limits.failures + 1, seconds(quickest_loop()), seconds(limits.window)),
      "lengthen 'window', or lower 'failures'");
}

}  // namespace

void read_worker_settings(TableReader& table, std::vector<Problem>& problems,
                          WorkerConfig& worker) {
  WorkerReader(table, problems, worker).read();
}

}  // namespace pyfault
