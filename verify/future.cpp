// Entrance: with_future_pods(). Namespaces fall into classes; in each class, combinations of selectors become choices
// of labels, and each set of selectors that a choice matches becomes one pod, unless a running pod matches the same
// set.
#include "verify/future.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "ir/membership.h"
#include "verify/free_addresses.h"
#include "verify/future_labels.h"

namespace policyconv::verify {
namespace {

using future::Choice;
using future::InPlay;
using future::NeedsId;

constexpr std::string_view switch_annotation = "ovn.kubernetes.io/logical_switch";

// --- where pods land -------------------------------------------------------------------------------------------------

bool takes_pods(const Subnet& subnet) {
  return subnet.provider == "ovn" && subnet.name != "join";
}

/// Where Kube-OVN puts a new pod of the namespace: the first Subnet that the namespace's annotation names, else one
/// that names the namespace, else one of the VPC that does, else the default Subnet. nullptr: not known.
const Subnet* landing(const Cluster& cluster, const std::string& ns) {
  if (const Namespace* known = cluster.find_namespace(ns))
    if (const auto bound = known->annotations.find(std::string(switch_annotation)); bound != known->annotations.end())
      return cluster.find_subnet(std::string_view(bound->second).substr(0, bound->second.find(',')));
  const auto names = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), ns) != list.end();
  };
  for (const Subnet& subnet : cluster.subnets)
    if (takes_pods(subnet) && names(subnet.namespaces)) return &subnet;
  for (const Vpc& vpc : cluster.vpcs)
    if (names(vpc.namespaces))
      for (const Subnet& subnet : cluster.subnets)
        if (takes_pods(subnet) && subnet.vpc == vpc.name) return &subnet;
  for (const Subnet& subnet : cluster.subnets)
    if (takes_pods(subnet) && subnet.is_default) return &subnet;
  return nullptr;
}

/// A node to run on, so that there is an own node; rather one that is no API server, as that is a peer of its own.
std::string node_to_run_on(const Cluster& cluster) {
  const std::vector<Address> servers = apiserver_addresses(cluster);
  for (const Node& node : cluster.nodes)
    if (std::none_of(node.internal.begin(), node.internal.end(), [&](const Address& address) {
          return std::binary_search(servers.begin(), servers.end(), address);
        }))
      return node.name;
  return cluster.nodes.empty() ? "" : cluster.nodes.front().name;
}

// --- classes of namespaces -------------------------------------------------------------------------------------------

/// Namespaces that no selector in play tells apart and whose pods land in the same Subnet.
struct NamespaceClass {
  std::string ns;  // the first one
  const Subnet* subnet = nullptr;
  std::vector<NeedsId> some;             // what selectors ask of pods here; sorted
  std::vector<NeedsId> asking;           // those of `some` that ask for anything
  std::set<std::vector<NeedsId>> taken;  // sets of `some` that a pod matches
};

struct Classes {
  std::vector<NamespaceClass> all;
  std::map<std::string, std::size_t, std::less<>> of;  // of each namespace
};

/// The names that a place lists; nullptr if it may be any.
const std::vector<std::string>* names_of(const source::Requirements& place) {
  for (const source::Requirement& r : place)
    if (r.key == ir::namespace_key && r.op == source::Op::In) return &r.values;
  return nullptr;
}

Classes classes_of(const Cluster& cluster, const Semantics& semantics, const InPlay& in_play) {
  std::map<std::string, std::vector<std::size_t>> places;  // those that hold, for each namespace
  for (const Namespace& ns : cluster.namespaces) places[ns.name];
  for (const Pod& pod : cluster.pods) places[pod.ns];
  std::vector<std::size_t> anywhere;
  std::map<std::string, std::vector<std::size_t>> by_name;
  for (std::size_t place = 0; place < in_play.places.size(); ++place) {
    const std::vector<std::string>* names = names_of(in_play.places[place]);
    if (!names)
      anywhere.push_back(place);
    else
      for (const std::string& name : std::set<std::string>(names->begin(), names->end()))
        by_name[name].push_back(place), places[name];
  }
  Classes classes;
  std::map<std::pair<std::vector<std::size_t>, const Subnet*>, std::size_t> known;
  for (auto& [ns, holding] : places) {
    Pod bare;
    bare.ns = ns;
    const source::Identity identity = source::identity_of(cluster, bare, semantics);
    for (const std::vector<std::size_t>& candidates : {anywhere, by_name[ns]})
      for (const std::size_t place : candidates)
        if (source::meets(identity, in_play.places[place])) holding.push_back(place);
    const Subnet* subnet = landing(cluster, ns);
    const auto [at, is_new] = known.try_emplace({holding, subnet}, classes.all.size());
    classes.of.emplace(ns, at->second);
    if (!is_new) continue;
    NamespaceClass found;
    found.ns = ns;
    found.subnet = subnet;
    std::set<NeedsId> some;
    for (const std::size_t place : holding) some.insert(in_play.at_place[place].begin(), in_play.at_place[place].end());
    found.some.assign(some.begin(), some.end());
    for (const NeedsId id : found.some)
      if (!in_play.needs[id].labels.empty() || in_play.needs[id].port) found.asking.push_back(id);
    classes.all.push_back(std::move(found));
  }
  for (const Pod& pod : cluster.pods) {
    if (!is_endpoint(pod)) continue;
    NamespaceClass& here = classes.all[classes.of.at(pod.ns)];
    if (subnet_of(cluster, pod) == here.subnet) here.taken.insert(in_play.matched(here.some, in_play.choice_of(pod)));
  }
  return classes;
}

