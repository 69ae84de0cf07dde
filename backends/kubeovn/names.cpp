// Names that Kube-OVN derives (K§2.1).
#include <algorithm>

#include "backends/kubeovn/manifest.h"

namespace policyconv::kubeovn {

std::string_view to_string(SgProtocol protocol) {
  switch (protocol) {
    case SgProtocol::All: return "all";
    case SgProtocol::Icmp: return "icmp";
    case SgProtocol::Tcp: return "tcp";
    case SgProtocol::Udp: return "udp";
  }
  return {};
}

std::string port_group_name(std::string_view sg) {
  std::string name = "ovn.sg." + std::string(sg);
  std::replace(name.begin(), name.end(), '-', '.');
  return name;
}

std::string address_set_name(std::string_view sg, Family family) {
  return port_group_name(sg) + (family == Family::V4 ? ".associated.v4" : ".associated.v6");
}

}  // namespace policyconv::kubeovn
