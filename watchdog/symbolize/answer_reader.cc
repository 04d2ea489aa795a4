#include "watchdog/symbolize/answer_reader.h"

#include <sys/ucontext.h>

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <climits>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "watchdog/crash/byte_reader.h"
#include "watchdog/crash/utf8.h"
#include "watchdog/symbolizer/protocol.h"

namespace pyfault {
namespace {

// What is translated may take that much memory: a short answer can name a long text many times.
constexpr std::size_t kMaxTranslated = std::size_t{32} << 20;

std::string text_of(std::span<const std::byte> bytes) {
  const std::string_view padded(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return replace_invalid_utf8(padded.substr(0, padded.find('\0')));
}

std::string hex_of(std::span<const std::byte> bytes) {
  const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
  std::string digits;
  boost::algorithm::hex_lower(begin, begin + bytes.size(), std::back_inserter(digits));
  return digits;
}

// What the child has said, in its own terms. Numbers are within their ranges.
struct Said {
  struct Stack {
    std::vector<AnswerFrame> frames;
    bool has_end = false;
    bool is_complete = false;
    std::string reason;
  };
  struct CodeModule {
    std::uint64_t bias = 0;
    std::string build_id;
  };

  std::vector<Stack> stacks;
  std::map<std::uint32_t, CodeModule> modules;  // by number of the mapping
  std::vector<std::string> texts;
  std::map<std::uint64_t, std::vector<AnswerFunction>> functions;  // by address
  std::string refusal;
};

class ItemReader {
 public:
  ItemReader(Said& said, std::size_t mappings) : said_(said), mappings_(mappings) {}

  Answer::State read(ByteReader items) {
    for (;;) {
      const auto head = items.read<ItemHead>();
      if (head && head->size > kMaxAnswer) return Answer::State::kDamaged;
      const auto body = head ? items.take(head->size) : std::nullopt;
      if (!body) return Answer::State::kUnfinished;
      if (head->kind == ItemKind::kEnd) return Answer::State::kFinished;
      if (!accept(head->kind, ByteReader(*body))) return Answer::State::kDamaged;
      if (head->kind == ItemKind::kRefusal) return Answer::State::kRefused;
    }
  }

 private:
  bool accept(ItemKind kind, ByteReader body) {
    switch (kind) {
      case ItemKind::kFrames:
        return accept_frames(body);
      case ItemKind::kStackEnd:
        return accept_stack_end(body);
      case ItemKind::kModule:
        return accept_module(body);
      case ItemKind::kText:
        return accept_text(body);
      case ItemKind::kFunctions:
        return accept_functions(body);
      case ItemKind::kRefusal:
        said_.refusal = rest_of(body);
        return true;
      case ItemKind::kEnd:
        break;
    }
    return false;
  }

  Said::Stack* open_stack(std::uint32_t number) {
    if (number >= said_.stacks.size() || said_.stacks[number].has_end) return nullptr;
    return &said_.stacks[number];
  }

  bool accept_frames(ByteReader& body) {
    const auto head = body.read<AnswerFrames>();
    Said::Stack* stack = head ? open_stack(head->stack) : nullptr;
    if (stack == nullptr) return false;
    for (std::uint32_t index = 0; index < head->count; ++index) {
      const auto frame = body.read<AnswerFrame>();
      if (!frame || frame->trust > static_cast<std::uint8_t>(Trust::kScan)) return false;
      if (stack->frames.size() == kMaxFrames) return false;
      stack->frames.push_back(*frame);
    }
    return true;
  }

  bool accept_stack_end(ByteReader& body) {
    const auto head = body.read<AnswerStackEnd>();
    Said::Stack* stack = head ? open_stack(head->stack) : nullptr;
    if (stack == nullptr) return false;
    stack->has_end = true;
    stack->is_complete = head->is_complete == 1;
    if (!stack->is_complete) stack->reason = rest_of(body);
    return true;
  }

  bool accept_module(ByteReader& body) {
    const auto head = body.read<AnswerModule>();
    if (!head || head->mapping >= mappings_ || head->build_id_size > kMaxBuildId) return false;
    const auto build_id = body.take(head->build_id_size);
    if (!build_id) return false;
    said_.modules.insert_or_assign(head->mapping, Said::CodeModule{head->bias, hex_of(*build_id)});
    return true;
  }

  bool accept_text(ByteReader& body) {
    if (body.remaining() > kMaxText) return false;
    said_.texts.push_back(rest_of(body));
    return true;
  }

  bool accept_functions(ByteReader& body) {
    const auto head = body.read<AnswerFunctions>();
    if (!head || head->count == 0 || head->count > kMaxFunctions) return false;
    std::vector<AnswerFunction> functions;
    for (std::uint32_t index = 0; index < head->count; ++index) {
      const auto function = body.read<AnswerFunction>();
      if (!function || !is_text(function->name) || !is_text(function->file)) return false;
      functions.push_back(*function);
    }
    said_.functions.insert_or_assign(head->address, std::move(functions));
    return true;
  }

  bool is_text(std::uint32_t number) const {
    return number == kNoText || number < said_.texts.size();
  }

  static std::string rest_of(ByteReader& body) { return text_of(*body.take(body.remaining())); }

  Said& said_;
  std::size_t mappings_;
};

// Translates what was said.
class Translator {
 public:
  Translator(const Said& said, const SymbolizeRequest& request,
             const std::vector<const Mapping*>& mappings)
      : said_(said), request_(request), mappings_(mappings) {}

  Symbols translate() {
    Symbols symbols;
    for (std::size_t index = 0; index < said_.stacks.size(); ++index) {
      symbols.stacks.push_back(translate(said_.stacks[index], *request_.stacks[index].captured));
    }
    for (const std::uint32_t mapping : used_) add_module(mapping, symbols.modules);
    symbols.trouble = said_.refusal;
    return symbols;
  }

 private:
  static std::uint64_t code_of(const AnswerFrame& frame) {
    return frame.address - ((frame.flags & kReturnAddress) != 0 ? 1 : 0);
  }

  UnwoundStack translate(const Said::Stack& stack, const CapturedStack& captured) {
    UnwoundStack result{{}, stack.is_complete, stack.reason};
    std::vector<AnswerFrame> frames = stack.frames;
    if (frames.empty()) {
      frames.push_back({captured.registers[REG_RIP],
                        captured.registers[REG_RSP],
                        kUnknownOffset,
                        static_cast<std::uint8_t>(Trust::kContext),
                        0,
                        {}});
      result.complete = false;
    }
    for (std::size_t index = 0; index < frames.size(); ++index) {
      const AnswerFrame* caller = index + 1 < frames.size() ? &frames[index + 1] : nullptr;
      result.frames.push_back(translate(frames[index], caller));
    }
    return result;
  }

  UnwoundFrame translate(const AnswerFrame& frame, const AnswerFrame* caller) {
    UnwoundFrame result;
    result.stack_pointer = frame.stack_pointer;
    const bool is_next_caller = caller != nullptr && (caller->flags & kAfterGap) == 0 &&
                                caller->trust != static_cast<std::uint8_t>(Trust::kScan);
    if (is_next_caller && caller->stack_pointer > frame.stack_pointer) {
      result.cfa = caller->stack_pointer;
    }
    result.after_gap = (frame.flags & kAfterGap) != 0;
    if (frame.code_offset < kUnknownOffset && frame.code_offset <= frame.address) {
      result.code_begin = frame.address - frame.code_offset;
    }
    const NativeFrame place = place_of(frame);
    const auto functions = said_.functions.find(code_of(frame));
    if (functions != said_.functions.end()) {
      for (const AnswerFunction& function : functions->second) {
        const bool is_inlined = &function != &functions->second.back();
        if (is_inlined && !spend(sizeof(NativeFrame))) continue;
        result.functions.push_back(name(place, function));
        if (function.offset < kUnknownOffset) {
          const std::uint64_t into_code = frame.address - code_of(frame);
          result.functions.back().function_offset = function.offset + into_code;
        }
        result.functions.back().inlined = is_inlined;
      }
    }
    if (result.functions.empty()) result.functions.push_back(place);
    return result;
  }

  NativeFrame place_of(const AnswerFrame& frame) {
    NativeFrame place;
    place.address = frame.address;
    place.trust = static_cast<Trust>(frame.trust);
    place.signal_frame = (frame.flags & kSignalFrame) != 0;
    const auto number = find_mapping(code_of(frame));
    if (!number || !is_of_module(*mappings_[*number])) return place;
    used_.insert(*number);
    const Mapping& mapping = *mappings_[*number];
    place.module = afford(replace_invalid_utf8(mapping.path));
    place.offset = frame.address - mapping.start + mapping.offset;
    if (const auto module = said_.modules.find(*number); module != said_.modules.end()) {
      place.offset = frame.address - module->second.bias;
      place.build_id = afford(module->second.build_id);
    }
    return place;
  }

  NativeFrame name(NativeFrame place, const AnswerFunction& function) {
    if (function.name != kNoText) place.function = afford(said_.texts[function.name]);
    if (function.file != kNoText) place.file = afford(said_.texts[function.file]);
    if (function.line > 0 && function.line <= INT_MAX) {
      place.line = static_cast<int>(function.line);
    }
    place.module = afford(std::move(place.module));
    place.build_id = afford(std::move(place.build_id));
    return place;
  }

  bool spend(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

  // Returns the text, or none if the result is large enough already.
  std::string afford(std::string text) { return spend(text.size()) ? std::move(text) : ""; }

  std::optional<std::uint32_t> find_mapping(std::uint64_t address) const {
    const auto after = std::ranges::upper_bound(
        mappings_, address, {}, [](const Mapping* mapping) { return mapping->start; });
    if (after == mappings_.begin() || address >= (*std::prev(after))->end) return std::nullopt;
    return static_cast<std::uint32_t>(std::prev(after) - mappings_.begin());
  }

  static bool is_of_module(const Mapping& mapping) {
    return mapping.inode != 0 || mapping.path == "[vdso]";
  }

  // A module is all that lies next to each other of its file.
  void add_module(std::uint32_t number, std::vector<Module>& modules) const {
    const std::vector<Mapping>& all = request_.map.mappings();
    const auto is_same_file = [&](const Mapping& each) {
      return each.inode == mappings_[number]->inode && each.device == mappings_[number]->device &&
             each.path == mappings_[number]->path;
    };
    auto first = all.begin() + (mappings_[number] - all.data());
    auto last = first;
    while (first != all.begin() && is_same_file(*std::prev(first))) --first;
    while (std::next(last) != all.end() && is_same_file(*std::next(last))) ++last;
    if (!modules.empty() && modules.back().start == first->start) return;
    const auto said = said_.modules.find(number);
    modules.push_back({replace_invalid_utf8(first->path),
                       said != said_.modules.end() ? said->second.build_id : "", first->start,
                       last->end, first->deleted});
  }

  const Said& said_;
  const SymbolizeRequest& request_;
  const std::vector<const Mapping*>& mappings_;
  std::set<std::uint32_t> used_;  // mappings that frames lie in
  std::size_t left_ = kMaxTranslated;
};

}  // namespace

Answer read_answer(std::span<const std::byte> bytes, const SymbolizeRequest& request,
                   const std::vector<const Mapping*>& mappings) {
  Said said;
  said.stacks.resize(request.stacks.size());
  Answer answer;
  answer.state = ItemReader(said, mappings.size())
                     .read(ByteReader(bytes.first(std::min(bytes.size(), kMaxAnswer))));
  answer.symbols = Translator(said, request, mappings).translate();
  return answer;
}

}  // namespace pyfault
