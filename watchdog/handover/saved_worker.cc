#include "watchdog/handover/saved_worker.h"

#include <algorithm>
#include <boost/pfr/tuple_size.hpp>
#include <cstddef>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "watchdog/config/parse_config.h"

// Members, and the keys of a worker's configuration, are found by name: an older watchdog ignores
// one that was added later, and a newer one uses its default. A change of a member's meaning
// requires a new version.
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

constexpr int kVersion = 2;

}  // namespace

// The number of names in a list of them.
constexpr std::size_t count_of(std::string_view names) {
  return 1 + static_cast<std::size_t>(std::ranges::count(names, ','));
}

// All members of a struct are serialized: adding one to the struct but not here does not compile.
#define PYFAULT_KEEP(Type, ...)                                                  \
  static_assert(boost::pfr::tuple_size_v<Type> == count_of(#__VA_ARGS__),        \
                #Type " has a member that the next watchdog would not hear of"); \
  NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Type, __VA_ARGS__)

// The settings are saved as the text that they were read from.
void to_json(json& value, const WorkerConfig& config) {
  value = {{"name", config.name}, {"toml", config.text}};
}

void from_json(const json& value, WorkerConfig& config) {
  auto parsed =
      parse_worker(value.at("toml").get<std::string>(), value.at("name").get<std::string>());
  if (!parsed) throw std::invalid_argument("the configuration of a worker is not valid");
  config = std::move(*parsed);
}

PYFAULT_KEEP(Process, pid, ppid, name, executable, command, uid, gid, title, claimed_pid)
PYFAULT_KEEP(AttachedProcess, own_pid, uid, process, died_after)
PYFAULT_KEEP(SavedFamily, attached, start_ticks, has_attached, translated)
PYFAULT_KEEP(SavedSession, id, family, attached_ns, dropped, unknown_children, contextless,
             lost_children, replaced, own_death_told)
PYFAULT_KEEP(SavedRestarts::Failure, at, fingerprint)
PYFAULT_KEEP(SavedRestarts, failures, all_failures, short_lives, ever_ready, in_crash_loop)
PYFAULT_KEEP(CrashDeduplicator::Kind, count, last, last_in_full)
PYFAULT_KEEP(SavedOutput, begun_out, begun_err, tail, err_tail)
PYFAULT_KEEP(OwnCrash, id, fingerprint, signal, fatal)
PYFAULT_KEEP(SavedProcessHistory, process, last_crash, records_left_out, replaced)
PYFAULT_KEEP(SavedProcess, pid, start_ticks, started, history, output)
PYFAULT_KEEP(LastExit, realtime_ns, code, signal, reason, exception, output)
PYFAULT_KEEP(LastCrash, realtime_ns, id, signal)
PYFAULT_KEEP(WorkerHistory, last_exit, last_crash, exits, crashes, unwatched)
PYFAULT_KEEP(SavedLifecycle, state, restarts, begun, held, policy)
PYFAULT_KEEP(Unwatched, reason, predicate)
PYFAULT_KEEP(UnwatchedProcess, process, start_ticks, why)
PYFAULT_KEEP(SavedCrash, id, pid, uid, is_confirmed, event, report)
PYFAULT_KEEP(SavedGuests, sessions, recent)
PYFAULT_KEEP(SavedWorker, config, lifecycle, history, exit_code, crashes, timer, process, sessions,
             recent, unwatched_below)

namespace {

constexpr int kDeepest = 16;  // depth of the serialized state, plus a margin

// A fraction in place of an integer would be truncated.
bool is_without_fractions(const json& value, int depth = 0) {
  if (depth > kDeepest || value.is_number_float()) return false;
  return !value.is_structured() || std::ranges::all_of(value, [&](const json& item) {
    return is_without_fractions(item, depth + 1);
  });
}

// A worker whose process is dead is saved once it has ended.
bool is_sensible(WorkerState state) {
  return static_cast<int>(state) >= 0 && state <= WorkerState::kAborting &&
         state != WorkerState::kDying;
}

bool is_sensible(const SavedSession& session) {
  const AttachedProcess& attached = session.family.attached;
  return attached.own_pid > 0 && attached.process.pid > 0;
}

bool are_sensible(const std::vector<SavedSession>& sessions) {
  return std::ranges::all_of(sessions, [](const SavedSession& each) { return is_sensible(each); });
}

bool is_sensible(const UnwatchedProcess& unwatched) {
  const auto reason = static_cast<int>(unwatched.why.reason);
  return unwatched.process.pid > 0 && reason >= 0 &&
         static_cast<std::size_t>(reason) < kUnwatchedWords.size();
}

bool is_sensible(const SavedWorker& saved) {
  const WorkerState state = saved.lifecycle.state;
  return !saved.config.name.empty() && is_sensible(state) &&
         (!saved.process || saved.process->pid > 1) &&
         saved.process.has_value() == is_alive(state) && are_sensible(saved.sessions) &&
         std::ranges::all_of(saved.unwatched_below,
                             [](const UnwatchedProcess& each) { return is_sensible(each); });
}

// Throws if the bytes are damaged or of another version.
json checked_state(std::string_view bytes) {
  json state = json::from_cbor(bytes);
  const bool is_ours = is_without_fractions(state) && state.at("version").get<int>() == kVersion;
  if (!is_ours) throw std::invalid_argument("a state of another version");
  return state;
}

}  // namespace

// CBOR, because texts may hold any bytes.
std::string encode(const SavedWorker& saved) {
  std::string bytes;
  json::to_cbor(json{{"version", kVersion}, {"worker", saved}}, bytes);
  return bytes;
}

std::optional<SavedWorker> decode_worker(std::string_view bytes) try {
  auto saved = checked_state(bytes).at("worker").get<SavedWorker>();
  return is_sensible(saved) ? std::optional(std::move(saved)) : std::nullopt;
} catch (const std::exception&) {  // json::exception, or a configuration that is not valid
  return std::nullopt;
}

std::string encode(const SavedGuests& saved) {
  std::string bytes;
  json::to_cbor(json{{"version", kVersion}, {"guests", saved}}, bytes);
  return bytes;
}

std::optional<SavedGuests> decode_guests(std::string_view bytes) try {
  auto saved = checked_state(bytes).at("guests").get<SavedGuests>();
  return are_sensible(saved.sessions) ? std::optional(std::move(saved)) : std::nullopt;
} catch (const std::exception&) {
  return std::nullopt;
}

}  // namespace pyfault
