#include "watchdog/doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <string_view>

#include "watchdog/doctor/examine.h"
#include "watchdog/doctor/findings.h"
#include "watchdog/doctor/probe.h"
#include "watchdog/doctor/trial.h"
#include "watchdog/format/escape.h"
#include "watchdog/os/program_file.h"
#include "watchdog/supervise/agent_environment.h"
#include "watchdog/supervise/command.h"
#include "watchdog/supervise/standard_streams.h"

namespace pyfault {
namespace {

class Doctor {
 public:
  explicit Doctor(const std::string& python) : python_(python) {
    const Command command = resolve_command({"-c", ""}, python);
    facts_.interpreter = path_ = locate(command);
    facts_.agent = find_agent();
  }

  // Runs, here and below, without options that would disable the user's start-up files.
  void survey() {
    examine_system(facts_);
    const Trial alone = run({"-B"}, kSurveyProgram, "");
    facts_.alone = parse_survey(alone.output);
    const Trial watched = run({"-B"}, kSurveyProgram, facts_.agent);
    facts_.watched = parse_survey(watched.output);
    facts_.loader_complaint = loader_complaint(watched.output);
    note_notices(watched);
    const auto& answer = facts_.watched ? facts_.watched : facts_.alone;
    if (answer) facts_.interpreter = answer->executable;
    facts_.file = examine_program(facts_.interpreter.c_str());
    const std::string version = answer ? ", Python " + escape_text(answer->version) : "";
    std::cout << "Crashing " << escape_text(facts_.interpreter) << version << ":\n" << std::flush;
  }

  bool try_probe(const Probe& probe) {
    const Trial trial = run({"-B"}, program_of(probe), facts_.agent);
    note_notices(trial);
    const Verdict verdict = judge(probe, trial);
    std::cout << fmt::format("  {:<6}  {:<26}  {}\n", verdict.ok ? "ok" : "FAILED", probe.title,
                             verdict.words)
              << std::flush;
    return verdict.ok;
  }

  void explain(bool healthy) const {
    const auto findings = findings_about(facts_);
    if (!findings.empty())
      std::cout << (healthy ? "Worth knowing:\n" : "What may be in the way:\n");
    for (const Finding& finding : findings) {
      std::cout << "  - " << finding.what << '\n';
      if (!finding.advice.empty()) std::cout << "    advice: " << finding.advice << '\n';
    }
    if (!healthy && findings.empty()) std::cout << "Nothing that is known to be in the way.\n";
    std::cout << (healthy ? "Crashes will be reported.\n" : "Not all crashes will be reported.\n")
              << std::flush;
  }

 private:
  Trial run(std::vector<std::string> options, std::string_view code, const std::string& agent) {
    std::vector<std::string> argv = {python_};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.insert(argv.end(), {"-c", std::string(code)});
    return run_trial({path_, std::move(argv), agent});
  }

  // Adds each notice once. Its prefix is ignored, because the pid in it differs between trials.
  void note_notices(const Trial& trial) {
    for (const Event& event : trial.events) {
      if (const auto* said = std::get_if<UnwatchedEvent>(&event.body)) facts_.unwatched = said->why;
      const auto* notice = std::get_if<NoticeEvent>(&event.body);
      if (notice == nullptr) continue;
      const std::size_t colon = notice->message.find("]: ");
      std::string words = notice->message.substr(colon == std::string::npos ? 0 : colon + 3);
      if (std::ranges::find(facts_.notices, words) == facts_.notices.end()) {
        facts_.notices.push_back(std::move(words));
      }
    }
  }

  std::string python_;
  std::string path_;
  Facts facts_;
};

}  // namespace

bool run_doctor(const Checkup& checkup) {
  fill_closed_standard_streams();
  Doctor doctor(checkup.python);
  doctor.survey();
  bool healthy = true;
  for (const Probe& probe : probes()) healthy &= doctor.try_probe(probe);
  doctor.explain(healthy);
  return healthy;
}

}  // namespace pyfault
