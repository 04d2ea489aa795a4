// A hash table in fixed memory, for what is looked up many times within one capture.
//
// Context: see capture.h. Entries lie side by side in the order in which they came, so that a small
// capture touches few pages: the first touch of each costs more than all its look-ups.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/in_signal/warm_memory.h"

namespace pyfault {

template <class Entry, std::size_t kCapacity>
class ScratchTable {
 public:
  void clear() {
    std::memset(buckets_, 0, sizeof buckets_);
    count_ = 0;
  }

  // Has the pages that a record of few entries will need.
  void warm_up() {
    clear();
    touch_pages(entries_, kPageSize);
  }

  struct Place {
    Entry& entry;
    bool found;  // false: to be filled by the caller
  };

  // A table that is full, or crowded at this hash, hands out its last entry again and again. Valid
  // until the next call.
  template <class Matches>
  Place find_or_add(std::uint64_t hash, Matches matches) {
    for (std::size_t step = 0; step < kProbes; ++step) {
      std::uint16_t& bucket = buckets_[(hash + step) % kBuckets];
      if (bucket == 0) return {add(bucket), false};
      Entry& entry = entries_[bucket - 1];
      if (matches(entry)) return {entry, true};
    }
    return {entries_[kCapacity - 1], false};
  }

 private:
  static constexpr std::size_t kBuckets = 2 * kCapacity;
  static constexpr std::size_t kProbes = 16;
  static_assert((kBuckets & (kBuckets - 1)) == 0, "a power of two: the modulo is a mask");
  static_assert(kCapacity < UINT16_MAX);

  Entry& add(std::uint16_t& bucket) {
    if (count_ == kCapacity - 1) return entries_[kCapacity - 1];
    bucket = static_cast<std::uint16_t>(++count_);
    return entries_[count_ - 1];
  }

  std::uint16_t buckets_[kBuckets];  // 1 + index of an entry; 0: free
  std::size_t count_;
  Entry entries_[kCapacity];
};

}  // namespace pyfault
