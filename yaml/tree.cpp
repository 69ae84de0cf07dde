// YAML text to trees, from yaml-cpp's events. Entrance: each_document(), the door where yaml-cpp's exceptions end.
// Wherever yaml-cpp and the Go reader behind kubectl could see different documents in one text, the text is refused.
#include "yaml/tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <tuple>
#include <utility>

#include "ir/parallel.h"

namespace policyconv::yaml {

namespace {

constexpr std::size_t max_depth = 100;
/// What anchors and aliases may copy, in bytes; with nesting they could otherwise multiply without end.
constexpr std::size_t max_copied = 10'000'000;

/// yaml-cpp's messages in words that tell what to look for; others pass unchanged.
std::string explain(std::string_view message) {
  static const std::pair<std::string_view, std::string_view> texts[] = {
      {YAML::ErrorMsg::END_OF_MAP,
       "this is not a `key: value` line of the mapping it stands in; check its indentation"},
      {YAML::ErrorMsg::END_OF_SEQ, "this is not a `- ` item of the list it stands in; check its indentation"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW, "a `,` or `}` is missing before this"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW, "a `,` or `]` is missing before this"},
      {YAML::ErrorMsg::FLOW_END, "this bracket closes nothing"},
      {YAML::ErrorMsg::TAB_IN_INDENTATION, "a tab in the indentation; YAML is indented with spaces only"},
      {YAML::ErrorMsg::BLOCK_ENTRY, "a `- ` item cannot begin here; check its indentation"},
      {YAML::ErrorMsg::MAP_KEY, "a key cannot stand here; check its indentation"},
      {YAML::ErrorMsg::MAP_VALUE, "a `: ` cannot stand here; check the indentation, or put the text in quotes"},
      {YAML::ErrorMsg::EOF_IN_SCALAR, "the quoted text after this is never closed"},
      {YAML::ErrorMsg::DOC_IN_SCALAR, "the quoted text after this is never closed"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "this character cannot begin a value; put the text in quotes"},
      {YAML::ErrorMsg::CHAR_IN_SCALAR, "this character cannot stand in unquoted text; put the text in quotes"},
  };
  const auto* found =
      std::find_if(std::begin(texts), std::end(texts), [&](const auto& text) { return text.first == message; });
  if (found != std::end(texts)) return std::string(found->second);
  if (message.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) return "this alias names no anchor";
  if (message.starts_with(YAML::ErrorMsg::INVALID_UNICODE)) return "this escape stands for no character";
  return std::string(message);
}

/// Thrown through yaml-cpp when a document cannot go on; the reason has been reported.
struct Stop {};

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view text, std::uint32_t file, const std::function<void(Node&&)>& use, Diagnostics& diagnostics)
      : text_(text), file_(file), use_(use), diagnostics_(diagnostics) {}

