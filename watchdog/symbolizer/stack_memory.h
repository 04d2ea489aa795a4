// The copied parts of a stack.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pyfault {

inline constexpr std::uint64_t kWordSize = sizeof(std::uint64_t);

struct MemoryChunk {
  std::uint64_t address = 0;
  std::span<const std::byte> bytes;

  std::uint64_t end() const { return address + bytes.size(); }
};

class StackMemory {
 public:
  // `chunks`: ascending, without overlap.
  explicit StackMemory(std::vector<MemoryChunk> chunks) : chunks_(std::move(chunks)) {}

  // Returns nullopt if the word was not copied.
  std::optional<std::uint64_t> word_at(std::uint64_t address) const {
    const MemoryChunk* chunk = at(address);
    if (chunk == nullptr || chunk->end() - address < kWordSize) return std::nullopt;
    std::uint64_t word = 0;
    std::memcpy(&word, chunk->bytes.data() + (address - chunk->address), sizeof word);
    return word;
  }

  // Returns the chunk that holds the address; null if there is none.
  const MemoryChunk* at(std::uint64_t address) const {
    const MemoryChunk* chunk = at_or_above(address);
    return chunk != nullptr && chunk->address <= address ? chunk : nullptr;
  }
  // Returns the chunk that holds the address, or the first one above it.
  const MemoryChunk* at_or_above(std::uint64_t address) const {
    const auto chunk = std::ranges::find_if(
        chunks_, [&](const MemoryChunk& each) { return address < each.end(); });
    return chunk != chunks_.end() ? &*chunk : nullptr;
  }
  // Returns the last chunk that ends at the address or below.
  const MemoryChunk* below(std::uint64_t address) const {
    const MemoryChunk* found = nullptr;
    for (const MemoryChunk& chunk : chunks_) {
      if (chunk.end() <= address) found = &chunk;
    }
    return found;
  }

 private:
  std::vector<MemoryChunk> chunks_;
};

}  // namespace pyfault
