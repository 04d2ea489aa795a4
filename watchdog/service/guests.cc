#include "watchdog/service/guests.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>

#include "watchdog/config/config.h"
#include "watchdog/control/socket_path.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/service/dump_request.h"
#include "watchdog/symbolize/symbolizer_path.h"

namespace pyfault {
namespace {

// A ring is some hundred kilobytes of the guest's memory, but a mapping and a descriptor of ours.
constexpr std::size_t kMaxRings = 1024;
constexpr std::size_t kMaxRingsOfUser = 256;

std::string user_of(const std::optional<std::uint32_t>& uid) {
  return uid ? fmt::format("user {}", *uid) : "an unknown user";
}

}  // namespace

Guests::Guests(Host host, std::vector<NamedFd>& inherited)
    : host_(std::move(host)),
      store_(host_.manager, inherited),
      saving_(host_.io, [this] { save(); }) {}

Guests::~Guests() {
  if (server_) server_->close();
}

void Guests::apply(bool wanted) {
  if (!wanted) return close();
  if (!server_) open();
  if (server_ && !link_) publish();
}

void Guests::open() try {
  adopt_or_listen();
  keep_sessions();
  save();
} catch (const std::exception& error) {
  close();
  say(std::string("no guests can be taken: ") + error.what());
}

// If what was left cannot be used, guests that are attached lose their watchdog, and new ones get
// one all the same.
void Guests::adopt_or_listen() {
  auto inherited = store_.take_inherited();
  if (!inherited) return listen(std::nullopt);
  host_.crashes->adopt(std::move(inherited->recent));
  try {
    listen(std::move(inherited->server));
  } catch (const std::exception& error) {
    say(std::string("the guests of the watchdog before this one are lost: ") + error.what());
    listen(std::nullopt);
  }
}

void Guests::listen(std::optional<InheritedServer> inherited) {
  const bool is_new = !inherited;
  EventSink& events = *this;
  server_ = std::make_unique<AttachServer>(host_.io, events, limits(),
                                           AttachServer::AttachHandler{}, std::move(inherited));
  if (is_new) store_.keep_listeners(server_->listeners());
}

AttachLimits Guests::limits() const {
  AttachLimits limits;
  limits.sessions = kMaxRings;
  limits.sessions_per_user = kMaxRingsOfUser;
  limits.any_user = ::geteuid() == 0;
  limits.dump_signal = default_dump_signal();
  limits.native = {NativeMode::kOn, symbolizer_path(), nullptr};
  limits.attached = host_.attached;
  limits.crashes = host_.crashes;
  return limits;
}

void Guests::keep_sessions() {
  if (!store_.is_of_use()) return;
  server_->set_keeper(
      {[this](std::uint64_t id, int ring, std::function<void()> kept) {
         return store_.keep_session(id, ring, std::move(kept));
       },
       [this] { save(); },
       [this](std::uint64_t id) {
         store_.drop_session(id);
         saving_.request();
       },
       [this](std::string_view id, const ReportSource& source, std::uint32_t records) {
         return host_.ledger.take(id, source, records);
       }});
}

void Guests::publish() try {
  const auto place = default_guest_link(::geteuid(), std::getenv);
  if (place) link_ = std::make_unique<GuestLink>(*place, server_->address());
} catch (const std::exception& error) {
  say(std::string("programs that look for a service do not find this one: ") + error.what());
}

void Guests::close() {
  link_.reset();
  if (server_) server_->close();
  server_.reset();
  store_.clear();
}

void Guests::finish() {
  if (server_) server_->drain();
}

void Guests::leave() {
  if (!server_) return;
  server_->drain();
  store_.save({server_->saved(), host_.crashes->saved(kSavedCrashes)});
  server_->leave();
  if (link_) link_->leave();
}

void Guests::save() {
  if (server_) store_.save({server_->saved(), {}});
}

std::optional<GuestStatus> Guests::status() const {
  if (!server_) return std::nullopt;
  return GuestStatus{server_->address(), server_->watched()};
}

bool Guests::ask_for_stacks(int pid) const {
  return server_ && server_->watches(pid) && ask_for_dump(pid, default_dump_signal());
}

void Guests::on_event(Event event) {
  const auto verdict = gate_.on_event(event.process.uid, std::chrono::steady_clock::now());
  const std::string user = user_of(event.process.uid);
  if (verdict.begins_to_refuse) {
    say("guests of " + user + " have more to report than is taken; the rest is left out");
  }
  if (verdict.refused_before > 0) {
    say(fmt::format("{} reports about guests of {} were left out", verdict.refused_before, user));
  }
  if (!verdict.is_admitted) return;
  host_.events.on_event(std::move(event));
  saving_.request();
}

void Guests::say(std::string message) {
  host_.events.on_event(notice(ourselves(), std::move(message)));
}

}  // namespace pyfault
