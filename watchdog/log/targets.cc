#include "watchdog/log/targets.h"

namespace pyfault {
namespace {

template <auto kRead>
LogTarget read_target(TableReader& table, LogSettings& settings) {
  return kRead(table, settings);
}

constexpr LogType kTypes[] = {
    {"file", read_target<read_file_log>},
    {"stderr", read_target<read_stderr_log>},
    {"journald", read_target<read_journal_log>},
    {"syslog", read_target<read_syslog_log>},
};

}  // namespace

std::span<const LogType> log_types() {
  return kTypes;
}

}  // namespace pyfault
