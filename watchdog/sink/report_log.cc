#include "watchdog/sink/report_log.h"

#include <spdlog/details/log_msg.h>
#include <spdlog/details/mpmc_blocking_q.h>

#include <exception>
#include <future>
#include <string_view>
#include <thread>

#include "watchdog/sink/fd_sink.h"

namespace pyfault {
namespace {

// The queue can't wait for ever.
constexpr std::chrono::hours kIdleWait{24};

constexpr std::string_view kEndMark;  // no report is empty

}  // namespace

struct ReportLog::Shared {
  Shared(UniqueFd fd, DescribeLoss describe_loss) : sink(std::move(fd), std::move(describe_loss)) {}

  void run();
  void write(const std::string& report) noexcept;
  void end() { queue.enqueue_nowait(std::string(kEndMark)); }

  FdSink sink;
  spdlog::details::mpmc_blocking_queue<std::string> queue{kQueuedReports + 2};  // and the end marks
  std::promise<void> emptied;
};

void ReportLog::Shared::run() {
  std::string report;
  do {
    while (!queue.dequeue_for(report, kIdleWait)) {
    }
    write(report);
  } while (report != kEndMark);
  emptied.set_value();
}

void ReportLog::Shared::write(const std::string& report) noexcept try {
  if (report == kEndMark) {
    sink.flush();
  } else {
    sink.log(spdlog::details::log_msg("reports", spdlog::level::info, report));
  }
} catch (const std::exception&) {
  sink.count_lost();
}

ReportLog::ReportLog(UniqueFd fd, DescribeLoss describe_loss)
    : shared_(std::make_shared<Shared>(std::move(fd), std::move(describe_loss))) {
  std::thread([shared = shared_] { shared->run(); }).detach();
}

ReportLog::~ReportLog() {
  shared_->end();
}

void ReportLog::write(std::string report) {
  if (report.empty()) return;
  ++reports_;
  if (shared_->queue.size() < kQueuedReports) {
    shared_->queue.enqueue_nowait(std::move(report));
  } else {
    shared_->sink.count_lost();
  }
}

std::uint64_t ReportLog::finish(std::chrono::milliseconds limit) {
  shared_->end();
  shared_->emptied.get_future().wait_for(limit);
  return reports_ - shared_->sink.settled();
}

}  // namespace pyfault