// --- pods ------------------------------------------------------------------------------------------------------------

class Walk {
 public:
  Walk(const Cluster& cluster, const InPlay& in_play, std::size_t budget, Future& result)
      : cluster_(cluster),
        in_play_(in_play),
        budget_(budget),
        result_(result),
        addresses_(cluster),
        node_(node_to_run_on(cluster)) {}

  // Pairs of one class after those of another would leave the last namespaces nothing of a small budget; so the classes
  // take turns.
  std::vector<Pod> walk(Classes& classes) {
    for (NamespaceClass& here : classes.all) represent({}, here);
    for (NamespaceClass& here : classes.all)
      for (const NeedsId id : here.asking) represent({id}, here);
    bool more = true;
    for (std::size_t first = 0; more; ++first) {
      more = false;
      for (NamespaceClass& here : classes.all) {
        if (first + 1 >= here.asking.size()) continue;
        more = true;
        for (std::size_t second = first + 1; second < here.asking.size(); ++second)
          if (in_play_.agree(here.asking[first], here.asking[second]))
            represent({here.asking[first], here.asking[second]}, here);
      }
    }
    return std::move(pods_);
  }

 private:
  void represent(const std::vector<NeedsId>& wanted, NamespaceClass& here) {
    ++result_.candidates;
    if (pods_.size() >= budget_) {
      ++result_.over_budget;
      return;
    }
    for (const Choice& choice : in_play_.choices(wanted, here.some)) {
      if (pods_.size() < budget_ && here.taken.insert(in_play_.matched(here.some, choice)).second) add(choice, here);
    }
  }

  void add(const Choice& choice, const NamespaceClass& here) {
    Pod pod;
    pod.ns = here.ns;
    do pod.name = "future-" + std::to_string(++last_number_);
    while (cluster_.find_pod(pod.ns, pod.name));
    pod.node = node_;
    in_play_.apply(choice, pod);
    if (here.subnet) pod.annotations.emplace(switch_annotation, here.subnet->name);
    // Ranges of the command line stand in for Subnets that were not given.
    const bool ranges_only = !here.subnet && cluster_.subnets.empty();
    auto addresses = addresses_.take(here.subnet   ? here.subnet->cidrs
                                     : ranges_only ? cluster_.pod_cidrs
                                                   : std::vector<Cidr>());
    if (!addresses) {
      ++result_.without_address;
      return;
    }
    pod.addresses = *std::move(addresses);
    pods_.push_back(std::move(pod));
  }

  const Cluster& cluster_;
  const InPlay& in_play_;
  std::size_t budget_;
  Future& result_;
  future::FreeAddresses addresses_;
  std::string node_;
  std::vector<Pod> pods_;
  std::size_t last_number_ = 0;
};

// --- bindings --------------------------------------------------------------------------------------------------------

/// Has the Subnet restrictions of its own? Then pods are not bound there, as a packet had to pass both filters before
/// and would have to pass only one of them (design.md section 7). ACLs for our groups are no such restrictions.
bool is_guarded(const Subnet& subnet, const std::set<std::string, std::less<>>& our_port_groups) {
  const auto is_ours = [&](const ExistingAcl& acl) {
    for (const std::string_view scope : {"outport == @", "inport == @"}) {
      if (!acl.match.starts_with(scope)) continue;
      const std::string_view rest = std::string_view(acl.match).substr(scope.size());
      if (our_port_groups.count(rest.substr(0, rest.find(' '))) != 0) return true;
    }
    return false;
  };
  return subnet.is_private || std::any_of(subnet.acls.begin(), subnet.acls.end(), [&](const ExistingAcl& acl) {
           return (acl.action == "drop" || acl.action == "reject" || acl.priority >= 2003) && !is_ours(acl);
         });
}