  /// Where the last node began.
  [[nodiscard]] Loc last() const { return last_; }
  [[nodiscard]] Loc place(const YAML::Mark& mark) const {
    return {file_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    const std::string_view rest = text_.substr(std::min(static_cast<std::size_t>(mark.pos), text_.size()));
    // yaml-cpp begins a new document wherever the old one cannot go on, e.g. after a `]`; kubectl refuses that.
    if (!first_ && !rest.empty() && !rest.starts_with("---") && !rest.starts_with("..."))
      stop<Kind::ContentAfterDocument>(place(mark));
    first_ = false;
    root_ = {};
    anchors_.clear();
  }
  void OnDocumentEnd() override {
    if (root_.shape != Shape::Null) use_(std::move(root_));
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node null = node(Shape::Null, mark);
    // yaml-cpp takes the last line of a block for a key even if it has no `:`; the null then stands where the key does.
    if (!open_.empty() && open_.back().block && open_.back().has_key) {
      const Node& key = open_.back().node.members.back().key;
      if (key.loc == null.loc)
        diagnostics_.report<Kind::Syntax>(key.loc, fmt::format("a `:` is missing after key `{}`", excerpt(key.scalar)));
    }
    add(std::move(null), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node scalar = node(Shape::Scalar, mark);
    scalar.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!scalar.quoted && tag != "?") refuse_tag(tag, scalar.loc);
    scalar.scalar = value;
    add(std::move(scalar), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(node(Shape::Sequence, mark), tag, "tag:yaml.org,2002:seq", anchor, style);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    const auto at = static_cast<std::size_t>(mark.pos);
    const bool is_key = !open_.empty() && open_.back().node.shape == Shape::Mapping && !open_.back().has_key;
    if (is_key && at > 0 && text_.substr(at - 1, 2) == "{{") stop<Kind::Template>(place(mark), "the file");
    open(node(Shape::Mapping, mark), tag, "tag:yaml.org,2002:map", anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    drop_unusable_keys(open_.back().node);
    close();
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop<Kind::AliasInsideItself>(place(mark));
    const auto& [original, size] = found->second;
    spend(size, place(mark));
    if (open_.size() + size.height > max_depth) stop<Kind::TooDeep>(place(mark), max_depth);
    Node copy = original;
    copy.loc = place(mark);
    add(std::move(copy), YAML::NullAnchor);
  }

 private:
  struct Size {
    std::size_t bytes = 0, height = 0;
  };
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    bool block;            // indented lines, not brackets
    bool has_key = false;  // of a mapping: the last member still waits for its value
  };

  [[nodiscard]] Node node(Shape shape, const YAML::Mark& mark) {
    Node made;
    made.shape = shape;
    made.loc = last_ = place(mark);
    return made;
  }

  template <Kind kind, typename... Args>
  [[noreturn]] void stop(Loc where, const Args&... args) {
    diagnostics_.report<kind>(where, args...);
    throw Stop();
  }

  void refuse_tag(std::string_view tag, Loc where) {
    constexpr std::string_view standard = "tag:yaml.org,2002:";
    const bool short_form = tag.starts_with(standard);
    if (short_form) tag.remove_prefix(standard.size());
    diagnostics_.report<Kind::UnsupportedTag>(where, (short_form ? "!!" : "") + excerpt(tag));
  }

  void open(Node&& container, const std::string& tag, std::string_view own_tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    if (open_.size() == max_depth) stop<Kind::TooDeep>(container.loc, max_depth);
    if (tag != "?" && tag != "!" && tag != own_tag) refuse_tag(tag, container.loc);
    open_.push_back({std::move(container), anchor, style == YAML::EmitterStyle::Block});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add(std::move(closed.node), closed.anchor);
  }

  void add(Node&& child, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      const Size size = measure(child);
      spend(size, child.loc);
      anchors_.insert_or_assign(anchor, std::pair(child, size));
    }
    if (open_.empty()) {
      root_ = std::move(child);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.shape == Shape::Sequence) {
      parent.node.items.push_back(std::move(child));
    } else if (parent.has_key) {
      parent.node.members.back().value = std::move(child);
      parent.has_key = false;
    } else {
      parent.node.members.push_back({std::move(child), Node()});
      parent.has_key = true;
    }
  }

  static Size measure(const Node& node) {
    Size size{sizeof(Node) + node.scalar.size(), 0};
    const auto include = [&size](const Node& child) {
      const Size inner = measure(child);
      size.bytes += inner.bytes;
      size.height = std::max(size.height, inner.height);
    };
    for (const Node& item : node.items) include(item);
    for (const auto& [key, value] : node.members) {
      include(key);
      include(value);
    }
    if (node.shape == Shape::Sequence || node.shape == Shape::Mapping) ++size.height;
    return size;
  }

  void spend(const Size& size, Loc where) {
    copied_ += size.bytes;
    if (copied_ > max_copied) stop<Kind::TooManyAliases>(where, max_copied / 1'000'000);
  }

  void drop_unusable_keys(Node& mapping) {
    keys_.clear();
    for (auto& [key, value] : mapping.members) {
      if (key.shape != Shape::Scalar) {
        diagnostics_.report<Kind::KeyNotText>(key.loc, shape_name(key.shape));
      } else if (key.scalar == "<<" && !key.quoted) {
        diagnostics_.report<Kind::MergeKey>(key.loc);
        key.shape = Shape::Null;
      } else {
        keys_.push_back(&key);
      }
    }
    std::sort(keys_.begin(), keys_.end(),
              [](const Node* a, const Node* b) { return std::tie(a->scalar, a->loc) < std::tie(b->scalar, b->loc); });
    for (std::size_t i = 1; i < keys_.size(); ++i) {
      if (keys_[i]->scalar != keys_[i - 1]->scalar) continue;
      diagnostics_.report<Kind::DuplicateKey>(keys_[i]->loc, excerpt(keys_[i]->scalar), keys_[i - 1]->loc.line);
      keys_[i]->shape = Shape::Null;
    }
    std::erase_if(mapping.members, [](const Member& member) { return member.key.shape != Shape::Scalar; });
  }

  std::string_view text_;
  std::uint32_t file_;
  const std::function<void(Node&&)>& use_;
  Diagnostics& diagnostics_;
  bool first_ = true;
  Loc last_{file_, 1, 1};
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::pair<Node, Size>> anchors_;
  std::size_t copied_ = 0;
  std::vector<Node*> keys_;  // scratch of drop_unusable_keys, kept for its memory
};

/// A tab in the indentation of `line`, as a byte offset; npos if there is none.
std::size_t indentation_tab(std::string_view text, std::uint32_t line) {
  std::size_t start = 0;
  for (std::uint32_t at = 1; at < line && start < text.size(); ++at)
    start = std::min(text.find('\n', start), text.size() - 1) + 1;
  const std::size_t tab = text.find_first_not_of(' ', start);
  return tab != std::string_view::npos && text[tab] == '\t' ? tab : std::string_view::npos;
}

/// A syntax error of yaml-cpp at `where`; `before` is the last place that was understood.
void report_syntax(std::string_view text, Loc where, Loc before, std::string_view message, Diagnostics& diagnostics) {
  if (const std::size_t brace = text.find("{{"); brace != std::string_view::npos) {
    diagnostics.report<Kind::Template>(place_of(text, brace, where.file), "the file");  // the usual reason
    return;
  }
  if (const std::size_t tab = indentation_tab(text, where.line); tab != std::string_view::npos) {
    message = YAML::ErrorMsg::TAB_IN_INDENTATION;
    where = place_of(text, tab, where.file);
  }
  const bool unclosed = message == YAML::ErrorMsg::DOC_IN_SCALAR || message == YAML::ErrorMsg::EOF_IN_SCALAR;
  diagnostics.report<Kind::Syntax>(unclosed ? before : where, explain(message));
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto at =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.key.scalar == key; });
  return at == members.end() ? nullptr : &at->value;
}

