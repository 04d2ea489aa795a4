// One metric with its samples, in Prometheus's text format (version 0.0.4). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault {

class MetricFamily {
 public:
  enum class Type { kCounter, kGauge };

  // Names as Prometheus has them: [a-zA-Z_][a-zA-Z0-9_]*.
  MetricFamily(Type type, std::string name, std::string help, std::vector<std::string> labels)
      : type_(type), name_(std::move(name)), help_(std::move(help)), labels_(std::move(labels)) {}

  // The sample with these values of the labels, one each; a new one is 0.
  double& at(const std::vector<std::string>& values) { return samples_[values]; }

  // Drops the samples whose first label has a value that is not among these.
  void keep_only(const std::vector<std::string>& first_values);

  // Its lines; none without samples.
  void append_to(std::string& text) const;

 private:
  Type type_;
  std::string name_;
  std::string help_;
  std::vector<std::string> labels_;
  std::map<std::vector<std::string>, double> samples_;
};

// For a label's value, between its quotes.
std::string escape_label_value(std::string_view value);

}  // namespace pyfault
