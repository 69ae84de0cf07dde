#include "yaml/events.h"

#include <yaml.h>

#include <algorithm>
#include <new>

namespace policyconv::yaml {

namespace {

/// libyaml counts characters, this program bytes. Places are asked for in almost the order of the text.
class Bytes {
 public:
  explicit Bytes(std::string_view text)
      : text_(text), is_ascii_(std::none_of(text.begin(), text.end(), [](char c) { return is_high(c); })) {}

  [[nodiscard]] std::size_t offset(const yaml_mark_t& mark) {
    if (is_ascii_) return mark.index;
    for (; character_ < mark.index && byte_ < text_.size(); ++character_)
      do ++byte_;
      while (byte_ < text_.size() && continues(text_[byte_]));
    for (; character_ > mark.index && byte_ > 0; --character_)
      do --byte_;
      while (byte_ > 0 && continues(text_[byte_]));
    return byte_;
  }

  [[nodiscard]] std::uint32_t column(const yaml_mark_t& mark) {
    if (is_ascii_) return static_cast<std::uint32_t>(mark.column + 1);
    if (mark.line != line_ || !knows_line_) {  // else one long line would be walked back and forth for each place
      yaml_mark_t start = mark;
      start.index -= mark.column;
      line_start_ = offset(start);
      line_ = mark.line;
      knows_line_ = true;
    }
    return static_cast<std::uint32_t>(offset(mark) - line_start_ + 1);
  }

 private:
  static bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }
  static bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

  std::string_view text_;
  bool is_ascii_;
  std::size_t character_ = 0, byte_ = 0;  // one place in both counts
  std::size_t line_ = 0, line_start_ = 0;  // the last line that was asked for, and its first byte
  bool knows_line_ = false;
};

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}
std::string_view view(const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); }

}  // namespace

struct Events::Parser {
  Parser(std::string_view text, std::uint32_t number, std::uint32_t first) : bytes(text), file(number), first_line(first) {
    if (yaml_parser_initialize(&parser) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Parser() {
    yaml_event_delete(&event);
    yaml_parser_delete(&parser);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  [[nodiscard]] Loc loc(const yaml_mark_t& mark) {
    return {file, static_cast<std::uint32_t>(mark.line) + first_line, bytes.column(mark)};
  }

  yaml_parser_t parser{};
  yaml_event_t event{};
  Bytes bytes;
  std::uint32_t file, first_line;
};

Events::Events(std::string_view text, std::uint32_t file, std::uint32_t line)
    : parser_(std::make_unique<Parser>(text, file, line)) {}
Events::~Events() = default;

const Event& Events::next() {
  yaml_event_t& raw = parser_->event;
  do {
    if (event_.kind == EventKind::Error) return event_;
    yaml_event_delete(&raw);
    if (yaml_parser_parse(&parser_->parser, &raw) == 0) {
      const yaml_parser_t& parser = parser_->parser;
      if (parser.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
      error_ = {view(parser.problem), view(parser.context), parser_->loc(parser.problem_mark),
                parser_->loc(parser.context_mark), parser_->bytes.offset(parser.problem_mark),
                parser_->bytes.offset(parser.context_mark)};
      event_ = {};
      event_.kind = EventKind::Error;
      event_.loc = error_.loc;
      return event_;
    }
  } while (raw.type == YAML_STREAM_START_EVENT);

  event_ = {};
  event_.loc = parser_->loc(raw.start_mark);
  event_.offset = parser_->bytes.offset(raw.start_mark);
  switch (raw.type) {
    case YAML_DOCUMENT_START_EVENT:
      event_.kind = EventKind::DocumentStart;
      break;
    case YAML_DOCUMENT_END_EVENT:
      event_.kind = EventKind::DocumentEnd;
      break;
    case YAML_ALIAS_EVENT:
      event_.kind = EventKind::Alias;
      event_.anchor = view(raw.data.alias.anchor);
      break;
    case YAML_SCALAR_EVENT: {
      const auto& scalar = raw.data.scalar;
      event_.kind = EventKind::Scalar;
      event_.anchor = view(scalar.anchor);
      event_.tag = view(scalar.tag);
      event_.value = {reinterpret_cast<const char*>(scalar.value), scalar.length};
      event_.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
      break;
    }
    case YAML_SEQUENCE_START_EVENT:
      event_.kind = EventKind::SequenceStart;
      event_.anchor = view(raw.data.sequence_start.anchor);
      event_.tag = view(raw.data.sequence_start.tag);
      break;
    case YAML_SEQUENCE_END_EVENT:
      event_.kind = EventKind::SequenceEnd;
      break;
    case YAML_MAPPING_START_EVENT:
      event_.kind = EventKind::MappingStart;
      event_.anchor = view(raw.data.mapping_start.anchor);
      event_.tag = view(raw.data.mapping_start.tag);
      break;
    case YAML_MAPPING_END_EVENT:
      event_.kind = EventKind::MappingEnd;
      break;
    default:
      break;
  }
  return event_;
}

}  // namespace policyconv::yaml