std::string_view shape_name(Shape shape) {
  switch (shape) {
    case Shape::Null:
      return "null";
    case Shape::Scalar:
      return "a scalar";
    case Shape::Sequence:
      return "a list";
    case Shape::Mapping:
      return "a mapping";
  }
  return {};
}

void each_document(const Sources& sources, std::uint32_t file, const std::function<void(Node&& document)>& use,
                   Diagnostics& diagnostics) {
  std::string_view text = sources.text(file);
  if (text.size() > std::numeric_limits<int>::max()) {  // yaml-cpp counts in int
    diagnostics.report<Kind::Syntax>({file, 0, 0}, "a file of 2 GiB or more cannot be read; split it");
    return;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!check_text(text, file, diagnostics)) return;

  Builder builder(text, file, use, diagnostics);
  // The document end makes yaml-cpp see that a quoted text is never closed; it would take the end of the file for that,
  // and so accept a file that was cut off.
  std::istringstream stream(fmt::format("{}{}...\n", text, text.ends_with('\n') ? "" : "\n"));
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
  } catch (const YAML::Exception& error) {
    report_syntax(text, builder.place(error.mark), builder.last(), error.msg, diagnostics);
  }
}

Trees read_trees(const Sources& sources, std::span<const std::uint32_t> files, unsigned jobs) {
  std::vector<Tree> read(files.size());
  in_parallel(files.size(), jobs,
              [&](std::size_t i) { read[i].documents = read_documents(sources, files[i], read[i].diagnostics); });
  Trees trees;
  for (std::size_t i = 0; i < files.size(); ++i) trees.insert_or_assign(files[i], std::move(read[i]));
  return trees;
}

void each_document(const Trees* known, const Sources& sources, std::uint32_t file,
                   const std::function<void(const Node& document)>& use, Diagnostics& diagnostics) {
  const auto found = known == nullptr ? Trees::const_iterator() : known->find(file);
  if (known == nullptr || found == known->end())
    return each_document(
        sources, file, [&](Node&& document) { use(document); }, diagnostics);
  for (const Node& document : found->second.documents) use(document);
  diagnostics.append(Diagnostics(found->second.diagnostics));
}

std::vector<Node> read_documents(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  std::vector<Node> documents;
  each_document(
      sources, file, [&](Node&& document) { documents.push_back(std::move(document)); }, diagnostics);
  return documents;
}

}  // namespace policyconv::yaml
