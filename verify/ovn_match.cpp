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

/// Without any constant a comparison is no comparison: `!=` holds and `==` does not, whatever the packet is.
bool is_empty(const Comparison& c, const MatchNames& names) {
  return c.field->text == nullptr && c.constants.empty() &&
         std::all_of(c.names.begin(), c.names.end(),
                     [&](const std::string& name) { return names.address_set(name)->empty(); });
}

/// What OVN refuses once it knows the names.
bool is_void(const Comparison& c, const MatchNames& names) {
  const auto is_port_group = [&](const std::string& name) { return names.port_group(name, {}).has_value(); };
  if (c.field->text != nullptr) return !std::all_of(c.names.begin(), c.names.end(), is_port_group);

  const auto fits = [&](const Address& address) { return address_bits(address.family) <= c.field->width; };
  const auto is_set = [&](const std::string& name) {
    const std::vector<Address>* members = names.address_set(name);
    return members != nullptr && std::all_of(members->begin(), members->end(), fits);
  };
  return !std::all_of(c.names.begin(), c.names.end(), is_set) || (is_order(c.relation) && is_empty(c, names));
}

/// String fields admit nothing but equality (Level::Nominal).
bool holds(const Comparison& c, const std::string& port, const MatchNames& names) {
  return std::find(c.texts.begin(), c.texts.end(), port) != c.texts.end() ||
         std::any_of(c.names.begin(), c.names.end(),
                     [&](const std::string& name) { return names.port_group(name, port).value_or(false); });
}

bool contains(const std::vector<Address>& members, Bits value, const Comparison& c) {
  if (c.ones != low_ones(c.field->width))  // of a subfield, only so many bits count
    return std::any_of(members.begin(), members.end(),
                       [&](const Address& member) { return (bits_of(member) & c.ones) == value; });
  const Address v4{Family::V4, static_cast<std::uint64_t>(value) << 32, 0};
  const Address v6{Family::V6, static_cast<std::uint64_t>(value >> 64), static_cast<std::uint64_t>(value)};
  return (value <= low_ones(32) && std::binary_search(members.begin(), members.end(), v4)) ||
         (c.field->width == 128 && std::binary_search(members.begin(), members.end(), v6));
}

bool in_order(Relation relation, Bits value, Bits constant) {
  switch (relation) {
    case Relation::Less:
      return value < constant;
    case Relation::LessOrEqual:
      return value <= constant;
    case Relation::Greater:
      return value > constant;
    case Relation::GreaterOrEqual:
      return value >= constant;
    case Relation::Equal:
    case Relation::NotEqual:
      break;
  }
  return false;
}

bool holds(const Comparison& c, Bits value, const MatchNames& names) {
  if (is_order(c.relation)) {
    const auto ordered = [&](Bits constant) { return in_order(c.relation, value, constant & c.ones); };
    if (!c.constants.empty()) return ordered(c.constants.front().value);
    const std::vector<Address>& members = *names.address_set(c.names.front());
    const auto ordered_with = [&](const Address& member) { return ordered(bits_of(member)); };
    return c.with_any ? std::any_of(members.begin(), members.end(), ordered_with)
                      : std::all_of(members.begin(), members.end(), ordered_with);
  }
  const bool equal = std::any_of(c.constants.begin(), c.constants.end(),
                                 [&](const Constant& each) { return (value & each.mask) == (each.value & c.ones); }) ||
                     std::any_of(c.names.begin(), c.names.end(),
                                 [&](const std::string& name) { return contains(*names.address_set(name), value, c); });
  return equal == (c.relation == Relation::Equal);
}

bool holds(const MatchNode& node, const MatchPacket& packet, const MatchNames& names) {
  if (const auto* literal = std::get_if<bool>(&node.form)) return *literal;
  if (const auto* c = std::get_if<Comparison>(&node.form)) return verify::holds(*c, packet, names);
  const auto& [all, parts] = std::get<Junction>(node.form);
  const auto each = [&](const MatchNode& part) { return holds(part, packet, names); };
  return all ? std::all_of(parts.begin(), parts.end(), each) : std::any_of(parts.begin(), parts.end(), each);
}

}  // namespace

bool holds(const Comparison& c, const MatchPacket& packet, const MatchNames& names) {
  if (c.field->text != nullptr) return holds(c, packet.*c.field->text, names);
  if (is_empty(c, names)) return c.relation == Relation::NotEqual;
  const auto value = c.field->read(packet);
  return value && holds(c, *value >> c.shift & c.ones, names);
}

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
    if (is_void(*comparison, names)) return std::nullopt;
  return holds(expression_->root, packet, names);
}

const MatchNode& OvnMatch::root() const {
  return expression_->root;
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
