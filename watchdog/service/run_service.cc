#include "watchdog/service/run_service.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "watchdog/ingest/agent_listener.h"
#include "watchdog/log_error.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/listen_fds.h"
#include "watchdog/os/scheduling.h"
#include "watchdog/service/service.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/standard_streams.h"

namespace pyfault {
namespace {

void close_all_but(const std::vector<NamedFd>& inherited) {
  for (const int fd : inherited_descriptors()) {
    const bool is_kept =
        std::ranges::any_of(inherited, [fd](const NamedFd& each) { return each.fd.get() == fd; });
    if (!is_kept) ::close(fd);
  }
}

}  // namespace

// The descriptor limit is raised first: the descriptors kept for us may nearly exhaust it.
int run_service(const ServiceOptions& options) {
  const auto limit_before = raise_descriptor_limit();
  std::vector<NamedFd> inherited = take_listen_fds();
  close_all_but(inherited);
  fill_closed_standard_streams();
  use_batch_scheduling();
  AgentListener::remove_abandoned();  // at the start, for a service may run until it is killed
  Service service(options, limit_before, std::move(inherited));
  const LoadedConfig loaded = service.load();
  for (const Problem& problem : loaded.problems) log_error(describe(problem, options.file));
  return loaded.problems.empty() || service.has_workers() ? service.run(loaded) : kExitOwnError;
}

}  // namespace pyfault
