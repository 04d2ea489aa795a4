#include "watchdog/log/formatter.h"

#include "watchdog/format/format.h"

namespace pyfault {

Formatter formatter_for(LogFormat format) {
  switch (format) {
    case LogFormat::kJson:
      return format_json;
    case LogFormat::kFaulthandler:
      return format_faulthandler;
    case LogFormat::kText:
      break;
  }
  return format_text;
}

}  // namespace pyfault
