// Names of our objects, and the names that Kube-OVN derives from them (K§2.1).
#include "backends/kubeovn/names.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include <fmt/format.h>

#include "backends/kubeovn/manifest.h"
#include "ir/digest.h"
#include "ir/membership.h"

namespace policyconv::kubeovn {
namespace {

constexpr std::size_t longest_slug = 44;  // pc- + slug + - + 12 digits stays below 63

std::string digits(std::string_view text) { return fmt::format("{:016x}", fnv1a(text)).substr(0, 12); }

void append_words(std::string& slug, std::string_view text) {
  for (const char c : text) {
    const bool word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (word) slug += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!slug.empty() && slug.back() != '-') slug += '-';
  }
  if (!slug.empty() && slug.back() != '-') slug += '-';
}

// Separators that occur in no label, so that different groups never encode alike.
std::string encode(const ir::Group& group, std::string_view vpc) {
  std::string code(vpc);
  for (const ir::Requirement& requirement : group.all_of) {
    code += '\n' + requirement.key + '\t' + static_cast<char>('0' + static_cast<int>(requirement.op));
    for (const std::string& value : requirement.values) code += '\t' + value;
  }
  if (group.port) code += fmt::format("\n\n{}\t{}\t{}", group.port->name, static_cast<int>(group.port->protocol), group.port->number);
  return code;
}

}  // namespace

std::string group_name(const ir::Group& group, std::string_view vpc, unsigned salt) {
  std::string slug;
  // The namespace first, then the values people recognise; the hash does the telling apart.
  for (const bool namespaces : {true, false})
    for (const ir::Requirement& requirement : group.all_of)
      if (requirement.op == ir::Op::In && (requirement.key == ir::namespace_key) == namespaces)
        for (const std::string& value : requirement.values) append_words(slug, value);
  if (slug.empty()) slug = group.all_of.empty() ? "all-pods-" : "pods-";
  if (group.port) append_words(slug, group.port->name);
  slug.resize(std::min(slug.size(), longest_slug));
  while (slug.ends_with('-')) slug.pop_back();
  std::string code = encode(group, vpc);
  if (salt != 0) code += fmt::format("\n\n\n{}", salt);
  return fmt::format("pc-{}-{}", slug, digits(code));
}

std::string helper_name(std::string_view role, std::string_view vpc) {
  std::string slug;
  append_words(slug, vpc);
  if (slug.empty()) slug = "vpc-";
  slug.pop_back();
  const std::string name = fmt::format("pc-{}-{}", role, slug.substr(0, longest_slug - 12));
  const bool exact = slug == vpc && slug.size() <= longest_slug - 12;
  return exact ? name : fmt::format("{}-{}", name, digits(vpc));
}

std::string_view to_string(SgProtocol protocol) {
  switch (protocol) {
    case SgProtocol::All: return "all";
    case SgProtocol::Icmp: return "icmp";
    case SgProtocol::Tcp: return "tcp";
    case SgProtocol::Udp: return "udp";
  }
  return {};
}

std::string annotation_of(std::string_view provider) { return fmt::format("{}.kubernetes.io/security_groups", provider); }

std::string port_group_name(std::string_view sg) {
  std::string name = "ovn.sg." + std::string(sg);
  std::replace(name.begin(), name.end(), '-', '.');
  return name;
}

std::string address_set_name(std::string_view sg, Family family) {
  return port_group_name(sg) + (family == Family::V4 ? ".associated.v4" : ".associated.v6");
}

}  // namespace policyconv::kubeovn
