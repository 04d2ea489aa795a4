// Examines a program file to tell whether LD_PRELOAD can take effect in it.
#pragma once

namespace pyfault {

struct ProgramFile {
  bool elf = false;         // false: a script, or unreadable; the next three are then meaningless
  bool native = false;      // for the same processor and word size as this program
  bool dynamic = false;     // it names a dynamic loader, or is one
  bool musl = false;        // the loader is musl's
  bool privileged = false;  // set-user-ID, set-group-ID, or capabilities that this process lacks
};

// Examines it for the current user. Reads the head of the file, which may block on the disk. Does
// not allocate or take locks.
ProgramFile examine_program(const char* path);

}  // namespace pyfault
