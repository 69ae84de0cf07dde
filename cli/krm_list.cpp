// Entrances: read_resource_list(), written(). The text of what stays is copied; since nobody can be sure of indentation
// by looking at lines, the result is read again, and printed from the tree if it is not what was meant.
#include "cli/krm_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "yaml/text.h"
#include "yaml/writer.h"

namespace policyconv::cli {
namespace {

using yaml::Member;
using yaml::Node;
using yaml::Shape;

constexpr std::string_view items_key = "items", results_key = "results";

// --- the tree that is wanted -----------------------------------------------------------------------------------------

Node sequence(std::vector<Node> items) {
  Node node;
  node.shape = Shape::Sequence;
  node.items = std::move(items);
  return node;
}

Node wanted_items(const ResourceList& list, const ResourceChanges& changes) {
  std::vector<Node> items;
  for (std::size_t i = 0; i < list.items().size(); ++i) {
    const ItemFate& fate = changes.items[i];
    if (!fate.dropped) items.push_back(fate.changed ? *fate.changed : list.items()[i]);
  }
  items.insert(items.end(), changes.added.begin(), changes.added.end());
  return sequence(std::move(items));
}

Node wanted_root(const ResourceList& list, const ResourceChanges& changes) {
  Node root;
  root.shape = Shape::Mapping;
  for (const Member& member : list.root.members)
    if (member.key.scalar != items_key && member.key.scalar != results_key) root.members.push_back(member);
  root.members.push_back({text_node(items_key), wanted_items(list, changes)});
  if (!changes.results.empty()) root.members.push_back({text_node(results_key), sequence(changes.results)});
  return root;
}

// --- printed from the tree -------------------------------------------------------------------------------------------

/// A document of `object`, which has an apiVersion and a kind.
std::string printed(const Node& object) {
  yaml::Writer writer;
  writer.begin_document(scalar_at(object, {"apiVersion"}), scalar_at(object, {"kind"}));
  for (const auto& [key, value] : object.members)
    if (key.scalar != "apiVersion" && key.scalar != "kind") writer.pair(key.scalar, value);
  writer.end_document();
  return writer.take();
}

/// The member `results` of a list, with its key.
std::string printed_results(const ResourceChanges& changes) {
  if (changes.results.empty()) return {};
  const std::string document = printed(mapping_node(
      {{"apiVersion", text_node("v1")}, {"kind", text_node("List")}, {results_key, sequence(changes.results)}}));
  return document.substr(document.find(results_key));
}

// --- copied from the text --------------------------------------------------------------------------------------------

class Copier {
 public:
  Copier(std::string_view text, const ResourceList& list, const ResourceChanges& changes)
      : text_(text), list_(list), changes_(changes) {
    for (std::size_t at = 0; at != std::string_view::npos && at < text_.size();) {
      starts_.push_back(at);
      at = text_.find('\n', at);
      if (at != std::string_view::npos) ++at;
    }
  }

  /// nullopt if the parts do not stand in lines of their own.
  std::optional<std::string> copy() {
    std::string made;
    const std::vector<Member>& members = list_.root.members;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::optional<std::size_t> begin = line_of(members[i].key, "");
      const std::optional<std::size_t> end = i + 1 < members.size() ? line_of(members[i + 1].key, "") : text_.size();
      if (!begin || !end) return std::nullopt;
      if (i == 0) made.append(text_.substr(0, *begin));
      if (members[i].key.scalar == results_key) continue;
      if (members[i].key.scalar != items_key)
        made.append(text_.substr(*begin, *end - *begin));
      else if (!copy_items(*begin, *end, made))
        return std::nullopt;
      if (!made.ends_with('\n')) made += '\n';
    }
    return made + printed_results(changes_);
  }

 private:
  /// Where the line of a node begins, if nothing but `mark` and blanks stands before the node.
  [[nodiscard]] std::optional<std::size_t> line_of(const Node& node, std::string_view mark) const {
    const Loc loc = node.loc;
    if (loc.line == 0 || loc.line > starts_.size()) return std::nullopt;
    const std::size_t start = starts_[loc.line - 1];
    std::string_view before = text_.substr(start, loc.column - 1);
    const std::size_t first = before.find_first_not_of(' ');
    if (first == before.npos) return mark.empty() ? std::optional(start) : std::nullopt;
    before.remove_prefix(first);
    if (mark.empty() || !before.starts_with(mark)) return std::nullopt;
    return before.find_first_not_of(' ', mark.size()) == before.npos ? std::optional(start) : std::nullopt;
  }

  bool copy_items(std::size_t begin, std::size_t end, std::string& made) const {
    const std::vector<Node>& items = list_.items();
    std::vector<std::size_t> lines;
    for (const Node& item : items) {
      const std::optional<std::size_t> line = line_of(item, "-");
      if (!line || *line <= begin) return false;
      lines.push_back(*line);
    }
    lines.push_back(end);
    const std::size_t indentation = items.empty() ? 0 : text_.find('-', lines[0]) - lines[0];
    std::string list;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const ItemFate& fate = changes_.items[i];
      const std::string_view written = text_.substr(lines[i], lines[i + 1] - lines[i]);
      if (fate.changed) list += element(*fate.changed, indentation);
      list += fate.changed || fate.dropped ? comments_behind(written) : written;
      if (!list.empty() && !list.ends_with('\n')) list += '\n';
    }
    for (const Node& item : changes_.added) list += element(item, indentation);
    const bool was_empty = items.empty();
    if (list.empty())
      made.append(was_empty ? text_.substr(begin, end - begin) : "items: []\n");
    else
      made.append(was_empty ? "items:\n" : text_.substr(begin, lines[0] - begin)).append(list);
    return true;
  }

