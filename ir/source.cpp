#include "ir/source.h"

#include <algorithm>

namespace policyconv {

std::uint32_t Sources::add(std::string name, std::string text) {
  files_.push_back({std::move(name), std::move(text)});
  return count();
}

const Sources::File* Sources::find(std::uint32_t file) const {
  if (file <= base()) return file == 0 ? nullptr : shared_->find(file);
  return file <= count() ? &files_[file - base() - 1] : nullptr;
}

std::string_view Sources::name(std::uint32_t file) const {
  const File* found = find(file);
  return found == nullptr ? std::string_view() : std::string_view(found->name);
}

std::string_view Sources::text(std::uint32_t file) const {
  const File* found = find(file);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

std::string_view Sources::line(std::uint32_t file, std::uint32_t line) const {
  std::string_view rest = text(file);
  for (std::uint32_t at = 1; at < line; ++at) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return line == 0 ? std::string_view() : rest;
}

std::string_view to_string(Direction direction) { return direction == Direction::Ingress ? "ingress" : "egress"; }
std::string_view to_string(Verdict verdict) { return verdict == Verdict::Allow ? "allow" : "deny"; }

std::string SourcePolicy::display() const { return kind + " " + (ns.empty() ? name : ns + "/" + name); }

std::string Catalog::display(RuleId id) const {
  if (id == RuleId::None) return {};
  const SourceRule& found = rule(id);
  return policy(found.policy).display() + " " + found.path;
}

}  // namespace policyconv
