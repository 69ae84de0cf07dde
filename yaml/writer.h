// Objects as YAML text, quoted so that every reader takes strings for strings. Used by what prints objects.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "yaml/tree.h"

namespace policyconv::yaml {

class Writer {
 public:
  Writer();
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Comment lines above the next object. What could end a comment, in any reader's view, is replaced here and in
  /// comment(): names come from input.
  void remark(std::string_view line);
  void begin_document(std::string_view api_version, std::string_view kind);
  void end_document();

  void key(std::string_view name);
  void value(std::string_view text);
  void value(int number);
  void value(const Node& node);
  template <typename Value>
  void pair(std::string_view name, const Value& content) {
    key(name);
    value(content);
  }
  void begin_map();
  void end_map();
  void begin_list();
  void end_list();
  void empty_map();

  /// A block of strings: labels, annotations, matchLabels.
  void block(std::string_view name, std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);
  /// JSON, which would be hard to read with every quote of it escaped.
  void json(std::string_view name, const std::string& text);
  /// Text of several lines as it stands, such as what take() returns: printable, and not beginning with a blank.
  void literal(std::string_view name, const std::string& text);
  /// A comment behind the line just written.
  void comment(std::string_view text);

  /// The number of the line just written, from 1, in what take() will return. Only inside a document.
  [[nodiscard]] std::uint32_t line();

  /// All of it; nothing is left.
  [[nodiscard]] std::string take();

 private:
  struct Emitter;
  std::unique_ptr<Emitter> emitter_;
};

}  // namespace policyconv::yaml
