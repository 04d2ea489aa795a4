// Prints the agent's layout tables as `minor free_threaded field value` lines, which
// layout_tables.py reads.
#include <cstdio>
#include <initializer_list>

#include "agent/cpython/versions.h"

namespace pyfault {
namespace {

class Printer {
 public:
  explicit Printer(const PythonLayout& layout) : layout_(layout) {}

  void operator()(const char* field, unsigned value) const {
    std::printf("%u %d %s %u\n", unsigned{layout_.minor}, int{layout_.free_threaded}, field, value);
  }

 private:
  const PythonLayout& layout_;
};

void print(const PythonLayout& layout) {
  const Printer field(layout);
  field("runtime.interpreters_head", layout.runtime.interpreters_head);
  field("runtime.finalizing", layout.runtime.finalizing);
  field("runtime.current_thread", layout.runtime.current_thread);
  field("runtime.gc_collecting", layout.runtime.gc_collecting);
  field("interpreter.next", layout.interpreter.next);
  field("interpreter.id", layout.interpreter.id);
  field("interpreter.threads_head", layout.interpreter.threads_head);
  field("interpreter.gc_collecting", layout.interpreter.gc_collecting);
  field("thread.previous", layout.thread.previous);
  field("thread.interpreter", layout.thread.interpreter);
  field("thread.next", layout.thread.next);
  field("thread.thread_id", layout.thread.thread_id);
  field("thread.native_thread_id", layout.thread.native_thread_id);
  field("thread.frame", layout.thread.frame);
  field("thread.cframe", layout.thread.cframe);
  field("thread.root_cframe", layout.thread.root_cframe);
  field("thread.cframe_frame", layout.thread.cframe_frame);
  field("thread.cframe_previous", layout.thread.cframe_previous);
  field("thread.active", layout.thread.active);
  field("thread.running_task", layout.thread.running_task);
  field("thread.data_chunk", layout.thread.data_chunk);
  field("thread.data_top", layout.thread.data_top);
  field("thread.recursion_limit", layout.thread.recursion_limit);
  field("thread.recursion_left", layout.thread.recursion_left);
  field("thread.call_depth", layout.thread.call_depth);
  field("frame.size", layout.frame.size);
  field("frame.previous", layout.frame.previous);
  field("frame.code", layout.frame.code);
  field("frame.position", layout.frame.position);
  field("frame.owner", layout.frame.owner);
  field("frame.is_entry", layout.frame.is_entry);
  field("frame.tlbc_index", layout.frame.tlbc_index);
  field("frame.locals", layout.frame.locals);
  field("frame.state", layout.frame.state);
  field("generator.frame", layout.generator.frame);
  field("generator.state", layout.generator.state);
  field("executing", layout.executing);
  field("code.size", layout.code.size);
  field("code.file_name", layout.code.file_name);
  field("code.name", layout.code.name);
  field("code.qualified_name", layout.code.qualified_name);
  field("code.first_line", layout.code.first_line);
  field("code.line_table", layout.code.line_table);
  field("code.instructions", layout.code.instructions);
  field("code.first_traceable", layout.code.first_traceable);
  field("code.tlbc", layout.code.tlbc);
  field("code.frame_words", layout.code.frame_words);
  field("code.local_words", layout.code.local_words);
  field("code.bytecode", layout.code.bytecode);
  field("object.type", layout.object.type);
  field("object.size", layout.object.size);
  field("object.type_flags", layout.object.type_flags);
  field("object.type_name", layout.object.type_name);
  field("object.type_base", layout.object.type_base);
  field("string.length", layout.string.length);
  field("string.hash", layout.string.hash);
  field("string.state", layout.string.state);
  field("string.ascii_data", layout.string.ascii_data);
  field("string.compact_data", layout.string.compact_data);
  field("string.any_data", layout.string.any_data);
  field("string.legacy_data", layout.string.legacy_data);
  field("string.legacy_length", layout.string.legacy_length);
  field("string.kind_mask", layout.string.kind_mask);
  field("string.kind_shift", layout.string.kind_shift);
  field("string.compact_mask", layout.string.compact_mask);
  field("string.ascii_mask", layout.string.ascii_mask);
  field("bytes_data", layout.bytes_data);
  field("attribute.type_basic_size", layout.attribute.type_basic_size);
  field("attribute.type_dict_offset", layout.attribute.type_dict_offset);
  field("attribute.type_cached_keys", layout.attribute.type_cached_keys);
  field("attribute.dict_keys", layout.attribute.dict_keys);
  field("attribute.dict_values", layout.attribute.dict_values);
  field("attribute.managed_dict", layout.attribute.managed_dict);
  field("attribute.first_value", layout.attribute.first_value);
}

void print_opcodes(const PythonLayout& layout) {
  if (layout.free_threaded || !layout.opcodes.known()) return;
  std::printf("%u %u", unsigned{layout.minor}, unsigned{layout.opcodes.extended_arg});
  for (unsigned code = 0; code < 256; ++code) {
    if (layout.opcodes.call_returns_object(static_cast<std::uint8_t>(code))) {
      std::printf(" %u", code);
    }
  }
  std::printf("\n");
}

}  // namespace
}  // namespace pyfault

// With an argument, prints `minor EXTENDED_ARG opcode...` lines instead, which object_opcodes.py
// reads.
int main(int argc, char**) {
  constexpr unsigned kFirstMinor = 8;
  constexpr unsigned kPastLastMinor = 32;
  for (unsigned minor = kFirstMinor; minor < kPastLastMinor; ++minor) {
    for (const bool free_threaded : {false, true}) {
      const pyfault::PythonVersion* version = pyfault::find_version(minor, free_threaded);
      if (version == nullptr) continue;
      if (argc > 1) {
        pyfault::print_opcodes(version->layout);
      } else {
        pyfault::print(version->layout);
      }
    }
  }
}
