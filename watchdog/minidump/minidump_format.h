// The format of a minidump, as far as we write it.
//
// It is Microsoft's, and documented by the header minidumpapiset.h of the Windows SDK
// (learn.microsoft.com/windows/win32/api/minidumpapiset); CONTEXT is that of winnt.h for x64. What
// it says of Linux is an agreement of its readers, written down by Breakpad
// (google_breakpad/common, minidump_format.h and minidump_cpu_amd64.h).
//
// A header names a directory, the directory names streams, and all of them refer to places in the
// file by their offset ("RVA"). All numbers are little-endian.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace pyfault::minidump {

static_assert(std::endian::native == std::endian::little);

// Members follow each other with gaps for 32-bit members at most.
#pragma pack(push, 4)

inline constexpr std::uint32_t kSignature = 0x504d444d;  // "MDMP"
inline constexpr std::uint32_t kVersion = 0xa793;

struct Header {
  std::uint32_t signature = kSignature;
  std::uint32_t version = kVersion;
  std::uint32_t streams = 0;
  std::uint32_t directory = 0;  // the offset of the first entry
  std::uint32_t checksum = 0;   // 0: none
  std::uint32_t time = 0;       // seconds since 1970
  std::uint64_t flags = 0;      // MiniDumpNormal
};
static_assert(sizeof(Header) == 32);

// A part of the file.
struct Location {
  std::uint32_t size = 0;
  std::uint32_t offset = 0;
};
static_assert(sizeof(Location) == 8);

enum class StreamType : std::uint32_t {
  kThreadList = 3,
  kModuleList = 4,
  kMemoryList = 5,
  kException = 6,
  kSystemInfo = 7,
  kComment = 10,  // CommentStreamA: text for people
  kMiscInfo = 15,
  kThreadNames = 24,
  kLinuxMaps = 0x47670009,  // Breakpad's: the text of /proc/PID/maps
};

struct DirectoryEntry {
  StreamType type{};
  Location stream;
};
static_assert(sizeof(DirectoryEntry) == 12);

struct MemoryRange {
  std::uint64_t address = 0;
  Location bytes;
};
static_assert(sizeof(MemoryRange) == 16);

// After their number, as in the lists of modules, memory and names.
struct Thread {
  std::uint32_t id = 0;
  std::uint32_t suspend_count = 0;
  std::uint32_t priority_class = 0;
  std::uint32_t priority = 0;
  std::uint64_t environment_block = 0;
  MemoryRange stack;
  Location context;
};
static_assert(sizeof(Thread) == 48);

struct ThreadName {
  std::uint32_t id = 0;
  std::uint64_t name = 0;  // the offset of a string
};
static_assert(sizeof(ThreadName) == 12);

struct Module {
  std::uint64_t base = 0;
  std::uint32_t size = 0;
  std::uint32_t checksum = 0;
  std::uint32_t time = 0;
  std::uint32_t name = 0;  // the offset of a string: its size in bytes, UTF-16, and a zero
  std::uint32_t version[13] = {};
  Location code_view;  // kBuildIdSignature, and the bytes of the build-id
  Location misc;
  std::uint64_t reserved[2] = {};
};
static_assert(sizeof(Module) == 108);

inline constexpr std::uint32_t kBuildIdSignature = 0x4270454c;  // Breakpad's "BpEL"

struct Exception {
  std::uint32_t thread = 0;
  std::uint32_t alignment = 0;
  std::uint32_t code = 0;   // on Linux: the number of the signal
  std::uint32_t flags = 0;  // on Linux: si_code
  std::uint64_t nested = 0;
  std::uint64_t address = 0;  // on Linux: that of the fault
  std::uint32_t parameters = 0;
  std::uint32_t unused = 0;
  std::uint64_t information[15] = {};
  Location context;
};
static_assert(sizeof(Exception) == 168);

inline constexpr std::uint16_t kAmd64 = 9;       // PROCESSOR_ARCHITECTURE_AMD64
inline constexpr std::uint32_t kLinux = 0x8201;  // Breakpad's

struct SystemInfo {
  std::uint16_t architecture = kAmd64;
  std::uint16_t level = 0;
  std::uint16_t revision = 0;
  std::uint8_t processors = 0;
  std::uint8_t product = 0;
  std::uint32_t major_version = 0;
  std::uint32_t minor_version = 0;
  std::uint32_t build = 0;
  std::uint32_t platform = kLinux;
  std::uint32_t version_text = 0;  // the offset of a string
  std::uint16_t suite = 0;
  std::uint16_t reserved = 0;
  std::uint64_t features[3] = {};
};
static_assert(sizeof(SystemInfo) == 56);

inline constexpr std::uint32_t kHasProcessId = 1;

struct MiscInfo {
  std::uint32_t size = 24;
  std::uint32_t flags = kHasProcessId;
  std::uint32_t pid = 0;
  std::uint32_t started = 0;
  std::uint32_t user_time = 0;
  std::uint32_t kernel_time = 0;
};
static_assert(sizeof(MiscInfo) == 24);

// Which parts of a Context are valid.
inline constexpr std::uint32_t kContextOfAmd64 = 0x100000;
inline constexpr std::uint32_t kHasControl = kContextOfAmd64 | 1;  // cs, ss, rip, rsp, eflags
inline constexpr std::uint32_t kHasIntegers = kContextOfAmd64 | 2;

struct Context {
  std::uint64_t homes[6] = {};
  std::uint32_t flags = 0;
  std::uint32_t mxcsr = 0;
  std::uint16_t cs = 0;
  std::uint16_t ds = 0;
  std::uint16_t es = 0;
  std::uint16_t fs = 0;
  std::uint16_t gs = 0;
  std::uint16_t ss = 0;
  std::uint32_t eflags = 0;
  std::uint64_t debug_registers[6] = {};
  std::uint64_t rax = 0;
  std::uint64_t rcx = 0;
  std::uint64_t rdx = 0;
  std::uint64_t rbx = 0;
  std::uint64_t rsp = 0;
  std::uint64_t rbp = 0;
  std::uint64_t rsi = 0;
  std::uint64_t rdi = 0;
  std::uint64_t r8_to_r15[8] = {};
  std::uint64_t rip = 0;
  std::uint64_t floating_point[64] = {};
  std::uint64_t vectors[52] = {};
  std::uint64_t vector_control = 0;
  std::uint64_t debug_control[5] = {};
};
static_assert(sizeof(Context) == 1232);
static_assert(offsetof(Context, eflags) == 0x44 && offsetof(Context, rax) == 0x78);
static_assert(offsetof(Context, rip) == 0xf8 && offsetof(Context, floating_point) == 0x100);

#pragma pack(pop)

}  // namespace pyfault::minidump
