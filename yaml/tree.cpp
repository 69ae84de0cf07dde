// YAML text to trees, from the events of yaml/events.h. Entrance: each_document().
#include "yaml/tree.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "yaml/events.h"
#include "yaml/secrets.h"

namespace policyconv::yaml {

namespace {

/// libyaml's messages in words that tell what to look for; others pass unchanged.
std::string explain(std::string_view problem) {
  static const std::pair<std::string_view, std::string_view> texts[] = {
      {"did not find expected key",
       "this is not a `key: value` line of the mapping it stands in; check its indentation"},
      {"did not find expected '-' indicator",
       "this is not a `- ` item of the list it stands in; check its indentation"},
      {"did not find expected ',' or '}'", "a `,` or `}` is missing before this"},
      {"did not find expected ',' or ']'", "a `,` or `]` is missing before this"},
      {"did not find expected node content", "a value is missing before this"},
      {"block sequence entries are not allowed in this context", "a `- ` item cannot begin here; check its indentation"},
      {"mapping keys are not allowed in this context", "a key cannot stand here; check its indentation"},
      {"mapping values are not allowed in this context",
       "a `: ` cannot stand here; check the indentation, or put the text in quotes"},
      {"found character that cannot start any token", "this character cannot begin a value; put the text in quotes"},
      {"found unknown escape character", "this is no escape of double-quoted text; write a backslash as `\\\\`"},
      {"found invalid Unicode character escape code", "this escape stands for no character"},
      {"found a tab character that violates indentation", "a tab in the indentation; YAML is indented with spaces only"},
      {"found a tab character where an indentation space is expected",
       "a tab in the indentation; YAML is indented with spaces only"},
  };
  const auto* found =
      std::find_if(std::begin(texts), std::end(texts), [&](const auto& text) { return text.first == problem; });
  return std::string(found == std::end(texts) ? problem : found->second);
}

/// Thrown when a document cannot go on; the reason has been reported.
struct Stop {};

bool is_null(std::string_view plain) {
  return plain.empty() || plain == "~" || plain == "null" || plain == "Null" || plain == "NULL";
}

class Builder {
 public:
  /// Has one of `shares` of what aliases of the file may copy.
  Builder(std::string_view text, const Limits& limits, std::size_t shares, const std::function<void(Node&&)>& use,
          Diagnostics& diagnostics)
      : text_(text), limits_(limits), shares_(shares), use_(use), diagnostics_(diagnostics) {}

  /// Throws Stop.
  void take(const Event& event) {
    switch (event.kind) {
      case EventKind::DocumentStart:
        if (++documents_ > limits_.documents) stop<Kind::TooManyDocuments>(event.loc, limits_.documents);
        root_ = {};
        anchors_.clear();
        return;
      case EventKind::DocumentEnd:
        if (root_.shape != Shape::Null) use_(std::move(root_));
        return;
      case EventKind::Scalar:
        return scalar(event);
      case EventKind::SequenceStart:
        return open(Shape::Sequence, "seq", event);
      case EventKind::MappingStart: {
        const bool is_key = !open_.empty() && open_.back().node.shape == Shape::Mapping && !open_.back().has_key;
        if (is_key && event.offset > 0 && text_.substr(event.offset - 1, 2) == "{{")
          stop<Kind::Template>({event.loc.file, event.loc.line, event.loc.column - 1}, "the file");
        return open(Shape::Mapping, "map", event);
      }
      case EventKind::MappingEnd:
        drop_unusable_keys(open_.back().node);
        return close();
      case EventKind::SequenceEnd:
        return close();
      case EventKind::Alias:
        return alias(event);
      case EventKind::End:
      case EventKind::Error:
        return;
    }
  }

  [[nodiscard]] std::size_t documents() const { return documents_; }

 private:
  struct Size {
    std::size_t bytes = 0, height = 0;
  };
  struct Open {
    Node node;
    std::string anchor;
    std::size_t number;    // of the anchor
    bool has_key = false;  // of a mapping: the last member still waits for its value
  };
  struct Anchored {
    std::size_t number = 0;       // a name may be given anew
    std::optional<Node> node = {};  // nullopt: not at its end yet
    Size size = {};
  };

  template <Kind kind, typename... Args>
  [[noreturn]] void stop(Loc where, const Args&... args) {
    diagnostics_.report<kind>(where, args...);
    throw Stop();
  }

