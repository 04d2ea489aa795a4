// Finds out which code of this interpreter must not be cut off in the middle, and tells the agent:
// its allocators, and its garbage collector.
#pragma once

namespace pyfault {

// To be called before a guard is entered; does nothing once all is known. Takes a collection of the
// youngest objects. An exception that is set stays set.
void tell_delicate_code();

}  // namespace pyfault
