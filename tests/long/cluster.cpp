// Clusters: one or two VPCs with one to three Subnets, either family or both, one to four nodes, a handful of pods.
#include <fmt/format.h>

#include "tests/long/generate.h"

namespace policyconv::long_tests {
namespace {

using json = nlohmann::json;

struct Network {
  std::string name, vpc = "ovn-cluster", v4, v6;  // prefixes of addresses: "10.16.0.", "fd00:10:16::"
  std::vector<std::string> namespaces;
};

class Maker {
 public:
  explicit Maker(Dice& dice) : dice_(dice) {
    const std::size_t families = dice.weighted({30, 15, 55});
    world_.v4 = families != 1;
    world_.v6 = families != 0;
  }

  World make() {
    namespaces();
    nodes();
    networks();
    apiserver();
    const std::size_t pods = dice_.between(3, 8);
    for (std::size_t i = 0; i < pods; ++i) pod(i);
    if (dice_.chance(8)) vip();
    return std::move(world_);
  }

 private:
  static json object(const char* api, const char* kind, json metadata) {
    return {{"apiVersion", api}, {"kind", kind}, {"metadata", std::move(metadata)}};
  }

  void add(json object) { world_.objects.push_back(std::move(object)); }

  std::string both(const std::string& v4, const std::string& v6) const {
    if (!world_.v6) return v4;
    return world_.v4 ? v4 + "," + v6 : v6;
  }
  std::vector<std::string> each(const std::string& v4, const std::string& v6) const {
    std::vector<std::string> all;
    if (world_.v4) all.push_back(v4);
    if (world_.v6) all.push_back(v6);
    return all;
  }

  void namespaces() {
    world_.namespaces = {"default", "shop"};
    for (const char* name : {"pay", "edge", "kube-system"})
      if (dice_.chance(50)) world_.namespaces.emplace_back(name);
    for (const std::string& name : world_.namespaces) {
      json labels = {{"kubernetes.io/metadata.name", name}};
      if (dice_.chance(60)) labels["team"] = dice_.of({"x", "y"});
      if (dice_.chance(30)) labels["env"] = dice_.of({"prod", "dev"});
      add(object("v1", "Namespace", {{"name", name}, {"labels", labels}}));
    }
  }

  void nodes() {
    const std::size_t count = dice_.between(1, 4);
    for (std::size_t i = 1; i <= count; ++i) {
      const std::string name = fmt::format("n{}", i);
      json addresses = json::array();
      for (const std::string& address : each(fmt::format("192.168.56.{}", 40 + i), fmt::format("fd00:56::{:x}", 40 + i)))
        addresses.push_back({{"type", "InternalIP"}, {"address", address}});
      if (world_.v4 && dice_.chance(15))
        addresses.push_back({{"type", "ExternalIP"}, {"address", fmt::format("203.0.113.{}", 40 + i)}});
      for (const json& address : addresses) world_.addresses.push_back(address["address"]);
      json node = object("v1", "Node", {{"name", name}, {"labels", {{"kubernetes.io/hostname", name}}}});
      const std::string join = both(fmt::format("100.64.0.{}", i + 1), fmt::format("fd00:100:64::{:x}", i + 1));
      node["metadata"]["annotations"]["ovn.kubernetes.io/ip_address"] = join;
      for (const std::string& address : each(fmt::format("100.64.0.{}", i + 1), fmt::format("fd00:100:64::{:x}", i + 1)))
        if (dice_.chance(20)) world_.addresses.push_back(address);
      node["status"]["addresses"] = addresses;
      add(std::move(node));
      nodes_.push_back(name);
    }
  }

  void network(const Network& network, const std::string& v4, const std::string& v6, bool is_default) {
    json spec = {{"cidrBlock", both(v4, v6)},
                 {"gateway", both(network.v4 + "1", network.v6 + "1")},
                 {"vpc", network.vpc},
                 {"provider", "ovn"}};
    if (is_default) spec["default"] = true;
    if (!network.namespaces.empty()) spec["namespaces"] = network.namespaces;
    json subnet = object("kubeovn.io/v1", "Subnet", {{"name", network.name}});
    subnet["spec"] = std::move(spec);
    add(std::move(subnet));
  }

