// Entrance: Writer. YAML is written by yaml-cpp; strings that YAML would read as something else are quoted here.
#include "yaml/writer.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace policyconv::yaml {

/// A string that plain() has passed, or a number.
struct PlainScalar {
  std::string_view text;
};

}  // namespace policyconv::yaml

/// As yaml-cpp writes integers, but for the stream that it makes for each, of which a program's locale is asked half a dozen
/// times: given a string, it would judge by regular expressions once more what plain() has judged. Together these were more
/// than half of the time of a run (docs/performance.md).
template <>
YAML::Emitter& YAML::Emitter::WriteIntegralType(policyconv::yaml::PlainScalar scalar) {
  if (!good()) return *this;
  PrepareNode(EmitterNodeType::Scalar);
  m_stream.write(scalar.text.data(), scalar.text.size());
  StartedScalar();
  return *this;
}

namespace policyconv::yaml {
namespace {

// Would YAML read this as the same string without quotes? Says no more often than it must.
bool plain(std::string_view text) {
  constexpr std::array<std::string_view, 10> words{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"};
  constexpr std::string_view punctuation = "-_./,=() ";
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto harmless = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || punctuation.find(c) != std::string_view::npos;
  };
  std::string lowered(text);
  for (char& c : lowered) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return !text.empty() && letter(text.front()) && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), harmless) &&
         std::find(words.begin(), words.end(), lowered) == words.end();
}

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (c < ' ' || c > '~') c = '?';
  return line;
}

/// The lines that end in a growing text; counts on from the last call, so that all calls together read it once.
class LineCount {
 public:
  std::uint32_t in(std::string_view text) {
    const std::string_view added = text.substr(seen_);
    lines_ += static_cast<std::uint32_t>(std::count(added.begin(), added.end(), '\n'));
    seen_ = text.size();
    return lines_;
  }

 private:
  std::size_t seen_ = 0;
  std::uint32_t lines_ = 0;
};

}  // namespace

// An emitter for each object: one for all of them would put its `---` behind remarks.
struct Writer::Emitter {
  std::string text;  // the objects before
  std::optional<YAML::Emitter> object;
  bool between = true;
  LineCount lines_before, lines;  // of `text` and of `object`

  void separate() {
    if (std::exchange(between, false) && !text.empty()) text += "---\n";
  }
};

Writer::Writer() : emitter_(std::make_unique<Emitter>()) {}
Writer::~Writer() = default;

void Writer::remark(std::string_view line) {
  emitter_->separate();
  emitter_->text += line.empty() ? "#\n" : "# " + one_line(line) + "\n";
}
void Writer::begin_document(std::string_view api_version, std::string_view kind) {
  emitter_->separate();
  emitter_->object.emplace().SetIndent(2);
  emitter_->lines = {};
  begin_map();
  pair("apiVersion", api_version);
  pair("kind", kind);
}
void Writer::end_document() {
  end_map();
  emitter_->text.append(emitter_->object->c_str(), emitter_->object->size()).append("\n");
  emitter_->object.reset();
  emitter_->between = true;
}

void Writer::key(std::string_view name) {
  YAML::Emitter& out = *emitter_->object;
  out << YAML::Key;
  value(name);
  out << YAML::Value;
}
void Writer::value(std::string_view text) {
  if (plain(text))
    emitter_->object->WriteIntegralType(PlainScalar{text});
  else
    *emitter_->object << YAML::DoubleQuoted << std::string(text);
}
void Writer::value(int number) {
  emitter_->object->WriteIntegralType(PlainScalar{fmt::format_int(number).c_str()});
}

void Writer::value(const Node& node) {
  switch (node.shape) {
    case Shape::Null:
      *emitter_->object << YAML::Null;
      break;
    case Shape::Scalar:
      // Unquoted there, so a number or a boolean, or a string that YAML takes for one.
      if (node.quoted)
        value(node.scalar);
      else
        *emitter_->object << node.scalar;
      break;
    case Shape::Sequence:
      begin_list();
      for (const Node& item : node.items) value(item);
      end_list();
      break;
    case Shape::Mapping:
      if (node.members.empty()) return empty_map();
      begin_map();
      for (const Member& member : node.members) {
        key(member.key.scalar);
        value(member.value);
      }
      end_map();
      break;
  }
}

void Writer::begin_map() {
  *emitter_->object << YAML::BeginMap;
}
void Writer::end_map() {
  *emitter_->object << YAML::EndMap;
}
void Writer::begin_list() {
  *emitter_->object << YAML::BeginSeq;
}
void Writer::end_list() {
  *emitter_->object << YAML::EndSeq;
}
void Writer::empty_map() {
  *emitter_->object << YAML::Flow << YAML::BeginMap << YAML::EndMap << YAML::Block;
}

void Writer::block(std::string_view name, std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  key(name);
  begin_map();
  for (const auto& [entry, text] : pairs) pair(entry, text);
  end_map();
}

void Writer::json(std::string_view name, const std::string& text) {
  key(name);
  *emitter_->object << YAML::SingleQuoted << text;
}

void Writer::literal(std::string_view name, const std::string& text) {
  key(name);
  *emitter_->object << YAML::Literal << text.substr(0, text.find_last_not_of('\n') + 1);
}

void Writer::comment(std::string_view text) {
  *emitter_->object << YAML::Comment(one_line(text));
}

std::uint32_t Writer::line() {
  Emitter& all = *emitter_;
  return all.lines_before.in(all.text) + all.lines.in({all.object->c_str(), all.object->size()}) + 1;
}

std::string Writer::take() {
  return std::exchange(emitter_->text, {});
}

}  // namespace policyconv::yaml