  /// The comments at the end of an item, which are about the next one.
  static std::string_view comments_behind(std::string_view item) {
    std::size_t start = item.size();
    while (start > 0) {
      const std::size_t before = start < 2 ? item.npos : item.rfind('\n', start - 2);
      const std::size_t line = before == item.npos ? 0 : before + 1;
      const std::size_t first = item.find_first_not_of(" \r\n", line);
      if (line == 0 || (first < start && item[first] != '#')) break;
      start = line;
    }
    return item.substr(start);
  }

  static std::string element(const Node& object, std::size_t indentation) {
    const std::string document = printed(object), margin(indentation, ' ');
    std::string lines;
    for (std::size_t at = 0; at < document.size();) {
      const std::size_t end = std::min(document.find('\n', at), document.size() - 1) + 1;
      lines += fmt::format("{}{}{}", margin, at == 0 ? "- " : "  ", std::string_view(document).substr(at, end - at));
      at = end;
    }
    return lines;
  }

  std::string_view text_;
  const ResourceList& list_;
  const ResourceChanges& changes_;
  std::vector<std::size_t> starts_;  // of lines
};

bool reads_as(const std::string& text, const Node& wanted) {
  Sources sources;
  Diagnostics diagnostics;
  const std::vector<Node> documents = yaml::read_documents(sources, sources.add("", text), diagnostics);
  return !diagnostics.has_errors() && documents.size() == 1 && same(documents.front(), wanted, false);
}

}  // namespace

const std::vector<Node>& ResourceList::items() const {
  static const std::vector<Node> none;
  const Node* items = root.find(items_key);
  return items == nullptr ? none : items->items;
}

std::optional<ResourceList> read_resource_list(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  std::vector<Node> documents = yaml::read_documents(sources, file, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  const auto refuse = [&](Loc where, std::string_view problem) {
    diagnostics.report<Kind::FunctionInput>(where, "standard input", problem);
    return std::nullopt;
  };
  if (documents.size() != 1)
    return refuse({file, 0, 0}, fmt::format("it holds {} documents, it must be one ResourceList", documents.size()));
  Node& root = documents.front();
  const std::string_view kind = scalar_at(root, {"kind"}), version = scalar_at(root, {"apiVersion"});
  if (kind != "ResourceList")
    return refuse(root.loc, fmt::format("its kind is `{}`, it must be ResourceList", yaml::excerpt(kind)));
  if (version != "config.kubernetes.io/v1")
    return refuse(root.loc,
                  fmt::format("its apiVersion is `{}`, it must be config.kubernetes.io/v1", yaml::excerpt(version)));
  const Node* items = root.find(items_key);
  if (items != nullptr && items->shape != Shape::Null && items->shape != Shape::Sequence)
    return refuse(items->loc, fmt::format("its items are {}, they must be a list", yaml::shape_name(items->shape)));
  return ResourceList{file, std::move(root)};
}

std::string written(const Sources& sources, const ResourceList& list, const ResourceChanges& changes) {
  const Node wanted = wanted_root(list, changes);
  std::optional<std::string> copied = Copier(sources.text(list.file), list, changes).copy();
  return copied && reads_as(*copied, wanted) ? *std::move(copied) : printed(wanted);
}

bool same(const Node& a, const Node& b, bool quotes) {
  const bool other_type = quotes && a.shape == Shape::Scalar && a.quoted != b.quoted;
  if (a.shape != b.shape || a.scalar != b.scalar || other_type) return false;
  if (a.items.size() != b.items.size() || a.members.size() != b.members.size()) return false;
  const auto alike = [quotes](const Node& x, const Node& y) { return same(x, y, quotes); };
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(), alike) &&
         std::all_of(a.members.begin(), a.members.end(), [&](const Member& member) {
           const Node* other = b.find(member.key.scalar);
           return other != nullptr && alike(member.value, *other);
         });
}

Node text_node(std::string_view text) {
  Node node;
  node.shape = Shape::Scalar;
  node.quoted = true;
  node.scalar = text;
  return node;
}

Node number_node(std::size_t number) {
  Node node = text_node(std::to_string(number));
  node.quoted = false;
  return node;
}

Node mapping_node(std::vector<std::pair<std::string_view, Node>> members) {
  Node node;
  node.shape = Shape::Mapping;
  for (auto& [key, value] : members) node.members.push_back({text_node(key), std::move(value)});
  return node;
}

std::string_view scalar_at(const Node& node, std::initializer_list<std::string_view> keys) {
  const Node* at = &node;
  for (const std::string_view key : keys)
    if (at != nullptr) at = at->find(key);
  return at != nullptr ? std::string_view(at->scalar) : std::string_view();
}

}  // namespace policyconv::cli
