// What the watchdog and pyfault-symbolizer, its child, say to each other.
//
// The child starts with three descriptors: a socket on which it asks for files (stdin), the pipe
// for its answer (stdout), and /dev/null (stderr). It can open nothing itself.
//
// Files. The child sends a FileRequest as one packet. The watchdog answers with a packet of one
// byte, and with the descriptor if the file is there and the child may have it. The first file that
// the child asks for is the input.
//
// Input. An InputHead and `mappings` InputMapping, followed for each stack by an InputStack, its
// chunks (an InputChunk and its bytes, a multiple of 8 of them) and its anchors (addresses).
//
// Answer. A sequence of items: an ItemHead, then `size` bytes, a multiple of 8. The items of each
// stage are written when they are known, so that they count if the child is killed later:
// addresses and names of the first stack, then those of the others, then inlined functions and
// lines of all. The watchdog trusts nothing of it.
//
// Both programs run on the same host, and are installed together.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/record.h"

namespace pyfault {

inline constexpr int kFilesFd = 0;
inline constexpr int kAnswerFd = 1;

enum class WantedFile : std::uint32_t {
  kInput = 1,
  kModule = 2,     // number `module`
  kBuildId = 3,    // the separate debug file with the build-id `name`, in hex digits
  kDebugLink = 4,  // the separate debug file `name` of a module, in one of kDebugLinkPlaces
};

inline constexpr std::uint32_t kDebugLinkPlaces = 3;
inline constexpr std::size_t kMaxFileName = 255;
// Files other than the input and the modules.
inline constexpr int kMaxDebugFiles = 64;

struct FileRequest {
  WantedFile wanted;
  std::uint32_t module;
  std::uint32_t place;          // for kDebugLink, from 0
  char name[kMaxFileName + 1];  // ends with a NUL
};
static_assert(sizeof(FileRequest) == 268);

// Changes with everything in this file.
inline constexpr std::uint64_t kSymbolizerMagic = 0x32'6d'79'73'66'79'70;  // "pyfsym2"

struct InputHead {
  std::uint64_t magic;
  std::uint32_t mappings;
  std::uint32_t stacks;
};
static_assert(sizeof(InputHead) == 16);

// What an InputMapping has instead of a module.
inline constexpr std::uint32_t kAnonymous = UINT32_MAX;
inline constexpr std::uint32_t kUnopened = UINT32_MAX - 1;  // a file that the child cannot have
inline constexpr std::uint32_t kVdso = UINT32_MAX - 2;

// Memory that can be executed, in ascending order.
struct InputMapping {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t offset;  // in the file
  std::uint32_t module;  // number of the file
  std::uint32_t reserved;
};
static_assert(sizeof(InputMapping) == 32);

struct InputStack {
  std::uint64_t registers[kRegisterCount];
  std::uint32_t is_partial;  // only the program counter and the stack pointer are known
  std::uint32_t chunks;
  std::uint32_t anchors;
  std::uint32_t max_frames;
};
static_assert(sizeof(InputStack) == 8 * kRegisterCount + 16);

struct InputChunk {
  std::uint64_t address;
  std::uint64_t size;
};
static_assert(sizeof(InputChunk) == 16);

inline constexpr std::size_t kMaxAnswer = std::size_t{1} << 20;

enum class ItemKind : std::uint32_t {
  kFrames = 1,
  kStackEnd = 2,
  kModule = 3,
  kText = 4,  // the bytes of a text, padded with NULs; items refer to texts by number, from 0
  kFunctions = 5,
  kRefusal = 6,  // a text: why the child does not do its work
  kEnd = 7,      // all has been said
};

struct ItemHead {
  ItemKind kind;
  std::uint32_t size;
};
static_assert(sizeof(ItemHead) == 8);

inline constexpr std::size_t kMaxText = 4096;

// More frames of a stack: followed by AnswerFrame.
struct AnswerFrames {
  std::uint32_t stack;
  std::uint32_t count;
};
static_assert(sizeof(AnswerFrames) == 8);

enum FrameFlags : std::uint8_t {
  kReturnAddress = 1,  // the function is that of the byte before the address
  kSignalFrame = 2,
  kAfterGap = 4,  // frames are missing before this one
};

inline constexpr std::uint32_t kUnknownOffset = UINT32_MAX;

struct AnswerFrame {
  std::uint64_t address;
  std::uint64_t stack_pointer;
  // Of the address, from where the code begins that its call frame information is for.
  std::uint32_t code_offset;
  std::uint8_t trust;  // Trust (watchdog/crash/native.h)
  std::uint8_t flags;  // FrameFlags
  std::uint8_t reserved[2];
};
static_assert(sizeof(AnswerFrame) == 24);

// The stack has no more frames. Followed by the text of the reason if it is not complete.
struct AnswerStackEnd {
  std::uint32_t stack;
  std::uint32_t is_complete;
};
static_assert(sizeof(AnswerStackEnd) == 8);

inline constexpr std::size_t kMaxBuildId = 64;

// Followed by the build-id, padded.
struct AnswerModule {
  std::uint32_t mapping;  // number of the InputMapping
  std::uint32_t build_id_size;
  std::uint64_t bias;  // what to subtract from an address to get one of the file
};
static_assert(sizeof(AnswerModule) == 16);

inline constexpr std::uint32_t kNoText = UINT32_MAX;
inline constexpr std::uint32_t kMaxFunctions = 64;

struct AnswerFunction {
  std::uint32_t name;    // number of a text, or kNoText
  std::uint32_t file;    // the same
  std::uint32_t line;    // 0: unknown
  std::uint32_t offset;  // of the address, from where the symbol of this name is, or kUnknownOffset
};
static_assert(sizeof(AnswerFunction) == 16);

// What the code at an address belongs to: followed by AnswerFunction, innermost first, each inlined
// into the next. Replaces what was said of the address before.
struct AnswerFunctions {
  std::uint64_t address;  // of the frame; the byte before it for a return address
  std::uint32_t count;
  std::uint32_t reserved;
};
static_assert(sizeof(AnswerFunctions) == 16);

// Of the stack of the first thread, and of each of the others: what fits into an answer.
inline constexpr std::uint32_t kMaxFrames = 4096;
inline constexpr std::uint32_t kMaxFramesOfOthers = 512;

}  // namespace pyfault
