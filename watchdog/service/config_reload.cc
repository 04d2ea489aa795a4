#include "watchdog/service/config_reload.h"

#include <chrono>
#include <utility>

namespace pyfault {
namespace {

constexpr std::chrono::seconds kPatience{60};

}  // namespace

ConfigReload::ConfigReload(boost::asio::io_context& io, std::string file, Steps steps)
    : file_(std::move(file)), steps_(std::move(steps)), reading_(io, kPatience) {}

void ConfigReload::request(Done done) {
  asked_.push_back(std::move(done));
  if (!is_reading_) begin();
}

void ConfigReload::begin() {
  const auto read = std::make_shared<ReadConfiguration>();
  const auto asked = std::make_shared<std::vector<Done>>(std::exchange(asked_, {}));
  is_reading_ =
      reading_.begin([read, work = steps_.begin()] { *read = work(); },
                     [this, read, asked](bool done) {
                       end(*asked, done ? steps_.apply(*read)
                                        : std::vector{"'" + file_ + "' could not be read in time"});
                     });
  if (!is_reading_) end(*asked, {"earlier attempts to read the file hang"});
}

void ConfigReload::end(const std::vector<Done>& asked, const std::vector<std::string>& mistakes) {
  is_reading_ = false;
  steps_.end(mistakes);
  for (const Done& done : asked) {
    if (done) done(mistakes);
  }
  if (!asked_.empty()) begin();
}

}  // namespace pyfault
