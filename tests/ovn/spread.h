// Conformance cases, all of one Subnet, on two.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "tests/conformance.h"

namespace policyconv::real_ovn {

inline std::string moved(std::string address) {
  for (const auto& [from, to] : {std::pair("10.16.0.", "10.213.77."), std::pair("fd00:10:16::", "fd00:213:77::")})
    if (address.starts_with(from)) return to + address.substr(std::string_view(from).size());
  return address;
}

/// Every second pod goes to a Subnet of its own. Cilium's verdicts stay: none depends on the address of a pod.
inline conformance::Case spread(conformance::Case source) {
  nlohmann::json objects = nlohmann::json::parse(source.objects);
  std::map<std::string, std::string> ends;  // "ip:" ends that are pods
  bool other = false;
  for (nlohmann::json& object : objects.at("items")) {
    if (object.at("kind") != "Pod" || !(other = !other)) continue;
    nlohmann::json& status = object.at("status");
    if (status.contains("podIP")) status["podIP"] = moved(status.at("podIP"));
    for (nlohmann::json& ip : status.at("podIPs")) {
      const std::string from = ip.at("ip");
      ip["ip"] = moved(from);
      ends["ip:" + from] = "ip:" + moved(from);
    }
  }
  objects["items"].push_back({{"apiVersion", "kubeovn.io/v1"},
                              {"kind", "Subnet"},
                              {"metadata", {{"name", "second"}}},
                              {"spec",
                               {{"cidrBlock", "10.213.77.0/24,fd00:213:77::/112"},
                                {"gateway", "10.213.77.1,fd00:213:77::1"},
                                {"vpc", "ovn-cluster"},
                                {"provider", "ovn"}}}});
  source.objects = objects.dump();
  for (conformance::Flow& flow : source.flows)
    for (std::string* end : {&flow.from, &flow.to})
      if (const auto at = ends.find(*end); at != ends.end()) *end = at->second;
  return source;
}

}  // namespace policyconv::real_ovn
