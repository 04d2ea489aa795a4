#include "watchdog/doctor/survey.h"

#include <charconv>
#include <map>

namespace pyfault {
namespace {

using Lines = std::map<std::string_view, std::string_view>;

constexpr std::string_view kMark = "survey:";  // in front of each line of the answer

template <typename Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    use(text.substr(0, end));
    text = end == text.npos ? "" : text.substr(end + 1);
  }
}

Lines parse_lines(std::string_view output) {
  Lines lines;
  for_each_line(output, [&](std::string_view line) {
    const std::size_t equals = line.find('=');
    if (!line.starts_with(kMark) || equals == line.npos) return;
    lines[line.substr(kMark.size(), equals - kMark.size())] = line.substr(equals + 1);
  });
  return lines;
}

std::uint64_t hexadecimal(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return number;
}

}  // namespace

const std::string_view kSurveyProgram = R"(
import os, sys
def read(name):
    with open("/proc/self/" + name, errors="replace") as file:
        return file.read()
maps = read("maps")
status = dict(line.split(":", 1) for line in read("status").splitlines() if ":" in line)
facts = {
    "implementation": sys.implementation.name,
    "version": ".".join(map(str, sys.version_info[:3])),
    "executable": ascii(os.readlink("/proc/self/exe"))[1:-1],
    "preload": int("LD_PRELOAD" in os.environ),
    "agent": int("/libpyfault_agent.so" in maps),
    "ring": int("memfd:pyfault-ring" in maps),
    "seccomp": int(status.get("Seccomp", "0").strip() == "2"),
    "caught": status.get("SigCgt", "0").strip(),
}
for name, value in facts.items():
    print("survey:%s=%s" % (name, value))
)";

std::optional<Survey> parse_survey(std::string_view output) {
  Lines lines = parse_lines(output);
  if (!lines.contains("caught")) return std::nullopt;
  Survey survey;
  survey.implementation = lines["implementation"];
  survey.version = lines["version"];
  survey.executable = lines["executable"];
  survey.preload = lines["preload"] == "1";
  survey.agent = lines["agent"] == "1";
  survey.ring = lines["ring"] == "1";
  survey.seccomp = lines["seccomp"] == "1";
  survey.caught = hexadecimal(lines["caught"]);
  return survey;
}

std::string last_line(std::string_view text) {
  std::string last;
  for_each_line(text, [&](std::string_view line) {
    if (!line.empty()) last = line;
  });
  return last;
}

std::string loader_complaint(std::string_view output) {
  std::string complaint;
  for_each_line(output, [&](std::string_view line) {
    const bool ours = line.find("libpyfault_agent") != line.npos;
    if (line.starts_with("ERROR: ld.so:") && ours) complaint = line;
  });
  return complaint;
}

}  // namespace pyfault
