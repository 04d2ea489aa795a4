// A program's file, as the dynamic loader will see it: whether LD_PRELOAD can do anything there.
#pragma once

namespace pyfault {

struct ProgramFile {
  bool elf = false;         // false: a script, or unreadable; the next three then mean nothing
  bool x86_64 = false;      // for this processor, in 64 bits
  bool dynamic = false;     // it names a dynamic loader
  bool musl = false;        // and that is musl's
  bool privileged = false;  // set-user-ID, set-group-ID or capabilities that we do not have
};

// For our own user. Reads the head of the file, which may take as long as a disk takes; no
// allocation and no lock.
ProgramFile examine_program(const char* path);

}  // namespace pyfault
