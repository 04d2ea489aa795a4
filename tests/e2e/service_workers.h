// Workers that several tests of the service use.
#pragma once

namespace pyfault::test {

// Runs until it is told to stop, and then exits with 0.
inline constexpr char kServes[] = R"(
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("serving", flush=True)
while True:
    signal.pause()
)";

// For a worker that dies at once: even on a slow machine it cannot become ready first.
inline constexpr char kReadyMuchLater[] = "ready = { after = \"1h\" }\n";

inline constexpr char kQuickRetries[] = "backoff = { initial = 0.01, max = 0.05 }\n";

}  // namespace pyfault::test
