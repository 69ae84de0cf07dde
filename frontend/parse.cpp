// Policy files to policies. Entrance: parse_policies(). Files are read side by side; what comes out is in an order that
// depends on the policies' names only.
#include "frontend/parse.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "frontend/decode_policy.h"
#include "yaml/objects.h"
#include "yaml/tree.h"
#include "frontend/validate.h"

namespace policyconv::cilium {

namespace {

using decode::ApiObject;
using yaml::Node;
using yaml::Shape;

constexpr std::string_view policy_kind = "CiliumNetworkPolicy", clusterwide_kind = "CiliumClusterwideNetworkPolicy",
                           cidr_group_kind = "CiliumCIDRGroup", network_policy_kind = "NetworkPolicy";

struct Refused {
  std::string_view kind, reason;
};
constexpr Refused refused_kinds[] = {
    {"AdminNetworkPolicy", "Cilium does not enforce it, but Kube-OVN may"},
    {"BaselineAdminNetworkPolicy", "Cilium does not enforce it, but Kube-OVN may"},
    {"CiliumClusterwideEnvoyConfig", "it sets up Cilium's proxy"},
    {"CiliumEgressGatewayPolicy", "it changes the route and the source address of traffic"},
    {"CiliumEnvoyConfig", "it sets up Cilium's proxy"},
    {"CiliumLocalRedirectPolicy", "it redirects traffic to pods of the same node"},
    {"ClusterNetworkPolicy", "its tiers come before and after all other policies; Kube-OVN may enforce it itself"},
};

/// Kinds of cilium.io that say nothing about which traffic passes.
constexpr std::string_view neutral_cilium_kinds[] = {
    "CiliumBGPAdvertisement",
    "CiliumBGPClusterConfig",
    "CiliumBGPNodeConfig",
    "CiliumBGPNodeConfigOverride",
    "CiliumBGPPeerConfig",
    "CiliumBGPPeeringPolicy",
    "CiliumEndpoint",
    "CiliumEndpointSlice",
    "CiliumExternalWorkload",
    "CiliumGatewayClassConfig",
    "CiliumIdentity",
    "CiliumL2AnnouncementPolicy",
    "CiliumNode",
    "CiliumLoadBalancerIPPool",
    "CiliumNodeConfig",
    "CiliumPodIPPool",
};

/// The first scalar with template syntax in what counts of an object; free text may hold anything.
const Node* find_template(const Node& node) {
  if (node.shape == Shape::Scalar) return node.scalar.find("{{") == std::string::npos ? nullptr : &node;
  for (const Node& item : node.items)
    if (const Node* found = find_template(item)) return found;
  for (const auto& [key, value] : node.members) {
    if (key.scalar == "annotations" || key.scalar == "description" || key.scalar == "status") continue;
    if (const Node* found = find_template(key)) return found;
    if (const Node* found = find_template(value)) return found;
  }
  return nullptr;
}

/// The node anchor of an earlier run, back in a dump of all NetworkPolicies: it is output, not a policy to convert.
bool is_own(const Node& object) {
  const Node* at = &object;
  for (const std::string_view key : {"metadata", "labels", "app.kubernetes.io/managed-by"})
    if (at) at = at->find(key);
  return at && at->scalar == "policyconv";
}

/// What one file, or a part of it, holds.
struct FilePolicies {
  Policies policies;
  std::map<std::string, std::size_t> passed_over;  // other objects, by kind
  std::size_t secrets = 0;
  bool is_empty = true;
  yaml::Progress progress;
  Diagnostics diagnostics;
};

class PartReader {
 public:
  PartReader(const Sources& sources, const yaml::Part& part, const ParseOptions& options)
      : sources_(sources), part_(part), options_(options) {}

  FilePolicies read() && {
    const auto read_document = [&](const Node& document) {
      found_.is_empty = false;
      decode::each_object(
          document, [&](const ApiObject& object) { read_object(object); }, diagnostics_);
    };
    found_.progress = yaml::each_document(options_.known, sources_, part_, read_document, diagnostics_);
    return std::move(found_);
  }

 private:
  void read_object(const ApiObject& object) {
    const std::string& kind = object.kind;
    if (kind == policy_kind || kind == clusterwide_kind) {
      if (is_ready(object, {"cilium.io/v2"})) read_policy(object.node, kind);
    } else if (kind == network_policy_kind && is_own(object.node)) {
      diagnostics_.report<Kind::OwnObject>(object.node.loc);
    } else if (kind == network_policy_kind) {
      if (is_ready(object, {"networking.k8s.io/v1"})) read_network_policy(object.node);
    } else if (kind == cidr_group_kind) {
      if (is_ready(object, {"cilium.io/v2", "cilium.io/v2alpha1"})) read_cidr_group(object);
    } else {
      pass_over(object);
    }
  }