  void networks() {
    networks_ = {{"ovn-default", "ovn-cluster", "10.16.0.", "fd00:10:16::", {}}};
    network(networks_[0], "10.16.0.0/16", "fd00:10:16::/112", true);
    network({"join", "ovn-cluster", "100.64.0.", "fd00:100:64::", {}}, "100.64.0.0/16", "fd00:100:64::/112", false);
    if (dice_.chance(35)) {
      networks_.push_back({"second", "ovn-cluster", "10.17.4.", "fd00:10:17::", {dice_.of(world_.namespaces)}});
      network(networks_.back(), "10.17.4.0/22", "fd00:10:17::/112", false);
    }
    if (!dice_.chance(25)) return;
    const std::string ns = dice_.of(world_.namespaces);
    if (networks_.size() > 1 && networks_.back().namespaces.front() == ns) return;
    networks_.push_back({"tenant", "vpc-b", "10.30.0.", "fd00:10:30::", {ns}});
    network(networks_.back(), "10.30.0.0/24", "fd00:10:30::/112", false);
    json vpc = object("kubeovn.io/v1", "Vpc", {{"name", "vpc-b"}});
    vpc["spec"]["namespaces"] = json::array({ns});
    if (dice_.chance(40)) vpc["spec"]["vpcPeerings"] = json::array({{{"remoteVpc", "ovn-cluster"}, {"localConnectIP", "169.254.0.1/30"}}});
    add(std::move(vpc));
  }

  // Of the first node, of both families or one, or outside, or inside a Subnet, or of nobody.
  void apiserver() {
    const std::size_t where = dice_.weighted({35, 20, 25, 8, 6, 6});
    std::vector<std::string> v4, v6;
    const auto take = [&](const std::string& four, const std::string& six) {
      if (world_.v4) v4.push_back(four);
      if (world_.v6) v6.push_back(six);
    };
    if (where <= 2) take("192.168.56.41", "fd00:56::29");
    if (where == 1 && world_.v4) v6.clear();
    if (where == 2 || where == 3) take("52.1.1.1", "2001:db8:52::1");
    if (where == 4) take("10.16.250.9", "fd00:10:16::fa09");
    for (const auto& [family, addresses] : {std::pair("IPv4", v4), std::pair("IPv6", v6)}) {
      if (addresses.empty()) continue;
      json slice = object("discovery.k8s.io/v1", "EndpointSlice",
                          {{"name", fmt::format("kubernetes-{}", family[3])},
                           {"namespace", "default"},
                           {"labels", {{"kubernetes.io/service-name", "kubernetes"}}}});
      slice["addressType"] = family;
      for (const std::string& address : addresses) {
        slice["endpoints"].push_back({{"addresses", json::array({address})}});
        world_.addresses.push_back(address);
      }
      slice["ports"] = json::array({{{"name", "https"}, {"port", 6443}, {"protocol", "TCP"}}});
      add(std::move(slice));
    }
    const bool split = where == 1 && world_.v4 && world_.v6;  // a node end of the first node would be two things at once
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (i == 0 && split)
        for (const char* address : {"ip:192.168.56.41", "ip:fd00:56::29"}) world_.nodes.emplace_back(address);
      else
        world_.nodes.push_back("node:" + nodes_[i]);
    can_host_ = !split;
  }

  const Network& network_of(const std::string& ns) const {
    for (const Network& network : networks_)
      for (const std::string& name : network.namespaces)
        if (name == ns) return network;
    return networks_.front();
  }

  json labels(const std::string& app) {
    json labels = {{"app", app}};
    if (dice_.chance(50)) labels["tier"] = dice_.of({"front", "back"});
    if (dice_.chance(35)) labels["env"] = dice_.of({"prod", "dev"});
    if (dice_.chance(15)) labels["pod-template-hash"] = dice_.of({"7f9c6b5d8", "6d4b75cb6d"});
    if (dice_.chance(10)) labels["canary"] = "";
    return labels;
  }

