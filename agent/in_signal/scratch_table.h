// A hash table in fixed memory, for repeated look-ups within one capture.
//
// Context: see capture.h. Entries are stored side by side in the order of their insertion, so a
// small capture touches few pages: the first touch of a page costs more than all its look-ups.
//
// A bucket contains the index of an entry, and owners_ names the bucket of each entry. A bucket
// with which no entry agrees is free, regardless of its content, so nothing needs to be cleared (a
// sparse set).
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/in_signal/warm_memory.h"

namespace pyfault {

template <class Entry, std::size_t kCapacity>
class ScratchTable {
 public:
  void clear() { count_ = 0; }

  // Allocates the pages that a record with few entries will need.
  void warm_up() {
    clear();
    touch_pages(buckets_, sizeof buckets_);
    touch_pages(owners_, kPageSize);
    touch_pages(entries_, kPageSize);
  }

  struct Place {
    Entry& entry;
    bool found;  // false: the caller must fill the entry
  };

  // Prefetches the bucket for a later look-up.
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&buckets_[hash % kBuckets]); }

  // A table that is full, or crowded at this hash, returns its last entry repeatedly, as not found.
  // The result is valid until the next call.
  template <class Matches>
  Place find_or_add(std::uint64_t hash, Matches matches) {
    for (std::size_t step = 0; step < kProbes; ++step) {
      const auto bucket = static_cast<std::uint16_t>((hash + step) % kBuckets);
      const std::size_t index = buckets_[bucket];
      if (index >= count_ || owners_[index] != bucket) return {add(bucket), false};
      if (matches(entries_[index])) return {entries_[index], true};
    }
    return {entries_[kCapacity - 1], false};
  }

 private:
  static constexpr std::size_t kBuckets = 2 * kCapacity;
  static constexpr std::size_t kProbes = 16;
  static_assert((kBuckets & (kBuckets - 1)) == 0, "a power of two: the modulo is a mask");
  static_assert(kBuckets <= UINT16_MAX);

  Entry& add(std::uint16_t bucket) {
    if (count_ == kCapacity - 1) return entries_[kCapacity - 1];
    buckets_[bucket] = static_cast<std::uint16_t>(count_);
    owners_[count_] = bucket;
    return entries_[count_++];
  }

  std::uint16_t buckets_[kBuckets];
  std::uint16_t owners_[kCapacity];
  std::size_t count_;
  Entry entries_[kCapacity];
};

}  // namespace pyfault