  /// Whether the tag says just what the node is anyway; reports any other.
  bool is_own_tag(std::string_view tag, std::string_view own, Loc where) {
    constexpr std::string_view standard = "tag:yaml.org,2002:";
    if (tag.empty() || tag == "!") return true;
    const bool short_form = tag.starts_with(standard);
    if (short_form) tag.remove_prefix(standard.size());
    if (short_form && tag == own) return true;
    diagnostics_.report<Kind::UnsupportedTag>(where, (short_form ? "!!" : "") + excerpt(tag));
    return false;
  }

  void scalar(const Event& event) {
    Node node;
    node.loc = event.loc;
    const bool is_text = is_own_tag(event.tag, "str", event.loc) && !event.tag.empty();
    if (event.plain && event.tag.empty() && is_null(event.value)) {
      node.shape = Shape::Null;
    } else {
      node.shape = Shape::Scalar;
      node.quoted = !event.plain || is_text;
      node.scalar = event.value;
    }
    if (!event.anchor.empty()) remember(std::string(event.anchor), ++anchor_number_, node);
    add(std::move(node));
  }

  void open(Shape shape, std::string_view own_tag, const Event& event) {
    if (open_.size() == limits_.depth) stop<Kind::TooDeep>(event.loc, limits_.depth);
    static_cast<void>(is_own_tag(event.tag, own_tag, event.loc));
    Node node;
    node.shape = shape;
    node.loc = event.loc;
    open_.push_back({std::move(node), std::string(event.anchor), 0});
    if (event.anchor.empty()) return;
    open_.back().number = ++anchor_number_;
    anchors_.insert_or_assign(open_.back().anchor, Anchored{anchor_number_});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    if (const auto own = anchors_.find(closed.anchor); own != anchors_.end() && own->second.number == closed.number)
      remember(closed.anchor, closed.number, closed.node);
    add(std::move(closed.node));
  }

  void remember(const std::string& name, std::size_t number, const Node& node) {
    const Size size = measure(node);
    spend(size, node.loc);
    anchors_.insert_or_assign(name, Anchored{number, node, size});
  }

  void alias(const Event& event) {
    const auto found = anchors_.find(std::string(event.anchor));
    if (found == anchors_.end()) stop<Kind::Syntax>(event.loc, "this alias names no anchor");
    if (!found->second.node) stop<Kind::AliasInsideItself>(event.loc);
    const Size& size = found->second.size;
    spend(size, event.loc);
    if (open_.size() + size.height > limits_.depth) stop<Kind::TooDeep>(event.loc, limits_.depth);
    Node copy = *found->second.node;
    copy.loc = event.loc;
    add(std::move(copy));
  }

