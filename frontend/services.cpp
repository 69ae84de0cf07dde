#include "frontend/services.h"

#include <algorithm>

#include "ir/membership.h"

namespace policyconv::cilium {
namespace {

bool selected(const Service& service, const ServiceRef& reference) {
  const auto in_scope = [&](const K8sService& wanted) { return wanted.ns.empty() || wanted.ns == service.ns; };
  if (reference.by_name && in_scope(*reference.by_name) && reference.by_name->name == service.name) return true;
  if (!reference.by_selector || !in_scope(*reference.by_selector) || !reference.by_selector->selector) return false;
  // The source of a key is ignored here (C§6.2).
  const std::vector<SourcedRequirement> all_of = requirements(*reference.by_selector->selector, "any");
  return std::all_of(all_of.begin(), all_of.end(), [&](const SourcedRequirement& wanted) {
    return ir::meets(wanted.requirement, service.labels);
  });
}

}  // namespace

ResolvedServices resolve_services(const std::vector<ServiceRef>& references, const RuleContext& where, bool has_ports,
                                  LowerContext& context) {
  ResolvedServices resolved;
  if (context.cluster.services.empty() && !context.cluster.given) {
    context.diagnostics.report_rule<Kind::ServicesNeedCluster>(where.id, references.front().loc);
    return resolved;
  }
  for (const ServiceRef& reference : references) {
    bool found = false;
    for (const Service& service : context.cluster.services) {
      if (!selected(service, reference)) continue;
      found = true;
      if (service.selector) {
        // Before 1.17 only Services without a selector were translated (C§0.1).
        if (context.semantics().cilium_minor >= 17)
          if (std::optional<ir::Group> group = ir::selected_by(service)) resolved.groups.push_back(*std::move(group));
        continue;
      }
      std::vector<Address> backends;
      for (const EndpointSlice& slice : context.cluster.endpoint_slices)
        if (slice.ns == service.ns && slice.service == service.name)
          backends.insert(backends.end(), slice.addresses.begin(), slice.addresses.end());
      const std::string name = service.ns + "/" + service.name;
      if (backends.empty()) context.diagnostics.report_rule<Kind::ServiceWithoutBackends>(where.id, reference.loc, name);
      else context.diagnostics.report_rule<Kind::ServiceBackendsSnapshot>(where.id, reference.loc, name, backends.size());
      resolved.addresses.insert(resolved.addresses.end(), backends.begin(), backends.end());
    }
    if (!found)
      context.diagnostics.report_rule<Kind::ServicesUnresolved>(
          where.id, reference.loc, has_ports ? "would then allow these ports to everyone" : "selects nothing either");
  }
  return resolved;
}

}  // namespace policyconv::cilium
