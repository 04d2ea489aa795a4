// One metric with its samples, in Prometheus's text format (version 0.0.4).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault {

class MetricFamily {
 public:
  enum class Type { kCounter, kGauge };

  // Names must match Prometheus's [a-zA-Z_][a-zA-Z0-9_]*.
  MetricFamily(Type type, std::string name, std::string help, std::vector<std::string> labels)
      : type_(type), name_(std::move(name)), help_(std::move(help)), labels_(std::move(labels)) {}

  // The sample with these label values, one per label. A new sample is 0.
  double& at(const std::vector<std::string>& values) { return samples_[values]; }

  // Drops the samples whose first label has none of these values.
  void keep_only(const std::vector<std::string>& first_values);

  // Appends its lines; none if there are no samples.
  void append_to(std::string& text) const;

 private:
  Type type_;
  std::string name_;
  std::string help_;
  std::vector<std::string> labels_;
  std::map<std::vector<std::string>, double> samples_;
};

// Escapes a label's value for use between quotes.
std::string escape_label_value(std::string_view value);

}  // namespace pyfault
