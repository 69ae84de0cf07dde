#include "report/html_sources.h"

#include <algorithm>

namespace policyconv::report::html {
namespace {

std::size_t indentation(std::string_view line) {
  return std::min(line.find_first_not_of(" \t"), line.size());
}

bool is_empty(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  return first == std::string_view::npos || line[first] == '#';
}

bool begins_document(std::string_view line) {
  return line.starts_with("---") || line.starts_with("...");
}

/// Closes what a line of the same indentation opened: JSON.
bool closes(std::string_view line) {
  const std::string_view rest = line.substr(indentation(line));
  return rest.starts_with('}') || rest.starts_with(']');
}

/// From `first` on all lines that are indented by more than `outer`, and the one that closes them.
LineRange block(const std::vector<std::string_view>& lines, std::uint32_t first, std::size_t outer, std::uint32_t end) {
  LineRange range{first, first};
  for (std::uint32_t line = first + 1; line < end; ++line) {
    const std::string_view text = lines[line - 1];
    if (is_empty(text)) continue;
    if (begins_document(text)) break;
    if (indentation(text) <= outer) {
      if (indentation(text) == outer && closes(text)) range.last = line;
      break;
    }
    range.last = line;
  }
  return range;
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

PolicySources::PolicySources(const Report& report) {
  for (const auto& [name, text] : report.sources) lines_[name] = lines_of(text);
  for (const PolicyOutcome& policy : report.policies) beginnings_[policy.place.file].push_back(policy.place.line);
  for (auto& [file, all] : beginnings_) std::sort(all.begin(), all.end());
}

const std::vector<std::string_view>* PolicySources::lines(const PolicyOutcome& policy) const {
  const auto found = lines_.find(policy.place.file);
  return found == lines_.end() ? nullptr : &found->second;
}

LineRange PolicySources::range(const PolicyOutcome& policy) const {
  const auto* all = lines(policy);
  const std::uint32_t first = policy.place.line;
  if (all == nullptr || first == 0 || first > all->size()) return {};
  const auto& beginnings = beginnings_.at(policy.place.file);
  const auto next = std::upper_bound(beginnings.begin(), beginnings.end(), first);
  const auto end = next == beginnings.end() ? static_cast<std::uint32_t>(all->size()) + 1 : *next;
  const std::string_view line = (*all)[first - 1];
  const std::size_t column = policy.place.column == 0 ? 0 : policy.place.column - 1;
  if (column < line.size() && line[column] == '{') return block(*all, first, indentation(line), end);
  if (column > 0) return block(*all, first, column - 1, end);
  // Nothing is less indented than a policy at the margin.
  LineRange range{first, first};
  for (std::uint32_t at = first + 1; at < end && !begins_document((*all)[at - 1]); ++at)
    if (!is_empty((*all)[at - 1])) range.last = at;
  return range;
}

LineRange PolicySources::range(const PolicyOutcome& policy, const RuleOutcome& rule) const {
  const LineRange whole = range(policy);
  if (rule.line < whole.first || rule.line > whole.last) return {};
  const auto& all = *lines(policy);
  return block(all, rule.line, indentation(all[rule.line - 1]), whole.last + 1);
}

}  // namespace policyconv::report::html
