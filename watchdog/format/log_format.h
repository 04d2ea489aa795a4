// The formats of reports, as they are chosen by name.
#pragma once

namespace pyfault {

enum class LogFormat { kText, kJson, kFaulthandler };

}  // namespace pyfault
