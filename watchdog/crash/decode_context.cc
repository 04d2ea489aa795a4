#include "watchdog/crash/decode_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "watchdog/crash/byte_reader.h"
#include "watchdog/crash/utf8.h"

namespace pyfault {
namespace {

struct OfThread {
  int tid = 0;
  Annotation annotation;
};

std::optional<std::string> read_text(ByteReader& reader, std::size_t size) {
  const auto bytes = reader.take(size);
  if (!bytes) return std::nullopt;
  return replace_invalid_utf8({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

// Returns nullopt at the end, and if the bytes violate context.h.
std::optional<OfThread> read_annotation(ByteReader& reader) {
  const auto head = reader.read<AnnotationHead>();
  if (!head || head->key_size > kMaxAnnotationKey || head->value_size > kMaxAnnotationValue) {
    return std::nullopt;
  }
  auto key = read_text(reader, head->key_size);
  auto value = read_text(reader, head->value_size);
  if (!key || !value) return std::nullopt;
  return OfThread{head->tid, {*std::move(key), *std::move(value)}};
}

bool has_key(const std::vector<Annotation>& annotations, std::string_view key) {
  return std::ranges::find(annotations, key, &Annotation::key) != annotations.end();
}

std::map<int, std::vector<Annotation>> decode_annotations(const AnnotationCopy& copy) {
  std::map<int, std::vector<Annotation>> annotations;
  ByteReader reader(std::as_bytes(std::span(copy.bytes)).first(copy.size));
  while (auto next = read_annotation(reader)) {
    if (next->tid < 0 || next->annotation.key.empty()) continue;
    auto& of_thread = annotations[next->tid];
    if (!has_key(of_thread, next->annotation.key)) {
      of_thread.push_back(std::move(next->annotation));
    }
  }
  return annotations;
}

std::vector<Crumb> decode_crumbs(const ContextCopy& copy) {
  std::map<std::uint64_t, Crumb> crumbs;  // by number
  for (const CrumbCopy& crumb : std::span(copy.crumbs).first(copy.crumb_count)) {
    crumbs.try_emplace(crumb.number,
                       Crumb{crumb.realtime_ns, replace_invalid_utf8({crumb.text, crumb.size})});
  }
  std::vector<Crumb> in_order;
  for (auto& [number, crumb] : crumbs) in_order.push_back(std::move(crumb));
  return in_order;
}

const std::vector<Annotation>& annotations_of(const DecodedContext& decoded, int tid) {
  static const std::vector<Annotation> kNone;
  const auto found = decoded.annotations.find(tid);
  return found == decoded.annotations.end() ? kNone : found->second;
}

// 0 for a heartbeat after the moment: other threads go on while one crashes.
std::optional<double> age_at(std::int64_t monotonic_ns, std::int64_t heartbeat_ns) {
  if (heartbeat_ns <= 0) return std::nullopt;
  return static_cast<double>(std::max<std::int64_t>(monotonic_ns - heartbeat_ns, 0)) / 1e9;
}

void lay_over(std::vector<Annotation>& annotations, const std::vector<Annotation>& others) {
  for (const Annotation& other : others) {
    const auto same = std::ranges::find(annotations, other.key, &Annotation::key);
    if (same == annotations.end()) {
      annotations.push_back(other);
    } else {
      same->value = other.value;
    }
  }
}

// In the words in which pyfault's hooks list the tasks of one thread.
std::string listed(const std::vector<std::string>& values) {
  if (values.size() == 1) return values.front();
  std::string list = fmt::format("{} open: {}", values.size(), fmt::join(values, "; "));
  list.resize(cut_utf8(list, kMaxAnnotationValue).size());
  return list;
}

std::vector<Annotation> annotations_of_threads(const DecodedContext& decoded) {
  std::vector<std::string> keys;  // in the order in which they are met
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [tid, annotations] : decoded.annotations) {
    for (const auto& [key, value] : annotations) {
      if (tid == 0) continue;
      if (!values.contains(key)) keys.push_back(key);
      values[key].push_back(value);
    }
  }
  std::vector<Annotation> all;
  for (const std::string& key : keys) all.push_back({key, listed(values[key])});
  return all;
}

Context context_of_process(const DecodedContext& decoded, std::int64_t monotonic_ns) {
  return {annotations_of(decoded, 0), decoded.annotations_left_out, decoded.breadcrumbs,
          age_at(monotonic_ns, decoded.heartbeat_ns)};
}

}  // namespace

DecodedContext decode_context(const ContextCopy& copy) {
  return {decode_annotations(copy.annotations), copy.left_out, decode_crumbs(copy),
          copy.heartbeat_ns};
}

Context context_at_end(const DecodedContext& decoded, std::int64_t monotonic_ns) {
  Context context = context_of_process(decoded, monotonic_ns);
  lay_over(context.annotations, annotations_of_threads(decoded));
  return context;
}

void add_context(Crash& crash, const DecodedContext& decoded) {
  crash.context = context_of_process(decoded, crash.monotonic_ns);
  if (crash.tid > 0) lay_over(crash.context.annotations, annotations_of(decoded, crash.tid));
  for (Thread& thread : crash.threads) {
    if (thread.tid && *thread.tid > 0) thread.annotations = annotations_of(decoded, *thread.tid);
  }
}

}  // namespace pyfault