  json ports() {
    json all = json::array();
    const auto add = [&](const char* name, const std::vector<std::uint16_t>& numbers, const char* protocol) {
      if (!dice_.chance(45)) return;
      const std::uint16_t number = dice_.of(numbers);
      all.push_back({{"name", name}, {"containerPort", number}, {"protocol", protocol}});
      world_.named.push_back(number);
    };
    add("http", {80, 8080, 8443}, "TCP");
    add("metrics", {9090, 9091}, "TCP");
    add("dns", {53}, dice_.chance(75) ? "UDP" : "TCP");
    return all;
  }

  // Often one more of those that there are: the same labels, not always the same ports.
  void pod(std::size_t number) {
    const bool again = !pods_.empty() && dice_.chance(25);
    const json like = again ? dice_.of(pods_) : json();
    const std::string app = again ? like["metadata"]["labels"]["app"].get<std::string>() : dice_.of({"web", "db", "cache", "api"});
    const std::string ns = again ? like["metadata"]["namespace"].get<std::string>() : dice_.of(world_.namespaces);
    const std::string name = fmt::format("{}-{}", app, number), node = dice_.of(nodes_);
    const bool host = can_host_ && dice_.chance(6);
    const Network& network = network_of(ns);
    json spec = {{"nodeName", node}, {"containers", json::array({{{"name", "main"}, {"image", "registry.k8s.io/pause:3.9"}}})}};
    if (again ? like["spec"].contains("serviceAccountName") : dice_.chance(25)) spec["serviceAccountName"] = app + "-sa";
    if (again && dice_.chance(50)) spec["containers"] = like["spec"]["containers"];
    else if (json named = ports(); !named.empty()) spec["containers"][0]["ports"] = std::move(named);
    std::vector<std::string> addresses;
    if (host) {
      spec["hostNetwork"] = true;
      const std::size_t of_node = 40 + static_cast<std::size_t>(std::stoi(node.substr(1)));
      addresses = each(fmt::format("192.168.56.{}", of_node), fmt::format("fd00:56::{:x}", of_node));
    } else {
      const std::size_t last = 16 + number * 16 + dice_.below(16);
      addresses = each(fmt::format("{}{}", network.v4, last), fmt::format("{}{:x}", network.v6, last));
    }
    json status = {{"phase", dice_.chance(4) ? "Succeeded" : "Running"}, {"podIPs", json::array()}};
    for (const std::string& address : addresses) {
      status["podIPs"].push_back({{"ip", address}});
      if (!host) world_.addresses.push_back(address);
    }
    if (status["phase"] == "Running") world_.pods.push_back(fmt::format("pod:{}/{}", ns, name));
    json labels = again ? like["metadata"]["labels"] : this->labels(app);
    json pod = object("v1", "Pod", {{"name", name}, {"namespace", ns}, {"labels", std::move(labels)}});
    pod["spec"] = std::move(spec);
    pod["status"] = std::move(status);
    pods_.push_back(pod);
    add(std::move(pod));
  }

  void vip() {
    json vip = object("kubeovn.io/v1", "Vip", {{"name", "vip"}});
    vip["spec"]["subnet"] = "ovn-default";
    if (world_.v4) vip["spec"]["v4ip"] = "10.16.250.7";
    if (world_.v6) vip["spec"]["v6ip"] = "fd00:10:16::fa07";
    for (const std::string& address : each("10.16.250.7", "fd00:10:16::fa07")) world_.addresses.push_back(address);
    add(std::move(vip));
  }

  Dice& dice_;
  World world_;
  std::vector<std::string> nodes_;
  std::vector<json> pods_;
  std::vector<Network> networks_;
  bool can_host_ = true;
};

}  // namespace

World random_cluster(Dice& dice) {
  return Maker(dice).make();
}

}  // namespace policyconv::long_tests