  void add(Node&& child) {
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

  /// With nesting, copies could multiply without end.
  void spend(const Size& size, Loc where) {
    copied_ += size.bytes;
    if (copied_ > limits_.alias_megabytes * megabyte / shares_) stop<Kind::TooManyAliases>(where, limits_.alias_megabytes);
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
  const Limits& limits_;
  std::size_t shares_;
  const std::function<void(Node&&)>& use_;
  Diagnostics& diagnostics_;
  Node root_;
  std::vector<Open> open_;
  std::map<std::string, Anchored> anchors_;
  std::size_t anchor_number_ = 0, copied_ = 0, documents_ = 0;
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

void report_syntax(std::string_view text, const SyntaxError& error, Diagnostics& diagnostics) {
  const std::uint32_t file = error.loc.file;
  if (const std::size_t brace = text.find("{{"); brace != std::string_view::npos) {
    diagnostics.report<Kind::Template>(place_of(text, brace, file), "the file");  // the usual reason
  } else if (const std::size_t tab = indentation_tab(text, error.loc.line); tab != std::string_view::npos) {
    diagnostics.report<Kind::Syntax>(place_of(text, tab, file), explain("found a tab character that violates indentation"));
  } else if (error.problem == "did not find expected <document start>") {
    diagnostics.report<Kind::ContentAfterDocument>(error.loc);
  } else if (error.context == "while scanning a quoted scalar" && error.problem.starts_with("found unexpected")) {
    diagnostics.report<Kind::Syntax>(error.context_loc, "this quoted text is never closed");
  } else if (error.problem == "could not find expected ':'") {
    std::string_view key = text.substr(std::min(error.context_offset, text.size()));
    key = key.substr(0, key.find_first_of("\r\n"));
    const bool is_secret = is_among(secret_lines(text), error.context_loc.line);
    diagnostics.report<Kind::Syntax>(
        error.context_loc, is_secret ? explain(error.problem) : fmt::format("a `:` is missing after key `{}`", excerpt(key)));
  } else if (error.problem == "did not find expected node content" && error.context != "while parsing a flow node") {
    diagnostics.report<Kind::Syntax>(error.loc, "this bracket closes nothing");
  } else if (error.offset >= text.size() && error.context.starts_with("while parsing a flow")) {
    diagnostics.report<Kind::Syntax>(error.loc, "the text ends before a bracket is closed");
  } else {
    diagnostics.report<Kind::Syntax>(error.loc, explain(error.problem));
  }
}

/// Where the first document begins whose `---` is behind `at`; npos if there is none. In a quoted scalar or in brackets such a
/// line is an error, and it ends a block scalar.
std::size_t document_after(std::string_view text, std::size_t at) {
  for (at = text.find("\n---", at); at != std::string_view::npos; at = text.find("\n---", at + 1)) {
    const std::size_t behind = at + 4;
    if (behind == text.size() || std::string_view(" \t\r\n").find(text[behind]) != std::string_view::npos) return at + 1;
  }
  return std::string_view::npos;
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

Progress each_document(const Sources& sources, const Part& part, const std::function<void(Node&& document)>& use,
                       Diagnostics& diagnostics) {
  std::string_view text = sources.text(part.file);
  text = text.substr(part.first, part.last - part.first);
  if (part.first == 0 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!check_text(text, part.file, diagnostics)) return {0, false};

  Builder builder(text, sources.limits(), part.of, use, diagnostics);
  Events events(text, part.file, part.line);
  try {
    for (const Event* event = &events.next(); event->kind != EventKind::End; event = &events.next()) {
      if (event->kind == EventKind::Error) {
        report_syntax(text, events.error(), diagnostics);
        return {builder.documents(), false};
      }
      builder.take(*event);
    }
  } catch (const Stop&) {
    return {builder.documents(), false};
  }
  return {builder.documents(), true};
}

std::vector<Part> parts_of(const Sources& sources, std::uint32_t file, unsigned jobs) {
  constexpr std::size_t least_bytes = std::size_t(256) << 10U;  // so that a part takes far longer than a thread to begin
  constexpr std::size_t for_each_job = 8;                       // so that no job waits long for the last part
  const std::string_view text = sources.text(file);
  const std::size_t wanted = jobs <= 1 ? 1 : std::min(text.size() / least_bytes, for_each_job * jobs);
  std::vector<Part> parts = {Part(file)};
  for (std::size_t i = 1; i < wanted; ++i) {
    const std::size_t least = text.size() / wanted * i;
    if (least <= parts.back().first) continue;  // a long document reaches beyond
    const std::size_t start = document_after(text, least);
    if (start == std::string_view::npos) break;
    const auto lines = std::count(text.begin() + static_cast<std::ptrdiff_t>(parts.back().first),
                                  text.begin() + static_cast<std::ptrdiff_t>(start), '\n');
    Part next(file);
    next.first = parts.back().last = start;
    next.line = parts.back().line + static_cast<std::uint32_t>(lines);
    parts.push_back(next);
  }
  for (Part& part : parts) part.of = parts.size();
  return parts;
}

Trees read_trees(const Sources& sources, std::span<const std::uint32_t> files, unsigned jobs) {
  std::vector<std::vector<Tree>> read = read_in_parts(nullptr, sources, files, jobs, [&](const Part& part) {
    Tree tree;
    tree.progress = each_document(
        sources, part, [&](Node&& document) { tree.documents.push_back(std::move(document)); }, tree.diagnostics);
    return tree;
  });
  Trees trees;
  for (std::size_t i = 0; i < files.size(); ++i) {
    Tree& whole = read[i].front();
    for (std::size_t part = 1; part < read[i].size(); ++part) {
      std::vector<Node>& more = read[i][part].documents;
      whole.documents.insert(whole.documents.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
      whole.diagnostics.append(std::move(read[i][part].diagnostics));
    }
    trees.insert_or_assign(files[i], std::move(whole));
  }
  return trees;
}

Progress each_document(const Trees* known, const Sources& sources, const Part& part,
                       const std::function<void(const Node& document)>& use, Diagnostics& diagnostics) {
  const auto found = known == nullptr ? Trees::const_iterator() : known->find(part.file);
  if (known == nullptr || found == known->end())
    return each_document(
        sources, part, [&](Node&& document) { use(document); }, diagnostics);
  for (const Node& document : found->second.documents) use(document);
  diagnostics.append(Diagnostics(found->second.diagnostics));
  return found->second.progress;
}

std::vector<Node> read_documents(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  std::vector<Node> documents;
  each_document(
      sources, Part(file), [&](Node&& document) { documents.push_back(std::move(document)); }, diagnostics);
  return documents;
}

}  // namespace policyconv::yaml
