#include "watchdog/service/worker_program.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

#include "watchdog/start_error.h"
#include "watchdog/supervise/agent_environment.h"
#include "watchdog/supervise/command.h"

namespace pyfault {
namespace {

// Variables that systemd sets for the service's own process (systemd.exec(5)) and that workers must
// not inherit: its sockets, identity and streams, and its runtime and log directories. The state,
// cache, configuration and credentials directories are passed on to the workers.
constexpr std::string_view kOurOwn[] = {"NOTIFY_SOCKET",
                                        "WATCHDOG_PID",
                                        "WATCHDOG_USEC",
                                        "LISTEN_PID",
                                        "LISTEN_FDS",
                                        "LISTEN_FDNAMES",
                                        "FDSTORE",
                                        "INVOCATION_ID",
                                        "MAINPID",
                                        "MANAGERPID",
                                        "SYSTEMD_EXEC_PID",
                                        "JOURNAL_STREAM",
                                        "PIDFILE",
                                        "LOGS_DIRECTORY",
                                        "RUNTIME_DIRECTORY",
                                        "MEMORY_PRESSURE_WATCH",
                                        "MEMORY_PRESSURE_WRITE"};

using Variables = std::map<std::string, std::string>;

Variables variables_of(const char* const* environment) {
  Variables variables;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const std::size_t equals = entry.find('=');
    if (equals == entry.npos) continue;
    const std::string_view name = entry.substr(0, equals);
    if (std::ranges::find(kOurOwn, name) != std::end(kOurOwn)) continue;
    variables.try_emplace(std::string(name), entry.substr(equals + 1));
  }
  return variables;
}

// The worker's configuration takes precedence over its user's, and that over our environment.
Variables variables_of(const WorkerConfig& worker, const WorkerSurroundings& surroundings,
                       const RunAs& run_as) {
  Variables variables = worker.environment;
  variables.insert(run_as.environment.begin(), run_as.environment.end());
  variables.merge(variables_of(surroundings.environment));
  return variables;
}

std::vector<std::string> environment_of(Variables variables, const WorkerSurroundings& surroundings,
                                        const WorkerSockets& sockets) {
  if (!sockets.notify.empty()) variables["NOTIFY_SOCKET"] = sockets.notify;
  std::vector<std::string> entries;
  for (const auto& [name, value] : variables) {
    entries.emplace_back(name).append("=").append(value);
  }
  std::vector<const char*> pointers;
  for (const std::string& entry : entries) pointers.push_back(entry.c_str());
  pointers.push_back(nullptr);
  return watched_environment(pointers.data(), surroundings.agent, sockets.agent);
}

Command command_of(const WorkerConfig& worker, const WorkerSurroundings& surroundings) {
  return resolve_command(worker.command, worker.python.value_or(surroundings.python));
}

Surroundings surroundings_of(const WorkerConfig& worker, const Variables& variables) {
  const auto path = variables.find("PATH");
  return {path == variables.end() ? std::nullopt : std::optional(path->second), worker.directory};
}

std::string directory_problem(const WorkerConfig& worker) {
  if (worker.directory.empty()) return "";
  struct stat status {};
  const std::string subject = "the directory '" + worker.directory + "' ";
  if (!worker.directory.starts_with('/')) return subject + "does not begin with /";
  if (::stat(worker.directory.c_str(), &status) != 0) {
    return subject + "can't be used: " + std::generic_category().message(errno);
  }
  return S_ISDIR(status.st_mode) ? "" : subject + "is none";
}

std::string program_problem(const WorkerConfig& worker, const WorkerSurroundings& surroundings) {
  try {
    locate(command_of(worker, surroundings),
           surroundings_of(worker, variables_of(worker, surroundings, {})));
    return "";
  } catch (const StartError& error) {
    return error.what();
  }
}

}  // namespace

SpawnPlan plan_worker(const WorkerConfig& worker, const WorkerSurroundings& surroundings,
                      const WorkerSockets& sockets, RunAs run_as) {
  if (!run_as.problem.empty()) throw StartError(kExitOwnError, run_as.problem);
  Command command = command_of(worker, surroundings);
  Variables variables = variables_of(worker, surroundings, run_as);
  ProgramSearch search = search_for(command, surroundings_of(worker, variables));
  SpawnPlan plan{std::move(command), std::move(search), {}, surroundings.signal_mask};
  plan.environment = environment_of(std::move(variables), surroundings, sockets);
  plan.own_session = true;
  plan.dies_with_us = surroundings.on_watchdog_death == WatchdogDeath::kKill;
  if (surroundings.descriptor_limit) {
    plan.limits.emplace_back(RLIMIT_NOFILE, *surroundings.descriptor_limit);
  }
  for (const ResourceLimit& limit : worker.limits) {
    plan.limits.emplace_back(limit.resource, rlimit{limit.soft, limit.hard});
  }
  plan.umask = worker.umask;
  plan.identity = std::move(run_as.identity);
  plan.directory = worker.directory;
  return plan;
}

MachineChecks machine_checks(const WorkerSurroundings& surroundings) {
  return {
      [surroundings](const WorkerConfig& worker) { return program_problem(worker, surroundings); },
      &directory_problem,
      [](const WorkerConfig& worker) { return resolve_run_as(worker).problem; }};
}

}  // namespace pyfault
