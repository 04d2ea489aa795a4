#include "watchdog/crash/string_hash.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace pyfault {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  explicit SipState(const std::uint64_t (&key)[2])
      : v0(key[0] ^ 0x736f6d6570736575),
        v1(key[1] ^ 0x646f72616e646f6d),
        v2(key[0] ^ 0x6c7967656e657261),
        v3(key[1] ^ 0x7465646279746573) {}

  void mix(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  }

  void take(std::uint64_t word, int rounds) {
    v3 ^= word;
    mix(rounds);
    v0 ^= word;
  }
};

std::uint64_t word_of(std::span<const std::byte> bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), std::min(bytes.size(), kWord));
  return word;
}

}  // namespace

std::uint64_t StringHasher::operator()(std::span<const std::byte> units) const {
  const std::uint64_t length = units.size();
  SipState state(key);
  for (; units.size() >= kWord; units = units.subspan(kWord)) state.take(word_of(units), rounds);
  state.take(word_of(units) | length << 56, rounds);
  state.v2 ^= 0xff;
  state.mix(final_rounds);
  const std::uint64_t hash = state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
  return hash == UINT64_MAX ? UINT64_MAX - 1 : hash;  // -1 means "no hash"
}

StringHasher string_hasher(std::uint32_t version_hex, const std::uint64_t (&key)[2]) {
  constexpr std::uint32_t kFirstWithSipHash13 = 0x030b0000;
  const bool fewer = version_hex >= kFirstWithSipHash13;
  return {{key[0], key[1]}, fewer ? 1 : 2, fewer ? 3 : 4};
}

}  // namespace pyfault
