// The processor that the agent is compiled for. What depends on it is in agent/arch/NAME, and
// nowhere else in the agent; NAME is CMake's CMAKE_SYSTEM_PROCESSOR. Such a folder has:
//
//   processor.h     the system call, constants, the kernel's and glibc's ABI, registers
//   instructions.cc implements instructions.h
//   guarded_copy.S  implements agent/in_signal/guarded_copy.h
//   switch_stack.S  implements agent/in_signal/switch_stack.h, and the signal restorer if the
//                   kernel's ABI requires one
//
// agent/arch/x86_64/processor.h says what each definition means; a processor.h must define all of
// them.
//
// Context: anywhere, signal handlers included.
#pragma once

// agent/arch/NAME/processor.h; agent/CMakeLists.txt defines the macro.
#include PYFAULT_PROCESSOR_HEADER
