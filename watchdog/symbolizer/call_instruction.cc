#include "watchdog/symbolizer/call_instruction.h"

namespace pyfault {
namespace {

constexpr std::size_t kRelativeCall = 5;  // E8 and a 32-bit offset

std::byte byte_at(std::span<const std::byte> code, std::size_t from_end) {
  return code[code.size() - from_end];
}

// The length of FF /2 with this ModRM byte and the SIB byte that may follow it, without prefixes.
std::size_t length_of_indirect_call(std::byte modrm, std::byte sib) {
  constexpr std::size_t kOpcodeAndModrm = 2;
  const auto mode = std::to_integer<unsigned>(modrm >> 6);
  const auto base = std::to_integer<unsigned>(modrm & std::byte{7});
  if (mode == 3) return kOpcodeAndModrm;
  const bool has_sib = base == 4;
  const bool is_address_only =
      mode == 0 && (base == 5 || (has_sib && (sib & std::byte{7}) == std::byte{5}));
  const std::size_t displacement = is_address_only || mode == 2 ? 4 : mode;
  return kOpcodeAndModrm + (has_sib ? 1 : 0) + displacement;
}

bool ends_with_indirect_call(std::span<const std::byte> code, std::size_t length) {
  if (byte_at(code, length) != std::byte{0xff}) return false;
  const std::byte modrm = byte_at(code, length - 1);
  const std::byte sib = length > 2 ? byte_at(code, length - 2) : std::byte{};
  constexpr std::byte kCall{2};  // FF /2
  return (modrm >> 3 & std::byte{7}) == kCall && length_of_indirect_call(modrm, sib) == length;
}

}  // namespace

bool ends_with_call(std::span<const std::byte> code) {
  if (code.size() >= kRelativeCall && byte_at(code, kRelativeCall) == std::byte{0xe8}) return true;
  for (std::size_t length = 2; length <= kLongestCallInstruction && length <= code.size();
       ++length) {
    if (ends_with_indirect_call(code, length)) return true;
  }
  return false;
}

}  // namespace pyfault