/// Binds new pods as policyconv binds running ones: to the groups that hold for them, and to the helpers.
class Binder {
 public:
  Binder(const kubeovn::Manifest& manifest, const Cluster& cluster) : cluster_(cluster) {
    std::set<std::string, std::less<>> port_groups;
    for (const kubeovn::SecurityGroup& group : manifest.security_groups) {
      if (group.role == kubeovn::Role::Members && !group.members) continue;  // a group of other hands
      std::string port_group = "ovn.sg." + group.name;                       // K§2.1
      std::replace(port_group.begin(), port_group.end(), '-', '.');
      port_groups.insert(std::move(port_group));
      if (group.role != kubeovn::Role::Members) {
        helpers_[group.vpc].push_back(&group);
        continue;
      }
      const auto named =
          std::find_if(group.members->all_of.begin(), group.members->all_of.end(),
                       [](const ir::Requirement& r) { return r.key == ir::namespace_key && r.op == ir::Op::In; });
      if (named == group.members->all_of.end())
        anywhere_.push_back(&group);
      else
        for (const std::string& ns : named->values) by_namespace_[ns].push_back(&group);
    }
    for (const Subnet& subnet : cluster.subnets)
      if (is_guarded(subnet, port_groups)) guarded_.insert(&subnet);
  }

  [[nodiscard]] kubeovn::Binding bind(const Pod& pod) const {
    kubeovn::Binding binding{pod.ns, pod.name, {}};
    const Subnet* subnet = subnet_of(cluster_, pod);
    if (guarded_.count(subnet) != 0) return binding;
    const std::string vpc = subnet ? subnet->vpc : "ovn-cluster";
    const Labels labels = ir::identity_labels(cluster_, pod);
    bool isolated[2] = {false, false};
    const auto look = [&](const std::vector<const kubeovn::SecurityGroup*>& groups) {
      for (const kubeovn::SecurityGroup* group : groups) {
        if (group->vpc != vpc || !ir::is_member(*group->members, labels, pod.ports)) continue;
        binding.groups.push_back(group->name);
        isolated[static_cast<std::size_t>(Direction::Ingress)] |= group->isolates_ingress;
        isolated[static_cast<std::size_t>(Direction::Egress)] |= group->isolates_egress;
      }
    };
    look(anywhere_);
    if (const auto here = by_namespace_.find(pod.ns); here != by_namespace_.end()) look(here->second);
    const auto helpers = helpers_.find(vpc);
    if (helpers == helpers_.end()) return binding;
    bool is_selected = !binding.groups.empty();
    for (const kubeovn::SecurityGroup* helper : helpers->second)
      for (const ir::Group& isolating : helper->unless) {
        if (!ir::is_member(isolating, labels, pod.ports)) continue;
        is_selected = true;
        isolated[static_cast<std::size_t>(helper->role == kubeovn::Role::OpenIn ? Direction::Ingress : Direction::Egress)] = true;
      }
    if (!is_selected) return binding;
    std::sort(binding.groups.begin(), binding.groups.end());
    for (const kubeovn::SecurityGroup* helper : helpers->second)
      if (applies(helper->role, isolated)) binding.groups.push_back(helper->name);
    return binding;
  }

 private:
  static bool applies(kubeovn::Role role, const bool (&isolated)[2]) {
    switch (role) {
      case kubeovn::Role::Members:
        return false;
      case kubeovn::Role::Base:
        return true;
      case kubeovn::Role::OpenIn:
        return !isolated[static_cast<std::size_t>(Direction::Ingress)];
      case kubeovn::Role::OpenOut:
        return !isolated[static_cast<std::size_t>(Direction::Egress)];
    }
    return false;
  }

  const Cluster& cluster_;
  std::vector<const kubeovn::SecurityGroup*> anywhere_;
  std::map<std::string, std::vector<const kubeovn::SecurityGroup*>, std::less<>> by_namespace_, helpers_;  // by VPC
  std::set<const Subnet*> guarded_;
};

template <typename T>
auto place_in_order(const T& each) {
  if constexpr (requires { each.pod; })
    return std::tie(each.ns, each.pod);
  else
    return std::tie(each.ns, each.name);
}

}  // namespace

Future with_future_pods(const cilium::Policies& policies, const Semantics& semantics, const kubeovn::Manifest& manifest,
                        const Cluster& cluster, std::size_t budget) {
  const InPlay in_play = future::read_selectors(policies, cluster, semantics, manifest);
  Classes classes = classes_of(cluster, semantics, in_play);
  Future result{cluster, manifest, {}};
  std::vector<Pod> pods = Walk(cluster, in_play, budget, result).walk(classes);
  const auto in_order = [](const auto& a, const auto& b) { return place_in_order(a) < place_in_order(b); };
  std::sort(pods.begin(), pods.end(), in_order);
  const Binder binder(manifest, cluster);
  for (const Pod& pod : pods)
    if (kubeovn::Binding binding = binder.bind(pod); !binding.groups.empty())
      result.manifest.bindings.push_back(std::move(binding));
  std::sort(result.manifest.bindings.begin(), result.manifest.bindings.end(), in_order);

  std::vector<Pod> all;
  all.reserve(cluster.pods.size() + pods.size());
  auto running = cluster.pods.begin();
  for (Pod& pod : pods) {
    while (running != cluster.pods.end() && in_order(*running, pod)) all.push_back(*running++);
    result.future.push_back(all.size());
    all.push_back(std::move(pod));
  }
  all.insert(all.end(), running, cluster.pods.end());
  result.cluster.pods = std::move(all);
  return result;
}

}  // namespace policyconv::verify