  /// Whether an object of a kind we convert is what it seems to be: not of another API, and not a template.
  bool is_ready(const ApiObject& object, std::initializer_list<std::string_view> known) {
    if (const Node* unrendered = has_braces_ ? find_template(object.node) : nullptr) {
      diagnostics_.report<Kind::Template>(unrendered->loc, "this value");
      return false;
    }
    if (std::find(known.begin(), known.end(), object.api_version) != known.end()) return true;
    diagnostics_.report<Kind::WrongApiVersion>(object.node.loc, object.kind, yaml::excerpt(object.api_version),
                                               fmt::format("{}", fmt::join(known, " or ")));
    return false;
  }

  void read_policy(const Node& node, const std::string& kind) {
    const bool clusterwide = kind == clusterwide_kind;
    read_as(node, kind, !clusterwide, policies_.policies, [&](const Fields& fields) {
      Policy policy = decode_policy(node, kind, fields);
      policy.clusterwide = clusterwide;
      return policy;
    });
  }

  void read_network_policy(const Node& node) {
    read_as(node, network_policy_kind, true, policies_.network_policies,
            [&](const Fields& fields) { return decode_network_policy(node, network_policy_kind, fields); });
  }

  void read_cidr_group(const ApiObject& object) {
    const Node& node = object.node;
    read_as(node, cidr_group_kind, false, policies_.cidr_groups, [&](const Fields& fields) {
      if (object.api_version == "cilium.io/v2" && options_.semantics.cilium_minor < 18)
        fields.diagnostics().report<Kind::FieldNotInVersion>(node.loc, "cilium.io/v2 CiliumCIDRGroup",
                                                             options_.semantics.cilium_minor);
      return decode_cidr_group(node, cidr_group_kind, fields);
    });
  }

  /// Decodes an object and keeps it if it is sound. What is not would only cause more complaints later on.
  template <typename Object, typename Decode>
  void read_as(const Node& node, std::string_view kind, bool namespaced, std::vector<Object>& to,
               const Decode& decode) {
    Diagnostics own;
    const Fields fields(options_.semantics, own);
    const Metadata metadata = decode_metadata(node, fields);
    Object object = decode(fields);
    if (metadata.name) object.name = metadata.name->value;
    if (object.name.empty()) {
      if (!own.has_errors()) own.report<Kind::ObjectWithoutName>(node.loc, kind);
    } else {
      place_in_namespace(object, metadata, fmt::format("{} {}", kind, object.name), namespaced, own);
    }
    if constexpr (requires { object.labels; }) object.labels = metadata.labels;
    if (!own.has_errors()) {
      if constexpr (requires { object.rejected; }) validate(object, options_.semantics);
      to.push_back(std::move(object));
    }
    diagnostics_.append(std::move(own));
  }

  template <typename Object>
  void place_in_namespace(Object& object, const Metadata& metadata, std::string_view title, bool namespaced,
                          Diagnostics& diagnostics) {
    const bool given = metadata.ns && !metadata.ns->value.empty();
    if (!namespaced && given)
      diagnostics.report<Kind::NamespaceIgnored>(metadata.ns->loc, yaml::excerpt(title),
                                                 yaml::excerpt(metadata.ns->value));
    if (namespaced && !given)
      diagnostics.report<Kind::DefaultNamespace>(object.loc, yaml::excerpt(title), options_.default_namespace);
    if constexpr (requires { object.ns; })
      if (namespaced) object.ns = given ? metadata.ns->value : options_.default_namespace;
  }

  void pass_over(const ApiObject& object) {
    const auto& [node, api_version, kind] = object;
    const auto* refused = std::find_if(std::begin(refused_kinds), std::end(refused_kinds),
                                       [&](const Refused& candidate) { return candidate.kind == object.kind; });
    const bool neutral = std::find(std::begin(neutral_cilium_kinds), std::end(neutral_cilium_kinds), kind) !=
                         std::end(neutral_cilium_kinds);
    const std::string_view meant =
        decode::nearest(kind, {policy_kind, clusterwide_kind, cidr_group_kind, network_policy_kind});
    if (refused != std::end(refused_kinds)) {
      const Node* metadata = node.find("metadata");
      const Node* name = metadata ? metadata->find("name") : nullptr;
      diagnostics_.report<Kind::UnsupportedKind>(node.loc, kind, name ? yaml::excerpt(name->scalar) : "",
                                                 refused->reason);
    } else if (kind.find("{{") != std::string::npos) {
      diagnostics_.report<Kind::Template>(node.loc, "the kind of this object");
    } else if (!neutral && (!meant.empty() || object.group() == "cilium.io")) {
      Diagnostic& unknown = diagnostics_.report<Kind::UnknownKind>(node.loc, yaml::excerpt(kind));
      if (!meant.empty()) unknown.suggestion = fmt::format("did you mean `{}`?", meant);
    } else if (kind == "Secret" && object.group().empty()) {
      ++found_.secrets;
    } else {
      ++found_.passed_over[kind];
    }
  }

