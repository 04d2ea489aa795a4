// The processes that have attached by themselves, at whatever door of this watchdog. Nobody else's
// ring speaks for them.
#pragma once

#include <cstddef>
#include <map>

namespace pyfault {

class AttachedProcesses {
 public:
  // Whose ring it is: its address tells owners apart.
  using Owner = const void*;

  void add(int pid, Owner owner) { owners_.insert_or_assign(pid, owner); }

  // No longer, unless it has attached anew since.
  void remove(int pid, Owner owner) {
    const auto found = owners_.find(pid);
    if (found != owners_.end() && found->second == owner) owners_.erase(found);
  }

  bool is_of_another(int pid, Owner owner) const {
    const auto found = owners_.find(pid);
    return found != owners_.end() && found->second != owner;
  }

 private:
  std::map<int, Owner> owners_;
};

}  // namespace pyfault
