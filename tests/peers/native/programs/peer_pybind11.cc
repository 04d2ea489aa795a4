// An extension by pybind11 whose function template calls Python back.
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <functional>
#include <vector>

namespace peer {

volatile int steps;  // work behind each call, so that none is the last thing its function does

__attribute__((noinline)) void store_at_null(int value) {
  volatile int* target = nullptr;
  *target = value;
  ++steps;
}

template <typename Number>
__attribute__((noinline)) void for_each(const std::vector<Number>& numbers,
                                        const std::function<void(Number)>& function) {
  for (const Number number : numbers) function(number);
  ++steps;
}

}  // namespace peer

PYBIND11_MODULE(peer_pybind11, module) {
  module.def("store_at_null", &peer::store_at_null);
  module.def("for_each", &peer::for_each<int>);
}