  const Sources& sources_;
  const yaml::Part part_;
  const ParseOptions& options_;
  bool has_braces_ =
      sources_.text(part_.file).substr(part_.first, part_.last - part_.first).find("{{") != std::string_view::npos;
  FilePolicies found_;
  Policies& policies_ = found_.policies;
  Diagnostics& diagnostics_ = found_.diagnostics;
};

/// What was reported about the parts of `file`, and what was passed over in it.
void report_file(std::uint32_t file, std::vector<FilePolicies>& parts, Diagnostics& diagnostics) {
  std::map<std::string, std::size_t> passed_over;
  std::size_t secrets = 0;
  bool is_empty = true;
  for (FilePolicies& part : parts) {
    for (const auto& [kind, count] : part.passed_over) passed_over[kind] += count;
    secrets += part.secrets;
    is_empty = is_empty && part.is_empty && !part.diagnostics.has_errors();
    diagnostics.append(std::move(part.diagnostics));
  }
  if (is_empty) diagnostics.report<Kind::NoObject>({file, 0, 0});
  if (secrets > 0) diagnostics.report<Kind::SecretsPassedOver>({file, 0, 0}, secrets);
  if (passed_over.empty()) return;
  std::vector<std::string> counts;
  for (const auto& [kind, count] : passed_over) counts.push_back(fmt::format("{} {}", count, yaml::excerpt(kind)));
  diagnostics.report<Kind::ObjectsPassedOver>({file, 0, 0}, fmt::format("{}", fmt::join(counts, ", ")));
}

// What the API server keeps unique, in the order of the catalog.
auto key_of(const Policy& policy) {
  return std::tuple(!policy.clusterwide, std::string_view(policy.ns), std::string_view(policy.name));
}
auto key_of(const NetworkPolicy& policy) {
  return std::tuple(std::string_view(policy.ns), std::string_view(policy.name));
}
auto key_of(const CidrGroup& group) {
  return std::tuple(std::string_view(group.name));
}

std::string title_of(const Policy& policy) {
  return policy.clusterwide ? fmt::format("{} {}", clusterwide_kind, policy.name)
                            : fmt::format("{} {}/{}", policy_kind, policy.ns, policy.name);
}
std::string title_of(const NetworkPolicy& policy) {
  return fmt::format("{} {}/{}", network_policy_kind, policy.ns, policy.name);
}
std::string title_of(const CidrGroup& group) {
  return fmt::format("{} {}", cidr_group_kind, group.name);
}

/// One list of all parts, sorted by key. Reports objects that are there twice; of these the one in the file with the smaller
/// name stays.
template <typename T>
std::vector<T> sorted_unique(std::vector<std::vector<FilePolicies>>& read, std::vector<T> Policies::*list, const Sources& sources,
                             Diagnostics& diagnostics) {
  const auto place = [&](const T& object) { return std::pair(sources.name(object.loc.file), object.loc); };
  std::vector<T*> order;  // objects are too large to be moved more than once
  for (std::vector<FilePolicies>& file : read)
    for (FilePolicies& part : file)
      for (T& object : part.policies.*list) order.push_back(&object);
  std::sort(order.begin(), order.end(), [&](const T* a, const T* b) {
    const auto by_key = key_of(*a) <=> key_of(*b);
    return by_key != 0 ? by_key < 0 : place(*a) < place(*b);
  });
  std::vector<T> objects;
  objects.reserve(order.size());
  for (T* object : order) objects.push_back(std::move(*object));
  const auto is_repeated = [&](const T& first, const T& second) {
    if (key_of(first) != key_of(second)) return false;
    const auto [file, loc] = place(first);
    diagnostics.report<Kind::DuplicateObject>(second.loc, yaml::excerpt(title_of(second)),
                                              fmt::format("{}:{}:{}", file, loc.line, loc.column));
    return true;
  };
  objects.erase(std::unique(objects.begin(), objects.end(), is_repeated), objects.end());
  return objects;
}

/// Gives policies and rules their numbers, in the order in which they stand.
class Numbering {
 public:
  explicit Numbering(Catalog& catalog) : catalog_(catalog) {}

