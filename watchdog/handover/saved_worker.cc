#include "watchdog/handover/saved_worker.h"

#include <algorithm>
#include <boost/pfr/tuple_size.hpp>
#include <csignal>
#include <cstddef>
#include <nlohmann/json.hpp>

// Members are found by name: an older watchdog ignores a member that was added later, and a newer
// one uses its default. A change of a member's meaning requires a new version.
namespace nlohmann {

template <typename T>
struct adl_serializer<std::optional<T>> {
  static void to_json(json& value, const std::optional<T>& optional) {
    value = optional ? json(*optional) : json(nullptr);
  }
  static void from_json(const json& value, std::optional<T>& optional) {
    optional = value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
  }
};

template <typename Rep, typename Period>
struct adl_serializer<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static void to_json(json& value, const Duration& duration) { value = duration.count(); }
  static void from_json(const json& value, Duration& duration) {
    duration = Duration(value.get<Rep>());
  }
};

template <>
struct adl_serializer<std::chrono::steady_clock::time_point> {
  using Time = std::chrono::steady_clock::time_point;
  static void to_json(json& value, const Time& time) { value = time.time_since_epoch(); }
  static void from_json(const json& value, Time& time) { time = Time(value.get<Time::duration>()); }
};

}  // namespace nlohmann

namespace pyfault {

using nlohmann::json;

namespace {

constexpr int kVersion = 1;

}  // namespace

// The number of names in a list of them.
constexpr std::size_t count_of(std::string_view names) {
  return 1 + static_cast<std::size_t>(std::ranges::count(names, ','));
}

// All members of a struct are serialized: adding one to the struct but not here does not compile.
// (A lost setting would restart its worker with each restart of the watchdog.)
#define PYFAULT_KEEP(Type, ...)                                                  \
  static_assert(boost::pfr::tuple_size_v<Type> == count_of(#__VA_ARGS__),        \
                #Type " has a member that the next watchdog would not hear of"); \
  NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Type, __VA_ARGS__)

PYFAULT_KEEP(ResourceLimit, resource, soft, hard)
PYFAULT_KEEP(Backoff, initial, factor, max, jitter)
PYFAULT_KEEP(CrashLoopLimits, failures, window, before_ready, action)
PYFAULT_KEEP(RestartSettings, mode, backoff, crash_loop)
PYFAULT_KEEP(Readiness, by, after, timeout)
PYFAULT_KEEP(StopSettings, signal, timeout)
PYFAULT_KEEP(OutputLimit, lines, interval)
PYFAULT_KEEP(WorkerConfig, name, command, python, directory, user, group, environment, umask,
             limits, restart, ready, stop, output, output_limit, dump_signal, dump_before,
             all_exits, start_order, essential)
PYFAULT_KEEP(Process, pid, ppid, name, executable, command, uid, gid, title, claimed_pid)
PYFAULT_KEEP(AttachedProcess, own_pid, uid, process, died_after)
PYFAULT_KEEP(SavedFamily, attached, start_ticks, has_attached, translated)
PYFAULT_KEEP(SavedSession, id, family, attached_ns, dropped, unknown_children, lost_children,
             replaced, own_death_told)
PYFAULT_KEEP(SavedRestarts::Failure, at, fingerprint)
PYFAULT_KEEP(SavedRestarts, failures, all_failures, short_lives, ever_ready, in_crash_loop)
PYFAULT_KEEP(CrashDeduplicator::Kind, count, last, last_in_full)
PYFAULT_KEEP(SavedCrash, id, fingerprint, signal, fatal)
PYFAULT_KEEP(SavedOutput, begun_out, begun_err, tail, err_tail)
PYFAULT_KEEP(SavedLife, pid, start_ticks, started, process, crash, records_left_out, replaced,
             output)
PYFAULT_KEEP(LastExit, realtime_ns, code, signal, reason, exception, output)
PYFAULT_KEEP(LastCrash, realtime_ns, id, signal)
PYFAULT_KEEP(WorkerHistory, last_exit, last_crash, exits, crashes, unwatched)
PYFAULT_KEEP(SavedWorker, config, state, restarts, history, exit_code, begun, held, policy, crashes,
             timer, delay, life, sessions)

namespace {

constexpr int kDeepest = 16;  // depth of the serialized state, plus a margin

// A fraction in place of an integer would be truncated, which is not meaningful for most members.
bool is_without_stray_fractions(const json& value, bool may_be_fraction = false, int depth = 0) {
  if (depth > kDeepest || (value.is_number_float() && !may_be_fraction)) return false;
  if (!value.is_structured()) return true;
  return std::ranges::all_of(value.items(), [&](const auto& item) {
    const bool is_ratio = item.key() == "factor" || item.key() == "jitter";
    return is_without_stray_fractions(item.value(), is_ratio, depth + 1);
  });
}

template <typename Enum>
bool is_one_of(Enum value, Enum last) {
  return static_cast<int>(value) >= 0 && value <= last;
}

bool is_sensible(const WorkerConfig& config) {
  return !config.name.empty() && !config.command.empty() && config.stop.signal > 0 &&
         config.stop.signal < NSIG && config.dump_signal >= 0 && config.dump_signal < NSIG &&
         is_one_of(config.restart.mode, RestartMode::kAlways) &&
         is_one_of(config.restart.crash_loop.action, CrashLoopAction::kGiveUp) &&
         is_one_of(config.ready.by, ReadyBy::kNotify) &&
         is_one_of(config.output, OutputMode::kInherit);
}

bool is_sensible(const SavedSession& session) {
  const AttachedProcess& attached = session.family.attached;
  return attached.own_pid > 0 && attached.process.pid > 0;
}

bool is_sensible(const SavedWorker& memory) {
  return is_sensible(memory.config) && is_one_of(memory.state, WorkerState::kAborting) &&
         (!memory.life || memory.life->pid > 1) &&
         (memory.life.has_value() == is_alive(memory.state)) &&
         std::ranges::all_of(memory.sessions,
                             [](const SavedSession& each) { return is_sensible(each); });
}

}  // namespace

// CBOR, because texts may hold any bytes.
std::string encode(const SavedWorker& memory) {
  std::string bytes;
  json::to_cbor(json{{"version", kVersion}, {"worker", memory}}, bytes);
  return bytes;
}

std::optional<SavedWorker> decode_worker(std::string_view bytes) try {
  const json state = json::from_cbor(bytes);
  if (!is_without_stray_fractions(state)) return std::nullopt;
  if (state.at("version").get<int>() != kVersion) return std::nullopt;
  auto memory = state.at("worker").get<SavedWorker>();
  return is_sensible(memory) ? std::optional(std::move(memory)) : std::nullopt;
} catch (const json::exception&) {
  return std::nullopt;
}

}  // namespace pyfault
