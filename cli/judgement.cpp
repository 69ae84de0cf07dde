#include "cli/judgement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/build.h"
#include "report/terminal.h"
#include "verify/source_labels.h"

namespace policyconv::cli {
namespace {

using verify::Decision;

constexpr std::string_view mac_annotation = "ovn.kubernetes.io/mac_address";

std::string_view past(Verdict verdict) {
  return verdict == Verdict::Allow ? "allowed" : "denied";
}

std::string rules_text(const std::vector<RuleId>& rules, const Names& names) {
  std::vector<std::string> texts;
  for (const RuleId rule : rules)
    if (rule != RuleId::None) texts.push_back(rule_text(rule, names));
  return fmt::format("{}", fmt::join(texts, ", "));
}

bool is_icmp(Protocol protocol) {
  return protocol == Protocol::Icmp || protocol == Protocol::Icmp6;
}

/// In OVN's words; the source port counts only where it is not the usual ephemeral one.
std::string ovn_packet(const verify::Packet& packet) {
  const bool v4 = packet.source.family == Family::V4;
  const std::string_view ip = v4 ? "ip4" : "ip6";
  std::string text = fmt::format("{}.src=={} && {}.dst=={} && ip.ttl==64", ip, to_string(packet.source), ip,
                                 to_string(packet.destination));
  if (is_icmp(packet.protocol))
    return text +
           fmt::format(" && {}.type=={} && {}.code==0", v4 ? "icmp4" : "icmp6", packet.port, v4 ? "icmp4" : "icmp6");
  const std::string_view name = to_string(packet.protocol);
  return text + fmt::format(" && {}.src=={} && {}.dst=={}", name, packet.source_port, name, packet.port);
}

std::string mac_of(const Pod& pod) {
  const auto at = pod.annotations.find(mac_annotation);
  return at == pod.annotations.end() ? "MAC-OF-THE-POD" : at->second;
}

}  // namespace

std::string_view to_string(Agreement agreement) {
  switch (agreement) {
    case Agreement::Same:
      return "same";
    case Agreement::Stricter:
      return "stricter";
    case Agreement::Looser:
      return "looser";
    case Agreement::Undefined:
      return "undefined";
  }
  return {};
}

report::Style style_of(Agreement agreement) {
  switch (agreement) {
    case Agreement::Same:
      return report::Style::Green;
    case Agreement::Stricter:
      return report::Style::Yellow;
    case Agreement::Looser:
    case Agreement::Undefined:
      return report::Style::Magenta;
  }
  return report::Style::Plain;
}

int exit_status(Agreement agreement) {
  switch (agreement) {
    case Agreement::Same:
      return 0;
    case Agreement::Stricter:
      return policyconv::exit_status(Effect::Stricter);
    case Agreement::Looser:
    case Agreement::Undefined:
      return policyconv::exit_status(Effect::Looser);
  }
  return 0;
}

Agreement agreement_of(Verdict policies, std::optional<Verdict> objects) {
  if (!objects) return Agreement::Undefined;
  if (policies == *objects) return Agreement::Same;
  return policies == Verdict::Allow ? Agreement::Stricter : Agreement::Looser;
}

Verdict Judgement::policies() const {
  const bool denied = std::any_of(ends.begin(), ends.end(),
                                  [](const EndJudgement& end) { return end.policies.verdict == Verdict::Deny; });
  return denied ? Verdict::Deny : Verdict::Allow;
}

std::optional<Verdict> Judgement::objects() const {
  bool tied = false;
  for (const EndJudgement& end : ends) {
    if (!end.tied && end.objects.verdict == Verdict::Deny) return Verdict::Deny;  // whatever a tie elsewhere does
    tied |= end.tied;
  }
  return tied ? std::nullopt : std::optional(Verdict::Allow);
}

Agreement Judgement::agreement() const {
  return agreement_of(policies(), objects());
}

Judgement Judge::judge(const verify::Flow& flow, const verify::Packet& packet) const {
  Judgement judgement{packet, {}};
  for (const Direction direction : {Direction::Egress, Direction::Ingress}) {
    const auto* pod = std::get_if<verify::PodEnd>(direction == Direction::Egress ? &flow.from : &flow.to);
    const std::optional<Decision> policies = source_.decide(flow, direction);
    const std::optional<Decision> objects = objects_.decide(packet, direction);
    if (pod != nullptr && policies && objects)
      judgement.ends.push_back({direction, pod->pod, *policies, *objects, objects_.tied(), {}});
  }
  return judgement;
}

std::vector<Judgement> Judge::judge(const verify::Flow& flow) const {
  std::vector<Judgement> judgements;
  for (const verify::Packet& packet : packets(flow)) judgements.push_back(judge(flow, packet));
  return judgements;
}

EndJudgement Judge::first_packet(const verify::Packet& packet) const {
  const std::optional<Decision> objects = objects_.decide(packet, Direction::Egress);
  return {Direction::Egress,
          packet.from_pod.value_or(0),
          {},
          objects.value_or(Decision{}),
          objects.has_value() && objects_.tied(),
          {}};
}

Selections::Selections(const cilium::Policies& policies, const Cluster& cluster, const Semantics& semantics)
    : cluster_(cluster), semantics_(semantics), specs_(verify::source::read_specs(policies, cluster, semantics)) {}

std::vector<Selection> Selections::of(std::size_t pod, Direction direction) const {
  const auto identity = verify::source::identity_of(cluster_, cluster_.pods[pod], semantics_);
  std::vector<Selection> found;
  for (const verify::source::Spec& spec : specs_) {
    const auto& section = direction == Direction::Ingress ? spec.ingress : spec.egress;
    const bool in_scope = spec.ns.empty() || spec.ns == cluster_.pods[pod].ns;
    if (section && in_scope && verify::source::meets(identity, spec.subject))
      found.push_back({spec.policy, section->default_deny});
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

void Selections::add_to(Judgement& judgement) const {
  for (EndJudgement& end : judgement.ends) end.selections = of(end.pod, end.direction);
}

std::string_view to_string(std::optional<Verdict> objects) {
  return objects ? policyconv::to_string(*objects) : "undefined";
}

std::string rule_text(RuleId rule, const Names& names) {
  return fmt::format("{} ({})", report::printable(names.catalog.display(rule)),
                     report::place_text(names.sources, names.catalog.rule(rule).loc));
}

std::string policies_text(const EndJudgement& end, const Names& names) {
  const Decision& decision = end.policies;
  const std::string rules = rules_text(decision.rules, names);
  if (!rules.empty()) return fmt::format("{} by {}", past(decision.verdict), rules);
  std::vector<std::string> isolating;  // without them nothing would be denied
  for (const Selection& selection : end.selections) {
    const SourcePolicy& policy = names.catalog.policy(selection.policy);
    if (decision.verdict == Verdict::Deny && selection.default_deny)
      isolating.push_back(fmt::format("{} ({})", report::printable(policy.display()), report::place_text(names.sources, policy.loc)));
  }
  return fmt::format("{}: {}{}{}", past(decision.verdict), decision.reason, isolating.empty() ? "" : " of ",
                     fmt::join(isolating, ", "));
}

std::string objects_text(const Decision& decision, bool tied, const Names& names) {
  std::string text = fmt::format("{}: {}", tied ? "undefined" : past(decision.verdict), report::printable(decision.reason));
  for (const Loc& where : decision.places) text += ", " + report::place_text(names.sources, where);
  const std::string rules = rules_text(decision.rules, names);
  return rules.empty() ? text : text + ", from " + rules;
}

std::string packet_text(Protocol protocol, std::uint16_t port) {
  return fmt::format("{} {}{}", policyconv::to_string(protocol), is_icmp(protocol) ? "type " : "", port);
}

std::string trace_command(const verify::Packet& packet, const Cluster& cluster) {
  const bool plain = packet.protocol == Protocol::Tcp || packet.protocol == Protocol::Udp ||
                     (is_icmp(packet.protocol) && packet.port == (packet.protocol == Protocol::Icmp ? 8 : 128));
  const bool usual_source = is_icmp(packet.protocol) || packet.source_port == verify::Packet().source_port;
  if (packet.from_pod && plain && usual_source) {
    const Pod& pod = cluster.pods[*packet.from_pod];
    const std::string target =
        fmt::format("kubectl ko trace {}/{} {}", pod.ns, pod.name, to_string(packet.destination));
    if (is_icmp(packet.protocol)) return target + " icmp";
    return fmt::format("{} {} {}", target, policyconv::to_string(packet.protocol), packet.port);
  }
  // From elsewhere a packet comes in by the port of the router (K§10.3).
  const std::optional<std::size_t> at = packet.from_pod ? packet.from_pod : packet.to_pod;
  if (!at) return {};
  const Pod& pod = cluster.pods[*at];
  const Subnet* subnet = subnet_of(cluster, pod);
  if (subnet == nullptr) return {};
  const std::string ends =
      packet.from_pod ? fmt::format("inport==\"{}.{}\" && eth.src=={}", pod.name, pod.ns, mac_of(pod))
                      : fmt::format("inport==\"{}-{}\" && eth.dst=={}", subnet->name, subnet->vpc, mac_of(pod));
  return fmt::format("kubectl ko ovn-trace {} '{} && {}'", subnet->name, ends, ovn_packet(packet));
}

}  // namespace policyconv::cli
