// Entrance: Shares. A pod's policy must know every group that may be about the pod, so groups are dealt out by the
// namespaces that they name; a group that names none goes to every share.
#include "backends/kubeovn/admission_share.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "backends/kubeovn/membership.h"
#include "backends/kubeovn/vpc.h"
#include "ir/membership.h"

namespace policyconv::kubeovn {
namespace {

using Names = std::vector<std::string>;

// The API server gives every namespace this label with its name, and lets nobody change it.
constexpr std::string_view name_label = "kubernetes.io/metadata.name";

bool names_namespace(std::string_view key) {
  return key == ir::namespace_key ||
         (key.starts_with(ir::namespace_labels_prefix) && key.substr(ir::namespace_labels_prefix.size()) == name_label);
}

Names both(const Names& a, const Names& b) {
  Names common;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
  return common;
}

Names without(const Names& a, const Names& b) {
  Names rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  return rest;
}

std::optional<Names> named_by(const ir::Group& group) {
  std::optional<Names> names;
  for (const ir::Requirement& requirement : group.all_of)
    if (requirement.op == ir::Op::In && names_namespace(requirement.key))
      names = names ? both(*names, requirement.values) : requirement.values;
  return names;
}

/// A requirement within a share: always so, never so, or still to be asked.
enum class Holds : std::uint8_t { Always, Never, Perhaps };

Holds within(const ir::Requirement& requirement, const Share& share, Term& term) {
  const bool wants = requirement.op == ir::Op::In || requirement.op == ir::Op::Exists;
  const bool by_value = requirement.op == ir::Op::In || requirement.op == ir::Op::NotIn;
  const auto asked = [&](LabelSource source, std::string_view key, Names values) {
    term = {source, std::string(key), requirement.op, std::move(values)};
    return Holds::Perhaps;
  };
  if (names_namespace(requirement.key)) {
    if (!by_value) return wants ? Holds::Always : Holds::Never;
    Names values =
        share.others ? without(requirement.values, share.namespaces) : both(requirement.values, share.namespaces);
    if (values.empty()) return wants ? Holds::Never : Holds::Always;
    if (!share.others && values.size() == share.namespaces.size()) return wants ? Holds::Always : Holds::Never;
    return asked(LabelSource::NamespaceName, {}, std::move(values));
  }
  if (requirement.key == ir::service_account_key) {
    if (!by_value) return wants ? Holds::Always : Holds::Never;
    return asked(LabelSource::ServiceAccount, {}, requirement.values);
  }
  if (requirement.key.starts_with(ir::namespace_labels_prefix))
    return asked(LabelSource::NamespaceLabels,
                 std::string_view(requirement.key).substr(ir::namespace_labels_prefix.size()), requirement.values);
  // What Cilium filters out or sets itself is no label that a pod could have (C§3.2).
  if (!ir::identity_relevant(requirement.key) || requirement.key.starts_with("io.cilium.k8s"))
    return wants ? Holds::Never : Holds::Always;
  return asked(LabelSource::Pod, requirement.key, requirement.values);
}

std::optional<Item> within(const ir::Group& group, const Share& share) {
  Item item;
  for (const ir::Requirement& requirement : group.all_of) {
    Term term;
    switch (within(requirement, share, term)) {
      case Holds::Always:
        break;
      case Holds::Never:
        return std::nullopt;
      case Holds::Perhaps:
        item.terms.push_back(std::move(term));
        break;
    }
  }
  // The cheap and telling question first.
  std::stable_partition(item.terms.begin(), item.terms.end(),
                        [](const Term& term) { return term.source == LabelSource::NamespaceName; });
  item.port = group.port;
  return item;
}

std::size_t length(const ir::Group& group, const std::string& text) {
  constexpr std::size_t around = 40;  // what a language puts around a key
  std::size_t sum = text.size() + around;
  for (const ir::Requirement& requirement : group.all_of) {
    sum += requirement.key.size() + around;
    for (const std::string& value : requirement.values) sum += value.size() + 4;
  }
  return sum;
}

// Stands for the VPC of Subnets with restrictions of their own: no VPC has this name, so their pods get no groups, which
// would outrank the restrictions (K§9.46).
constexpr std::string_view guarded_place = "(guarded)";

std::string meaning(const SecurityGroup& group, bool several_vpcs) {
  const bool rules = several_vpcs && (!group.ingress.empty() || !group.egress.empty());
  if (!group.isolates_ingress && !group.isolates_egress) return group.name + (rules ? " rules" : "");
  return group.name + (group.isolates_ingress ? " in" : "") + (group.isolates_egress ? " out" : "");
}

struct Nameless {
  const ir::Group* group = nullptr;
  std::string text;
};

std::map<ir::Group, Nameless> nameless(const VpcGroups& groups) {
  std::map<ir::Group, Nameless> found;
  const auto look = [&](const SecurityGroup* helper, std::string_view meaning) {
    if (helper == nullptr) return;
    for (const ir::Group& isolating : helper->unless) {
      Nameless& each = found[isolating];
      each.group = &isolating;
      each.text += meaning;
    }
  };
  look(groups.open_in, " in");
  look(groups.open_out, " out");
  return found;
}

std::string name_of(const SecurityGroup* group) {
  return group == nullptr ? std::string() : group->name;
}

}  // namespace

bool Share::has(std::string_view ns) const {
  return std::binary_search(namespaces.begin(), namespaces.end(), ns) != others;
}

Shares::Shares(const Manifest& manifest) {
  const Membership membership(manifest);
  std::set<std::string_view> known;
  for (const auto& [vpc, groups] : membership.vpcs()) known.insert(vpc);
  for (const VpcPlace& place : manifest.places) {
    known.insert(place.vpc);
    if (!place.guarded.empty()) known.insert(guarded_place);
  }
  several_vpcs_ = known.size() > 1;
  for (const auto& [vpc, groups] : membership.vpcs()) {
    vpcs_.push_back({vpc, {}, {name_of(groups.base), name_of(groups.open_in), name_of(groups.open_out)}});
    if (groups.base != nullptr && (closed_.empty() || vpc == default_vpc)) closed_ = groups.base->name;
    for (const SecurityGroup* group : groups.members)
      add(vpcs_.size() - 1, *group->members, meaning(*group, several_vpcs_));
    for (const auto& [key, each] : nameless(groups)) add(vpcs_.size() - 1, *each.group, each.text);
  }
  if (!several_vpcs_) return;
  for (const VpcPlace& place : manifest.places) {
    for (const std::string& subnet : place.guarded) subnets_.emplace(subnet, guarded_place);
    for (const std::string& subnet : place.subnets) subnets_.emplace(subnet, place.vpc);
    for (const std::string& ns : place.namespaces) homes_.emplace(ns, place.vpc);
  }
}

void Shares::add(std::size_t vpc, const ir::Group& group, std::string text) {
  Candidate candidate{vpc, &group, std::move(text), named_by(group)};
  const std::size_t index = candidates_.size();
  if (!candidate.namespaces)
    anywhere_.push_back(index);
  else
    for (const std::string& ns : *candidate.namespaces) by_namespace_[ns].push_back(index);
  candidates_.push_back(std::move(candidate));
}

Share Shares::fill(Share share, const std::vector<std::size_t>& candidates) const {
  std::vector<VpcItems> vpcs = vpcs_;
  for (const std::size_t index : candidates) {
    const Candidate& candidate = candidates_[index];
    std::optional<Item> item = within(*candidate.group, share);
    if (!item) continue;
    item->text = candidate.text;
    vpcs[candidate.vpc].items.push_back(*std::move(item));
  }
  std::copy_if(std::make_move_iterator(vpcs.begin()), std::make_move_iterator(vpcs.end()),
               std::back_inserter(share.vpcs), [](const VpcItems& vpc) { return !vpc.items.empty(); });
  share.several_vpcs = several_vpcs_;
  for (const auto& [ns, vpc] : homes_)
    if (vpc != default_vpc && share.has(ns)) share.homes.emplace(ns, vpc);
  return share;
}

Share Shares::of(std::vector<std::string> namespaces) const {
  std::set<std::size_t> candidates(anywhere_.begin(), anywhere_.end());
  for (const std::string& ns : namespaces)
    if (const auto found = by_namespace_.find(ns); found != by_namespace_.end())
      candidates.insert(found->second.begin(), found->second.end());
  Share share;
  share.namespaces = std::move(namespaces);
  return fill(std::move(share), {candidates.begin(), candidates.end()});
}

Share Shares::others() const {
  Share share;
  share.others = true;
  for (const auto& [ns, candidates] : by_namespace_) share.namespaces.push_back(ns);
  return fill(std::move(share), anywhere_);
}

std::vector<Share> Shares::split(std::size_t size) const {
  const auto length_of = [&](const std::vector<std::size_t>& candidates) {
    std::size_t sum = 0;
    for (const std::size_t index : candidates) sum += length(*candidates_[index].group, candidates_[index].text);
    return sum;
  };
  const std::size_t everywhere = length_of(anywhere_);
  std::vector<Share> shares;
  std::vector<std::string> portion;
  std::size_t filled = everywhere;
  for (const auto& [ns, candidates] : by_namespace_) {
    const std::size_t more = length_of(candidates);
    if (!portion.empty() && filled + more > size) {
      shares.push_back(of(std::exchange(portion, {})));
      filled = everywhere;
    }
    portion.push_back(ns);
    filled += more;
  }
  if (!portion.empty()) shares.push_back(of(std::move(portion)));
  shares.push_back(others());
  return shares;
}

}  // namespace policyconv::kubeovn
