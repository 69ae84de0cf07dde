// OVN match expressions against packets. Entrance: OvnMatch::parse(), then matches().
#include "verify/ovn_match.h"

#include <algorithm>
#include <utility>

#include "verify/ovn_expression.h"

namespace policyconv::verify {
namespace {

void collect_named(const MatchNode& node, std::vector<const Comparison*>& named) {
  if (const auto* comparison = std::get_if<Comparison>(&node.form)) {
    if (!comparison->names.empty()) named.push_back(comparison);
  } else if (const auto* junction = std::get_if<Junction>(&node.form)) {
    for (const MatchNode& part : junction->parts) collect_named(part, named);
  }
}

Address address_of(Bits bits, unsigned width) {
  if (width == 32) return {Family::V4, static_cast<std::uint64_t>(bits) << 32, 0};
  return {Family::V6, static_cast<std::uint64_t>(bits >> 64), static_cast<std::uint64_t>(bits)};
}

bool lacks_name(const Comparison& c, const MatchNames& names) {
  return std::any_of(c.names.begin(), c.names.end(), [&](const std::string& name) {
    const bool is_port_group = c.field->text != nullptr;
    return is_port_group ? !names.port_group(name, {}) : !names.address_set(name, address_of(0, c.field->width));
  });
}

/// String fields admit nothing but equality (Level::Nominal).
bool holds(const Comparison& c, const std::string& port, const MatchNames& names) {
  return std::find(c.texts.begin(), c.texts.end(), port) != c.texts.end() ||
         std::any_of(c.names.begin(), c.names.end(),
                     [&](const std::string& name) { return names.port_group(name, port).value_or(false); });
}

bool holds(const Comparison& c, Bits value, const MatchNames& names) {
  const auto reduced = [&](const Constant& constant) { return constant.value & c.ones; };
  const auto equal = [&] {
    return std::any_of(c.constants.begin(), c.constants.end(),
                       [&](const Constant& each) { return (value & each.mask) == reduced(each); }) ||
           std::any_of(c.names.begin(), c.names.end(), [&](const std::string& name) {
             return names.address_set(name, address_of(value, c.field->width)).value_or(false);
           });
  };
  switch (c.relation) {
    case Relation::Equal:
      return equal();
    case Relation::NotEqual:
      return !equal();
    case Relation::Less:
      return value < reduced(c.constants.front());
    case Relation::LessOrEqual:
      return value <= reduced(c.constants.front());
    case Relation::Greater:
      return value > reduced(c.constants.front());
    case Relation::GreaterOrEqual:
      break;
  }
  return value >= reduced(c.constants.front());
}

bool holds(const MatchNode& node, const MatchPacket& packet, const MatchNames& names) {
  if (const auto* literal = std::get_if<bool>(&node.form)) return *literal;
  if (const auto* c = std::get_if<Comparison>(&node.form)) {
    if (c->field->text != nullptr) return holds(*c, packet.*c->field->text, names);
    const auto value = c->field->read(packet);
    return value && holds(*c, *value >> c->shift & c->ones, names);
  }
  const auto& [all, parts] = std::get<Junction>(node.form);
  const auto each = [&](const MatchNode& part) { return holds(part, packet, names); };
  return all ? std::all_of(parts.begin(), parts.end(), each) : std::any_of(parts.begin(), parts.end(), each);
}

}  // namespace

struct OvnMatch::Expression {
  MatchNode root;
  std::vector<const Comparison*> named;  // parts of `root` with port groups or address sets
};

OvnMatch::OvnMatch(std::unique_ptr<Expression> expression) : expression_(std::move(expression)) {}
OvnMatch::OvnMatch(OvnMatch&&) noexcept = default;
OvnMatch& OvnMatch::operator=(OvnMatch&&) noexcept = default;
OvnMatch::~OvnMatch() = default;

std::optional<OvnMatch> OvnMatch::parse(std::string_view text, MatchError* error) {
  MatchError reason;
  auto root = parse_expression(text, reason);
  if (error != nullptr) *error = std::move(reason);
  if (!root) return std::nullopt;
  auto expression = std::make_unique<Expression>();
  expression->root = std::move(*root);
  collect_named(expression->root, expression->named);
  return OvnMatch(std::move(expression));
}

std::optional<bool> OvnMatch::matches(const MatchPacket& packet, const MatchNames& names) const {
  for (const Comparison* comparison : expression_->named)
    if (lacks_name(*comparison, names)) return std::nullopt;
  return holds(expression_->root, packet, names);
}

std::string_view OvnMatch::scope(std::string_view port) const {
  const auto scope_of = [&](const MatchNode& node) -> std::string_view {
    const auto* c = std::get_if<Comparison>(&node.form);
    const bool scopes = c != nullptr && c->field->name == port && c->texts.empty() && c->names.size() == 1;
    return scopes ? std::string_view(c->names.front()) : std::string_view();
  };
  const auto* junction = std::get_if<Junction>(&expression_->root.form);
  if (junction == nullptr || !junction->all) return scope_of(expression_->root);
  for (const MatchNode& part : junction->parts)
    if (const auto found = scope_of(part); !found.empty()) return found;
  return {};
}

}  // namespace policyconv::verify
