#include "watchdog/control/control_server.h"

#include <algorithm>
#include <utility>

namespace pyfault {

void ControlServer::admit(UniqueFd connection) {
  std::erase_if(sessions_, [](const auto& session) { return session.expired(); });
  const bool has_room = sessions_.size() < kMaxSessions || make_room();
  const auto session = std::make_shared<ControlSession>(io_, std::move(connection), on_request_);
  if (!has_room) {
    return session->send(ErrorReply{"too many others are connected; end one of them"});
  }
  sessions_.push_back(session);
  session->start();
}

bool ControlServer::make_room() {
  const auto idle = std::ranges::find_if(sessions_, [](const auto& each) {
    const auto session = each.lock();
    return !session || session->is_idle();
  });
  if (idle == sessions_.end()) return false;
  if (const auto session = idle->lock()) session->close();
  sessions_.erase(idle);
  return true;
}

}  // namespace pyfault