  void add(Policy& policy) {
    policy.id = add_policy(policy.clusterwide ? clusterwide_kind : policy_kind, policy);
    if (policy.spec) add_spec(*policy.spec, "spec");
    if (!policy.specs) return;
    for (std::size_t i = 0; i < policy.specs->size(); ++i) add_spec((*policy.specs)[i], fmt::format("specs[{}]", i));
  }

  void add(NetworkPolicy& policy) {
    policy.id = add_policy(network_policy_kind, policy);
    add_rules(policy.ingress, "spec.ingress", Direction::Ingress, Verdict::Allow);
    add_rules(policy.egress, "spec.egress", Direction::Egress, Verdict::Allow);
  }

 private:
  template <typename T>
  PolicyId add_policy(std::string_view kind, const T& policy) {
    current_ = static_cast<PolicyId>(catalog_.policies.size());
    catalog_.policies.push_back({std::string(kind), policy.ns, policy.name, policy.loc, policy.rejected.empty()});
    return current_;
  }

  void add_spec(Spec& spec, const std::string& path) {
    add_rules(spec.ingress, path + ".ingress", Direction::Ingress, Verdict::Allow);
    add_rules(spec.ingress_deny, path + ".ingressDeny", Direction::Ingress, Verdict::Deny);
    add_rules(spec.egress, path + ".egress", Direction::Egress, Verdict::Allow);
    add_rules(spec.egress_deny, path + ".egressDeny", Direction::Egress, Verdict::Deny);
  }

  template <typename T>
  void add_rules(List<T>& rules, const std::string& path, Direction direction, Verdict verdict) {
    if (!rules) return;
    for (std::size_t i = 0; i < rules->size(); ++i) {
      T& rule = (*rules)[i];
      rule.id = static_cast<RuleId>(catalog_.rules.size());
      catalog_.rules.push_back({current_, fmt::format("{}[{}]", path, i), direction, verdict, rule.loc});
    }
  }

  Catalog& catalog_;
  PolicyId current_ = PolicyId::None;
};

template <typename T>
void number(std::vector<T>& policies, Catalog& catalog, Diagnostics& diagnostics) {
  Numbering numbering(catalog);
  for (T& policy : policies) {
    numbering.add(policy);
    if (!policy.rejected.empty())
      diagnostics.report_policy<Kind::RejectedByCilium>(policy.id, policy.rejected_at, policy.rejected);
  }
}

std::size_t count_rules(const Policy& policy) {
  std::size_t count = 0;
  const auto add = [&](const Spec& spec) {
    for (const List<Rule>* list : {&spec.ingress, &spec.ingress_deny, &spec.egress, &spec.egress_deny})
      count += *list ? (*list)->size() : 0;
  };
  if (policy.spec) add(*policy.spec);
  if (policy.specs) std::for_each(policy.specs->begin(), policy.specs->end(), add);
  return count;
}

std::size_t count_rules(const NetworkPolicy& policy) {
  return (policy.ingress ? policy.ingress->size() : 0) + (policy.egress ? policy.egress->size() : 0);
}

/// Reports the first policy whose rules are more than `room`, of which those before it take theirs.
template <typename T>
bool has_room(const std::vector<T>& policies, std::size_t& room, const Limits& limits, Diagnostics& diagnostics) {
  for (const T& policy : policies) {
    const std::size_t count = count_rules(policy);
    if (count > room) {
      diagnostics.report<Kind::TooManyRules>(policy.loc, limits.rules);
      return false;
    }
    room -= count;
  }
  return true;
}

}  // namespace

Policies parse_policies(const Sources& sources, std::span<const std::uint32_t> files, const ParseOptions& options,
                        Diagnostics& diagnostics) {
  std::vector<std::vector<FilePolicies>> read =
      yaml::read_in_parts(options.known, sources, files, options.jobs,
                          [&](const yaml::Part& part) { return PartReader(sources, part, options).read(); });

  Policies all;
  for (std::size_t i = 0; i < files.size(); ++i) report_file(files[i], read[i], diagnostics);
  all.policies = sorted_unique(read, &Policies::policies, sources, diagnostics);
  all.network_policies = sorted_unique(read, &Policies::network_policies, sources, diagnostics);
  all.cidr_groups = sorted_unique(read, &Policies::cidr_groups, sources, diagnostics);
  std::size_t room = sources.limits().rules;
  if (!has_room(all.policies, room, sources.limits(), diagnostics) ||
      !has_room(all.network_policies, room, sources.limits(), diagnostics))
    return {};
  all.catalog.policies.reserve(all.policies.size() + all.network_policies.size());
  all.catalog.rules.reserve(sources.limits().rules - room);
  number(all.policies, all.catalog, diagnostics);
  number(all.network_policies, all.catalog, diagnostics);
  return all;
}

}  // namespace policyconv::cilium
