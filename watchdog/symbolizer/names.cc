#include "watchdog/symbolizer/names.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace pyfault {
namespace {

struct Free {
  void operator()(char* text) const { std::free(text); }
};

// Of a symbol without a size, libdwfl only knows that it is the last one before the address. Its
// function must be that of the call frame information.
bool is_within(const GElf_Sym& symbol, GElf_Off offset, std::uint64_t address,
               const LoadedModule& module) {
  if (symbol.st_size != 0 || offset == 0) return true;
  const auto rules = module.rules_at(address);
  return rules && rules->function != 0 && rules->function <= address - offset;
}

}  // namespace

std::string demangled(const char* name) {
  if (!std::string_view(name).starts_with("_Z")) return name;
  const std::unique_ptr<char, Free> text(abi::__cxa_demangle(name, nullptr, nullptr, nullptr));
  return text ? text.get() : name;
}

FunctionSymbol function_symbol(const LoadedModule& module, std::uint64_t address) {
  GElf_Off offset = 0;
  GElf_Sym symbol{};
  const char* name =
      ::dwfl_module_addrinfo(module.get(), address, &offset, &symbol, nullptr, nullptr, nullptr);
  if (name == nullptr || !is_within(symbol, offset, address, module)) return {};
  const std::string_view versioned = name;
  return {demangled(std::string(versioned.substr(0, versioned.find('@', 1))).c_str()), offset};
}

}  // namespace pyfault
