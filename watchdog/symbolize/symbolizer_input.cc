#include "watchdog/symbolize/symbolizer_input.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "watchdog/symbolizer/protocol.h"

namespace pyfault {
namespace {

constexpr std::size_t kAlignment = 8;

class InputFile {
 public:
  InputFile() : fd_(::memfd_create("pyfault-stacks", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {}

  template <typename T>
  void add(const T& value) {
    add(std::as_bytes(std::span(&value, 1)));
  }
  template <typename T>
  void add_all(const std::vector<T>& values) {
    add(std::as_bytes(std::span(values)));
  }

  void add(std::span<const std::byte> bytes) {
    while (!bytes.empty() && fd_) {
      const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
      if (count <= 0) return fd_.reset();
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  UniqueFd seal() {
    constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (::fcntl(fd_.get(), F_ADD_SEALS, kSeals) != 0) fd_.reset();
    return std::move(fd_);
  }

 private:
  UniqueFd fd_;
};

std::uint32_t module_of(const Mapping& mapping, const std::vector<ModuleFile>& modules) {
  if (mapping.path == "[vdso]") return kVdso;
  if (mapping.inode == 0) return kAnonymous;
  const auto module = std::ranges::find_if(modules, [&](const ModuleFile& each) {
    return each.file && each.device == mapping.device && each.inode == mapping.inode;
  });
  if (module == modules.end()) return kUnopened;
  return static_cast<std::uint32_t>(module - modules.begin());
}

void add_chunk(InputFile& file, const StackChunk& chunk) {
  const std::size_t size = chunk.bytes.size() / kAlignment * kAlignment;
  file.add(InputChunk{chunk.address, size});
  file.add(std::span(chunk.bytes).first(size));
}

void add_stack(InputFile& file, const StackToUnwind& stack, bool is_first) {
  const CapturedStack& captured = *stack.captured;
  InputStack head{};
  std::ranges::copy(captured.registers, head.registers);
  head.is_partial = stack.is_partial ? 1 : 0;
  head.chunks = static_cast<std::uint32_t>(captured.chunks.size());
  head.anchors = static_cast<std::uint32_t>(captured.anchors.size());
  head.max_frames = is_first ? kMaxFrames : kMaxFramesOfOthers;
  file.add(head);
  for (const StackChunk& chunk : captured.chunks) add_chunk(file, chunk);
  std::vector<std::uint64_t> anchors;
  for (const Anchor& anchor : captured.anchors) anchors.push_back(anchor.address);
  file.add_all(anchors);
}

}  // namespace

std::vector<const Mapping*> mappings_with_code(const MemoryMap& map) {
  std::vector<const Mapping*> found;
  for (const Mapping& mapping : map.mappings()) {
    if (mapping.executable) found.push_back(&mapping);
  }
  return found;
}

UniqueFd write_input(const SymbolizeRequest& request, const std::vector<const Mapping*>& mappings) {
  InputFile file;
  file.add(InputHead{kSymbolizerMagic, static_cast<std::uint32_t>(mappings.size()),
                     static_cast<std::uint32_t>(request.stacks.size())});
  std::vector<InputMapping> all;
  for (const Mapping* mapping : mappings) {
    all.push_back(
        {mapping->start, mapping->end, mapping->offset, module_of(*mapping, request.modules), 0});
  }
  file.add_all(all);
  for (std::size_t index = 0; index < request.stacks.size(); ++index) {
    add_stack(file, request.stacks[index], index == 0);
  }
  return file.seal();
}

}  // namespace pyfault
