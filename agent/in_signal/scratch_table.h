// A hash table in fixed memory, for what is looked up many times within one capture.
//
// Context: see capture.h. Entries lie side by side in the order in which they came, so that a small
// capture touches few pages: the first touch of each costs more than all its look-ups.
//
// A bucket holds an entry's index, and the entry's owner says which bucket that is. A bucket that
// no entry agrees with is free, whatever it holds: nothing needs to be wiped (a sparse set).
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/in_signal/warm_memory.h"

namespace pyfault {

template <class Entry, std::size_t kCapacity>
class ScratchTable {
 public:
  void clear() { count_ = 0; }

  // Has the pages that a record of few entries will need.
  void warm_up() {
    clear();
    touch_pages(buckets_, sizeof buckets_);
    touch_pages(owners_, kPageSize);
    touch_pages(entries_, kPageSize);
  }

  struct Place {
    Entry& entry;
    bool found;  // false: to be filled by the caller
  };

  // For a look-up that will come.
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&buckets_[hash % kBuckets]); }

  // A table that is full, or crowded at this hash, hands out its last entry again and again. Valid
  // until the next call.
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
