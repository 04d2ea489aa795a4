// The code of the process: memory that can be executed, and the files in it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "watchdog/symbolizer/file_client.h"
#include "watchdog/symbolizer/loaded_module.h"
#include "watchdog/symbolizer/mapped_file.h"
#include "watchdog/symbolizer/protocol.h"

namespace pyfault {

class CodeMap {
 public:
  // `mappings`: as in the input; they stay as long as this object.
  CodeMap(std::span<const InputMapping> mappings, FileClient& files);

  // Returns the mapping that contains the address; null if nothing can be executed there.
  const InputMapping* find(std::uint64_t address) const;

  // Returns the module that the mapping is a part of; null if there is none, or none to be had. The
  // file is asked for when it is first needed.
  LoadedModule* module_of(const InputMapping& mapping);
  LoadedModule* module_at(std::uint64_t address);

  // Whether the address follows a call instruction in a file.
  bool follows_call(std::uint64_t address);

  // Those whose modules have been loaded, with their modules.
  struct Loaded {
    std::uint32_t mapping = 0;
    const LoadedModule* module = nullptr;
  };
  std::vector<Loaded> loaded() const;

 private:
  struct Place {
    bool is_resolved = false;
    LoadedModule* module = nullptr;
  };

  std::size_t index_of(const InputMapping& mapping) const {
    return static_cast<std::size_t>(&mapping - mappings_.data());
  }
  std::span<std::byte> image_of(std::uint32_t module);
  LoadedModule* load(const InputMapping& mapping);

  std::span<const InputMapping> mappings_;
  FileClient& files_;
  std::vector<Place> places_;  // of the mappings
  std::map<std::uint32_t, MappedFile> images_;
  // A file may be loaded at several places.
  std::vector<std::unique_ptr<LoadedModule>> modules_;
};

}  // namespace pyfault
