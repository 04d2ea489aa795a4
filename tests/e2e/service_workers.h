// Workers of more than one test of the service.
#pragma once

namespace pyfault::test {

// Runs until it is told to stop; then says so by its exit code.
inline constexpr char kServes[] = R"(
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("serving", flush=True)
while True:
    signal.pause()
)";

// For one that dies at once: however slow the machine is, it never gets ready first.
inline constexpr char kReadyMuchLater[] = "ready = { after = \"1h\" }\n";

inline constexpr char kQuickRetries[] = "backoff = { initial = 0.01, max = 0.05 }\n";

}  // namespace pyfault::test
