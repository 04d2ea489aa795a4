// The formats of reports that a user can choose by name.
#pragma once

namespace pyfault {

enum class LogFormat { kText, kJson, kFaulthandler };

}  // namespace pyfault
