#include "watchdog/service/order_watch.h"

namespace pyfault {

bool OrderWatch::look(const Look& look) {
  const auto session = session_.lock();
  if (!session) return false;
  std::erase_if(pending_, [&](const std::string& worker) {
    const auto outcome = verdict(order_, worker, look(worker));
    if (!outcome) return false;
    ok_ = ok_ && outcome->ok;
    session->send(*outcome);
    return true;
  });
  if (!pending_.empty()) return true;
  session->send(Done{ok_});
  return false;
}

}  // namespace pyfault
