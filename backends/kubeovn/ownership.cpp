#include "backends/kubeovn/ownership.h"

#include <algorithm>

#include "backends/kubeovn/bands.h"

namespace policyconv::kubeovn {
namespace {

std::vector<std::string> annotated_groups(const Pod& pod) {
  const auto annotation = pod.annotations.find(annotation_of(provider_of(pod)));
  return annotation == pod.annotations.end() ? std::vector<std::string>() : groups_in(annotation->second);
}

// "pc-base-...", "pc-open-in-...", "pc-open-out-...", or "pc-...-" and twelve hexadecimal digits (names.h).
bool has_our_shape(std::string_view group) {
  for (const std::string_view helper : {"pc-base-", "pc-open-in-", "pc-open-out-"})
    if (group.starts_with(helper)) return true;
  constexpr std::size_t digits = 12;
  if (!group.starts_with("pc-") || group.size() < digits + 4 || group[group.size() - digits - 1] != '-') return false;
  const std::string_view tail = group.substr(group.size() - digits);
  return tail.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_our_priority(int priority) {
  for (const Release release : {Release{15}, Release{16}}) {
    if (priority == sctp_drop_priority(release)) return true;
    for (std::size_t band = 0; band < band_numbers.size(); ++band)
      if (priority == ovn_priority(static_cast<Band>(band), release)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> groups_as_written(std::string_view annotation) {
  std::vector<std::string> names;
  if (annotation.empty()) return names;
  for (std::size_t at = 0; at <= annotation.size();) {
    const std::size_t end = std::min(annotation.find(',', at), annotation.size());
    names.emplace_back(annotation.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

std::vector<std::string> groups_in(std::string_view annotation) {
  std::vector<std::string> names = groups_as_written(annotation);
  for (std::string& name : names) std::erase(name, ' ');
  std::erase(names, "");
  return names;
}

bool Ownership::is_ours(std::string_view group) const {
  const auto& known = cluster_.security_groups;  // sorted by name
  const auto at = std::lower_bound(known.begin(), known.end(), group,
                                   [](const ExistingSecurityGroup& sg, std::string_view wanted) { return sg.name < wanted; });
  return at != known.end() && at->name == group ? at->managed : has_our_shape(group);
}

bool Ownership::is_ours(const ExistingAcl& acl) const {
  if (!is_our_priority(acl.priority)) return false;
  for (const std::string_view scope : {"outport == @ovn.sg.", "inport == @ovn.sg."}) {
    if (!acl.match.starts_with(scope)) continue;
    std::string group = acl.match.substr(scope.size(), acl.match.find(' ', scope.size()) - scope.size());
    std::replace(group.begin(), group.end(), '.', '-');
    return is_ours(group);
  }
  return false;
}

std::vector<std::string> Ownership::foreign_groups(const Pod& pod) const {
  std::vector<std::string> groups = annotated_groups(pod);
  groups.erase(std::remove_if(groups.begin(), groups.end(), [&](const std::string& group) { return is_ours(group); }), groups.end());
  return groups;
}

bool Ownership::carries_ours(const Pod& pod) const {
  const std::vector<std::string> groups = annotated_groups(pod);
  return std::any_of(groups.begin(), groups.end(), [&](const std::string& group) { return is_ours(group); });
}

std::string Ownership::guard_of(const Subnet& subnet) const {
  if (subnet.is_private) return "is private";
  for (const ExistingAcl& acl : subnet.acls) {
    if (is_ours(acl)) continue;
    if (acl.action == "drop" || acl.action == "reject") return "has ACLs that drop";
    // An allow above deny-all (2003) would open what the policies close (K§9.45).
    if (acl.priority >= 2003) return "has ACLs that would outrank the policies";
  }
  return {};
}

}  // namespace policyconv::kubeovn
