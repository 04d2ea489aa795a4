#include "watchdog/toml/quantity.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstring>
#include <iterator>
#include <set>
#include <string>

namespace pyfault {
namespace {

using std::chrono::milliseconds;

constexpr double kLongestSeconds = 10 * 365.25 * 86'400;

struct Unit {
  std::string_view name;
  double value;
};

constexpr Unit kTimes[] = {{"", 1},       {"ms", 0.001},  {"s", 1},    {"sec", 1},
                           {"m", 60},     {"min", 60},    {"h", 3600}, {"hour", 3600},
                           {"d", 86'400}, {"day", 86'400}};
constexpr Unit kSizes[] = {{"", 1},       {"B", 1},        {"K", 0x1p10}, {"KiB", 0x1p10},
                           {"M", 0x1p20}, {"MiB", 0x1p20}, {"G", 0x1p30}, {"GiB", 0x1p30},
                           {"T", 0x1p40}, {"TiB", 0x1p40}};

constexpr std::string_view kUnlimited = "unlimited";

constexpr std::string_view kLimitNames[] = {
    "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
    "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};
constexpr int kLimits[] = {RLIMIT_AS,     RLIMIT_CORE,   RLIMIT_CPU,        RLIMIT_DATA,
                           RLIMIT_FSIZE,  RLIMIT_LOCKS,  RLIMIT_MEMLOCK,    RLIMIT_MSGQUEUE,
                           RLIMIT_NICE,   RLIMIT_NOFILE, RLIMIT_NPROC,      RLIMIT_RSS,
                           RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_SIGPENDING, RLIMIT_STACK};
static_assert(std::size(kLimits) == std::size(kLimitNames));

std::string_view without_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == text.npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Removes a number and its unit from the front of `text` and returns the product; none if there is
// no valid quantity.
std::optional<double> take_quantity(std::string_view& text, std::span<const Unit> units) {
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || !(number >= 0)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  text = without_spaces(text);
  const std::string_view name = text.substr(0, text.find_first_of(" 0123456789."));
  const auto unit = std::ranges::find(units, name, &Unit::name);
  if (unit == units.end()) return std::nullopt;
  text = without_spaces(text.substr(name.size()));
  return number * unit->value;
}

std::optional<rlim_t> limit_value(std::string_view text) {
  if (text == kUnlimited) return RLIM_INFINITY;
  return parse_size(text);
}

std::string upper_without(std::string_view text, std::string_view prefix) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper.starts_with(prefix) ? upper.substr(prefix.size()) : upper;
}

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

std::optional<int> signal_from(int first, std::optional<int> offset) {
  if (!offset || *offset < 0 || *offset > SIGRTMAX - first) return std::nullopt;
  return first + *offset;
}

}  // namespace

std::optional<milliseconds> duration_of_seconds(double seconds) {
  if (!(seconds >= 0) || seconds > kLongestSeconds) return std::nullopt;
  return milliseconds(std::llround(seconds * 1000));
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  text = without_spaces(text);
  double seconds = 0;
  do {
    const auto part = take_quantity(text, kTimes);
    if (!part) return std::nullopt;
    seconds += *part;
  } while (!text.empty());
  return duration_of_seconds(seconds);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  text = without_spaces(text);
  const auto size = take_quantity(text, kSizes);
  if (!size || !text.empty() || *size >= 0x1p63) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*size));
}

std::optional<rlimit> parse_limit(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto soft = limit_value(text.substr(0, colon));
  const auto hard = colon == text.npos ? soft : limit_value(text.substr(colon + 1));
  if (!soft || !hard || *soft > *hard) return std::nullopt;
  return rlimit{*soft, *hard};
}

std::optional<int> limit_named(std::string_view name) {
  const std::string wanted = upper_without(name, "RLIMIT_");
  const auto found = std::ranges::find(
      kLimitNames, wanted, [](std::string_view each) { return upper_without(each, ""); });
  if (found == std::end(kLimitNames)) return std::nullopt;
  return kLimits[found - std::begin(kLimitNames)];
}

std::span<const std::string_view> limit_names() {
  return kLimitNames;
}

std::optional<int> parse_signal(std::string_view text) {
  constexpr std::string_view kRealTime = "RTMIN+";
  const std::string name = upper_without(text, "SIG");
  if (name.starts_with(kRealTime)) {
    return signal_from(SIGRTMIN, whole_number(std::string_view(name).substr(kRealTime.size())));
  }
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    const char* known = ::sigabbrev_np(signal);
    if (known != nullptr && name == known) return signal;
  }
  const auto number = whole_number(name);
  return number > 0 ? signal_from(0, number) : std::nullopt;
}

std::optional<std::vector<int>> parse_handled_signals(std::span<const std::string> names) {
  std::set<int> signals;
  for (const std::string& name : names) {
    const auto signal = parse_signal(name);
    if (!signal || *signal == SIGKILL || *signal == SIGSTOP || *signal >= SIGRTMIN)
      return std::nullopt;
    signals.insert(*signal);
  }
  return std::vector<int>(signals.begin(), signals.end());
}

}  // namespace pyfault
