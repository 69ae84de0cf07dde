// YAML text as a stream of events with places, read by libyaml. kubectl reads YAML with a translation of libyaml to Go, so
// that both see the same documents in one text. Entrance: Events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "ir/source.h"

namespace policyconv::yaml {

enum class EventKind : std::uint8_t {
  End,  // of the stream
  DocumentStart,
  DocumentEnd,
  Scalar,
  SequenceStart,
  SequenceEnd,
  MappingStart,
  MappingEnd,
  Alias,
  Error,  // of syntax, see Events::error()
};

struct Event {
  EventKind kind = EventKind::End;
  Loc loc;
  std::size_t offset = 0;              // where it begins, in bytes
  std::string_view value;              // of a scalar; valid until the next call
  std::string_view anchor, tag;        // empty: none; an Alias has the name in `anchor`
  bool plain = false;                  // of a scalar: neither in quotes nor a block
};

struct SyntaxError {
  std::string_view problem, context;   // libyaml's words; context may be empty
  Loc loc, context_loc;
  std::size_t offset = 0, context_offset = 0;
};

class Events {
 public:
  /// `text` is UTF-8 without a byte order mark and outlives the object; it begins with line `line` of the file.
  Events(std::string_view text, std::uint32_t file, std::uint32_t line = 1);
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  /// After End and Error the same again. Throws std::bad_alloc.
  [[nodiscard]] const Event& next();
  /// After an Error.
  [[nodiscard]] const SyntaxError& error() const { return error_; }

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  Event event_;
  SyntaxError error_;
};

}  // namespace policyconv::yaml
