// Reads the answer of pyfault-symbolizer (symbolizer/protocol.h), of which nothing is trusted.
// Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "watchdog/crash/memory_map.h"
#include "watchdog/symbolize/symbolizer.h"

namespace pyfault {

struct Answer {
  enum class State {
    kUnfinished,
    kFinished,
    kRefused,  // `symbols.trouble` is the child's reason
    kDamaged,  // what comes after the damage is ignored
  };

  Symbols symbols;
  State state = State::kUnfinished;
};

// `bytes`: what the child has said, which may end anywhere; at most kMaxAnswer. `mappings`: as they
// are numbered in the input. A stack of which nothing was said has the frame that the registers
// tell.
Answer read_answer(std::span<const std::byte> bytes, const SymbolizeRequest& request,
                   const std::vector<const Mapping*>& mappings);

}  // namespace pyfault
