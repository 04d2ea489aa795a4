#include "watchdog/ctl/status_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "watchdog/ctl/quantity_text.h"
#include "watchdog/format/escape.h"

namespace pyfault::ctl {
namespace {

constexpr std::size_t kColumns = 9;
using Row = std::array<std::string, kColumns>;

constexpr std::size_t kState = 1;  // column index

const Row kHeadings = {"NAME",      "STATE",      "PID", "UPTIME", "RESTARTS",
                       "LAST-EXIT", "LAST-CRASH", "RSS", "WATCHED"};

constexpr std::string_view kReset = "\033[0m";
constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kGreen = "\033[32m";
constexpr std::string_view kYellow = "\033[33m";
constexpr std::string_view kRed = "\033[31m";

std::string state_of(const WorkerStatus& worker) {
  if (!worker.retry_in_seconds) return worker.state;
  return fmt::format("{} {}", worker.state, duration_text(std::ceil(*worker.retry_in_seconds)));
}

std::string ago(std::int64_t then_ns, std::int64_t now_ns) {
  return ", " + ago_text(static_cast<double>(now_ns - then_ns) / 1e9);
}

// For a wrapper script and the like, tells how many of its processes are watched.
std::string watched_ones(const WatchStatus& watch) {
  if (watch.own.value_or(false)) return "yes";
  if (watch.processes > 0) return fmt::format("{} below", watch.processes);
  return watch.own ? "no: " + escape_text(watch.reason) : "-";
}

std::string watched(const WatchStatus& watch) {
  const std::string ones = watched_ones(watch);
  return watch.unwatched == 0 ? ones : fmt::format("{}; {} unwatched below", ones, watch.unwatched);
}

Row row_of(const WorkerStatus& worker, std::int64_t now_ns) {
  Row row = {escape_text(worker.name), state_of(worker), "-", "-", "-", "-", "-", "-", "-"};
  if (worker.pid) row[2] = std::to_string(*worker.pid);
  if (worker.uptime_seconds) row[3] = duration_text(*worker.uptime_seconds);
  row[4] = std::to_string(worker.restarts);
  if (const auto& exit = worker.last_exit) {
    row[5] = escape_text(in_words(*exit)) + ago(exit->realtime_ns, now_ns);
  }
  if (const auto& crash = worker.last_crash) {
    row[6] = escape_text(crash->signal) + ago(crash->realtime_ns, now_ns);
  }
  if (worker.rss_bytes) row[7] = size_text(*worker.rss_bytes);
  if (worker.watch) row[8] = watched(*worker.watch);
  return row;
}

std::string_view colour_of(const WorkerStatus& worker) {
  if (worker.state == "up") return kGreen;
  constexpr std::string_view kBad[] = {"backoff", "crash-loop", "failed", "aborting"};
  if (std::ranges::find(kBad, worker.state) != std::end(kBad)) return kRed;
  return is_well(worker) ? "" : kYellow;
}

using Widths = std::array<std::size_t, kColumns>;

Widths widths_of(const std::vector<Row>& rows) {
  Widths widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  return widths;
}

std::string aligned_line(const Row& row, const Widths& widths, std::string_view colour) {
  std::string line;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const bool painted = i == kState && !colour.empty();
    line += painted ? std::string(colour) + row[i] + std::string(kReset) : row[i];
    if (i + 1 < kColumns) line.append(widths[i] - row[i].size() + 2, ' ');
  }
  return line + '\n';
}

std::string plain_line(const Row& row) {
  std::string line;
  for (const std::string& cell : row) line += (line.empty() ? "" : "\t") + cell;
  return line + '\n';
}

// The service has escaped its lines.
std::string last_end_of(const WorkerStatus& worker) {
  const auto& exit = worker.last_exit;
  if (!exit || (exit->exception.empty() && exit->output.empty())) return "";
  std::string text = fmt::format("\n{} ended last: {}", escape_text(worker.name), in_words(*exit));
  if (!exit->exception.empty()) text += fmt::format(" ({})", exit->exception);
  return text + "\n" + exit->output;
}

std::string line_about(const std::optional<GuestStatus>& guests) {
  if (!guests || guests->processes == 0) return "";
  if (guests->processes == 1) return "\n1 process that is no worker is watched as well\n";
  return fmt::format("\n{} processes that are no workers are watched as well\n", guests->processes);
}

}  // namespace

std::string status_table(const Status& status, std::int64_t now_ns, TableStyle style) {
  std::vector<Row> rows = {kHeadings};
  for (const WorkerStatus& worker : status.workers) rows.push_back(row_of(worker, now_ns));
  const Widths widths = widths_of(rows);
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool heading = i == 0;
    const std::string_view colour =
        !style.coloured || heading ? "" : colour_of(status.workers[i - 1]);
    std::string line = style.aligned ? aligned_line(rows[i], widths, colour) : plain_line(rows[i]);
    if (heading && style.coloured)
      line = std::string(kBold) + line.substr(0, line.size() - 1) + std::string(kReset) + '\n';
    text += line;
  }
  if (status.workers.size() == 1) text += last_end_of(status.workers.front());
  text += line_about(status.service.guests);
  for (const std::string& trouble : status.service.troubles) {
    text += fmt::format("\npyfault-watchdog: {}\n", escape_text(trouble));
  }
  return text;
}

}  // namespace pyfault::ctl
