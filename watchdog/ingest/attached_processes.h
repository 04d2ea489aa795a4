// The processes that have attached themselves, at any attach server of this watchdog. No other ring
// may make claims about them.
#pragma once

#include <cstddef>
#include <map>

namespace pyfault {

class AttachedProcesses {
 public:
  // The owner of the process's ring, identified by its address.
  using Owner = const void*;

  void add(int pid, Owner owner) { owners_.insert_or_assign(pid, owner); }

  // Does nothing if the process has attached again with another owner since.
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
