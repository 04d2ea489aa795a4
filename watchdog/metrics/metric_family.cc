#include "watchdog/metrics/metric_family.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pyfault {

std::string escape_label_value(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? "\\n" : std::string(1, c);
  }
  return escaped;
}

void MetricFamily::keep_only(const std::vector<std::string>& first_values) {
  std::erase_if(samples_, [&](const auto& sample) {
    return std::find(first_values.begin(), first_values.end(), sample.first.front()) ==
           first_values.end();
  });
}

void MetricFamily::append_to(std::string& text) const {
  if (samples_.empty()) return;
  const auto out = std::back_inserter(text);
  const char* type = type_ == Type::kCounter ? "counter" : "gauge";
  fmt::format_to(out, "# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help_, type);
  for (const auto& [values, number] : samples_) {
    std::string labels;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      labels +=
          fmt::format("{}{}=\"{}\"", i == 0 ? "" : ",", labels_[i], escape_label_value(values[i]));
    }
    fmt::format_to(out, "{}{} {}\n", name_, labels.empty() ? labels : '{' + labels + '}', number);
  }
}

}  // namespace pyfault
