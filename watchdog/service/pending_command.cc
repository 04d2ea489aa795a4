#include "watchdog/service/pending_command.h"

namespace pyfault {

bool PendingCommand::on_change(const std::vector<WorkerSnapshot>& workers) {
  const auto session = session_.lock();
  if (!session) return false;
  std::erase_if(pending_, [&](const std::string& worker) {
    const auto result = command_result(command_, worker, find(workers, worker));
    if (!result) return false;
    ok_ = ok_ && result->ok;
    session->send(*result);
    return true;
  });
  if (!pending_.empty()) return true;
  session->send(Done{ok_});
  return false;
}

}  // namespace pyfault
