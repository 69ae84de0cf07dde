#include "assess/readiness.h"

#include <algorithm>
#include <map>

namespace policyconv::assess {

namespace {

/// Policies whose selector matches no pod. The compiler says so once, about the policy; with `specs` it may be about
/// one spec of several, and then their rules are left as they are.
std::vector<bool> without_subject(const Catalog& catalog, const Diagnostics& of_compiling) {
  std::vector<bool> result(catalog.policies.size());
  for (const Diagnostic& diagnostic : of_compiling.all())
    if (diagnostic.kind == Kind::SubjectSelectsNothing && diagnostic.policy != PolicyId::None)
      result[static_cast<std::size_t>(diagnostic.policy)] = true;
  for (const SourceRule& rule : catalog.rules)
    if (rule.path.starts_with("specs")) result[static_cast<std::size_t>(rule.policy)] = false;
  return result;
}

}  // namespace

bool never_enforced_in_chain(Kind kind) {
  constexpr Kind kinds[] = {Kind::HttpRule,      Kind::DnsRule,       Kind::DnsRuleAllNames,
                            Kind::KafkaRule,     Kind::CustomL7Rule,  Kind::ServerNames,
                            Kind::TlsInspection, Kind::EnvoyListener, Kind::FqdnPeer};
  return std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

std::vector<RuleOutcome> outcomes(const Catalog& catalog, const Diagnostics& of_compiling) {
  std::vector<RuleOutcome> result(catalog.rules.size());
  std::vector<bool> lost_otherwise(catalog.rules.size());
  for (const Diagnostic& diagnostic : of_compiling.all()) {
    if (diagnostic.rule == RuleId::None) continue;
    const std::size_t rule = static_cast<std::size_t>(diagnostic.rule);
    const Effect effect = definition(diagnostic.kind).effect;
    result[rule].effect = std::max(result[rule].effect, effect);
    if (effect == Effect::Refused && !never_enforced_in_chain(diagnostic.kind)) lost_otherwise[rule] = true;
  }
  const std::vector<bool> idle = without_subject(catalog, of_compiling);
  for (std::size_t rule = 0; rule < result.size(); ++rule) {
    const PolicyId policy = catalog.rules[rule].policy;
    if (!catalog.policy(policy).enforced || idle[static_cast<std::size_t>(policy)])
      result[rule].effect = Effect::NoEffect;
    result[rule].never_enforced = result[rule].effect == Effect::Refused && !lost_otherwise[rule];
  }
  return result;
}

std::vector<NamespaceReadiness> readiness(const Catalog& catalog, const Diagnostics& of_compiling) {
  const std::vector<RuleOutcome> all = outcomes(catalog, of_compiling);
  std::map<std::string, NamespaceReadiness> by_namespace;
  for (std::size_t rule = 0; rule < all.size(); ++rule) {
    const std::string& ns = catalog.policy(catalog.rules[rule].policy).ns;
    NamespaceReadiness& entry = by_namespace.try_emplace(ns, NamespaceReadiness{ns}).first->second;
    ++entry.rules;
    switch (all[rule].effect) {
      case Effect::Note:
        ++entry.same;
        break;
      case Effect::NoEffect:
        ++entry.without_effect;
        break;
      case Effect::Error:
      case Effect::Refused:
        ++entry.refused;
        break;
      case Effect::Stricter:
        ++entry.stricter;
        break;
      case Effect::Looser:
        ++entry.looser;
        break;
    }
    if (all[rule].never_enforced) ++entry.never_enforced;
  }
  std::vector<NamespaceReadiness> result;
  for (auto& [ns, entry] : by_namespace) result.push_back(std::move(entry));
  return result;
}

}  // namespace policyconv::assess
