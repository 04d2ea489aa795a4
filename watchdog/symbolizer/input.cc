#include "watchdog/symbolizer/input.h"

#include <utility>

#include "watchdog/crash/byte_reader.h"

namespace pyfault {
namespace {

template <typename T>
std::optional<std::vector<T>> read_all(ByteReader& reader, std::size_t count) {
  std::vector<T> all;
  for (std::size_t index = 0; index < count; ++index) {
    const auto next = reader.read<T>();
    if (!next) return std::nullopt;
    all.push_back(*next);
  }
  return all;
}

std::optional<MemoryChunk> read_chunk(ByteReader& reader) {
  const auto head = reader.read<InputChunk>();
  const auto bytes = head ? reader.take(head->size) : std::nullopt;
  if (!bytes) return std::nullopt;
  return MemoryChunk{head->address, *bytes};
}

std::optional<Stack> read_stack(ByteReader& reader) {
  const auto head = reader.read<InputStack>();
  if (!head) return std::nullopt;
  std::vector<MemoryChunk> chunks;
  for (std::uint32_t index = 0; index < head->chunks; ++index) {
    const auto chunk = read_chunk(reader);
    if (!chunk) return std::nullopt;
    chunks.push_back(*chunk);
  }
  auto anchors = read_all<std::uint64_t>(reader, head->anchors);
  if (!anchors) return std::nullopt;
  return Stack{registers_of(head->registers, head->is_partial != 0), StackMemory(std::move(chunks)),
               std::move(*anchors), head->max_frames};
}

}  // namespace

std::optional<Input> read_input(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  const auto head = reader.read<InputHead>();
  if (!head || head->magic != kSymbolizerMagic) return std::nullopt;
  auto mappings = read_all<InputMapping>(reader, head->mappings);
  if (!mappings) return std::nullopt;
  Input input{std::move(*mappings), {}};
  for (std::uint32_t index = 0; index < head->stacks; ++index) {
    auto stack = read_stack(reader);
    if (!stack) return std::nullopt;
    input.stacks.push_back(std::move(*stack));
  }
  return input;
}

}  // namespace pyfault
