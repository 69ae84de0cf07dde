// Policies: every field that policyconv reads, absent, empty or filled, with names and addresses of the cluster.
#include <fmt/format.h>

#include <algorithm>

#include "tests/long/generate.h"

namespace policyconv::long_tests {
namespace {

using json = nlohmann::json;

struct LabelOf {
  std::string key;
  std::vector<std::string> values;
};

class Writer {
 public:
  Writer(const World& world, int minor, Dice& dice) : world_(world), minor_(minor), dice_(dice) {}

  json write() {
    json policies = json::array();
    const std::size_t count = dice_.between(1, 5);
    for (std::size_t i = 1; i <= count; ++i) {
      const std::size_t kind = dice_.weighted({50, 22, 28});
      policies.push_back(kind == 2 ? network_policy(i) : cilium_policy(i, kind == 1));
    }
    if (refers_to_groups_) add_groups(policies);
    return policies;
  }

 private:
  // --- selectors -----------------------------------------------------------------------------------------------------

  LabelOf label(bool of_namespaces, bool peer) {
    if (of_namespaces)
      switch (dice_.weighted({50, 25, 25})) {
        case 0: return {"team", {"x", "y"}};
        case 1: return {"env", {"prod", "dev"}};
        default: return {"kubernetes.io/metadata.name", {"shop", "pay", "edge", "default"}};
      }
    switch (dice_.weighted({40, 15, 12, 4, 4, 3, 3, peer ? 8u : 2u, peer ? 5u : 1u, 3, peer ? 2u : 0u})) {
      case 0: return {"app", {"web", "db", "cache", "api", "ghost"}};
      case 1: return {"tier", {"front", "back"}};
      case 2: return {"env", {"prod", "dev"}};
      case 3: return {"pod-template-hash", {"7f9c6b5d8", "6d4b75cb6d"}};  // outside the identity
      case 4: return {"k8s:app", {"web", "db"}};
      case 5: return {"any:tier", {"front", "back"}};
      case 6: return {"canary", {"", "yes"}};
      case 7: return {"k8s:io.kubernetes.pod.namespace", {"shop", "pay", "edge", "default", "kube-system"}};
      case 8: return {"io.cilium.k8s.namespace.labels.team", {"x", "y"}};
      case 9: return {"io.cilium.k8s.policy.serviceaccount", {"default", "web-sa", "db-sa"}};
      default: return {"io.cilium.k8s.policy.cluster", {"default", "other"}};
    }
  }

  json expression(bool of_namespaces, bool peer) {
    const LabelOf label = this->label(of_namespaces, peer);
    const std::size_t op = dice_.weighted({40, 25, 20, 15});
    json expression = {{"key", label.key}, {"operator", std::vector<const char*>{"In", "NotIn", "Exists", "DoesNotExist"}[op]}};
    if (op > 1) return expression;
    json values = json::array();
    const std::size_t count = dice_.between(1, 3);
    for (std::size_t i = 0; i < count; ++i) values.push_back(dice_.of(label.values));
    expression["values"] = std::move(values);
    return expression;
  }

  json selector(bool of_namespaces = false, bool peer = true) {
    json selector = json::object();
    if (dice_.chance(20)) return selector;
    if (dice_.chance(65)) {
      const std::size_t count = dice_.between(1, 2);
      for (std::size_t i = 0; i < count; ++i) {
        const LabelOf label = this->label(of_namespaces, peer);
        const std::string& key = label.key;
        // A key with and without a source is one key with two values, which nobody can read (C§18.3).
        const bool taken = selector.contains("matchLabels") &&
                           (key.ends_with(":app") || key == "app" || key.ends_with("tier")) && !selector["matchLabels"].empty();
        if (!taken) selector["matchLabels"][key] = dice_.of(label.values);
      }
    }
    if (selector.empty() || dice_.chance(25)) selector["matchExpressions"] = json::array({expression(of_namespaces, peer)});
    if (dice_.chance(5)) selector["matchExpressions"].push_back(expression(of_namespaces, peer));
    return selector;
  }

  json peer_selector() {
    if (dice_.chance(4)) {
      json reserved;
      reserved["matchLabels"]["reserved:" + dice_.of({"host", "remote-node", "world", "kube-apiserver", "init"})] = "";
      return reserved;
    }
    if (dice_.chance(2)) {
      json reserved;
      reserved["matchExpressions"] = json::array({{{"key", "reserved:" + dice_.of({"host", "world"})}, {"operator", "DoesNotExist"}}});
      return reserved;
    }
    return selector();
  }

  // --- addresses -----------------------------------------------------------------------------------------------------

  /// A prefix, with room for what may be left out of it.
  struct Block {
    std::string cidr;
    std::vector<std::string> inside;
  };

  Block block() {
    if (dice_.chance(12)) {
      const std::string& address = dice_.of(world_.addresses);
      const bool v6 = address.find(':') != std::string::npos;
      return {fmt::format("{}/{}", address, v6 ? dice_.of({"128", "112", "64"}) : dice_.of({"32", "24", "16", "30"})), {}};
    }
    static const std::vector<Block> v4 = {
        {"0.0.0.0/0", {"10.0.0.0/8", "192.168.0.0/16", "1.1.1.1/32", "52.0.0.0/8"}},
        {"10.0.0.0/8", {"10.16.0.0/16", "10.96.0.0/12", "10.1.2.0/24", "10.0.0.0/9"}},
        {"10.1.2.3/8", {"10.160.0.0/13", "10.232.0.0/13"}},
        {"172.16.0.0/12", {"172.16.1.0/24", "172.31.255.255/32", "172.16.0.0/12"}},
        {"192.168.0.0/16", {"192.168.56.0/24", "192.168.0.0/24"}},
        {"52.1.1.1/32", {"52.1.1.1/32"}},
        {"1.1.1.0/24", {"1.1.1.1/32", "1.1.1.128/25"}},
        {"203.0.113.0/24", {"203.0.113.40/29"}},
        {"100.64.0.0/10", {"100.64.0.0/16", "100.120.0.0/13"}},
        {"198.18.0.0/15", {"198.18.0.0/24"}}};
    static const std::vector<Block> v6 = {{"::/0", {"fd00::/8", "2001:db8::/32"}},
                                          {"fd00::/8", {"fd00:10:16::/112", "fd00:56::/64", "fd12:3456::/32"}},
                                          {"2001:db8::/32", {"2001:db8:1::/48", "2001:db8:52::1/128"}},
                                          {"2001:db8:52::1/128", {}},
                                          {"2000::/3", {"2001:db8::/32"}},
                                          {"::ffff:10.0.0.0/104", {}}};
    const bool six = world_.v4 ? world_.v6 ? dice_.chance(40) : dice_.chance(5) : dice_.chance(90);
    if (six && dice_.chance(96)) return v6[dice_.below(v6.size() - 1)];  // the last is mapped: seldom
    return six ? v6.back() : dice_.of(v4);
  }

  std::vector<std::string> excepted(const Block& block) {
    std::vector<std::string> except;
    for (const std::string& hole : block.inside)
      if (dice_.chance(30)) except.push_back(hole);
    return except;
  }

  json cidrs() {
    json list = json::array();
    const std::size_t count = dice_.between(1, 3);
    for (std::size_t i = 0; i < count; ++i) list.push_back(block().cidr);
    return list;
  }

  json cidr_set() {
    json list = json::array();
    const std::size_t count = dice_.between(1, 2);
    for (std::size_t i = 0; i < count; ++i) {
      if (minor_ >= 16 && dice_.chance(12)) {
        refers_to_groups_ = true;
        list.push_back({{"cidrGroupRef", dice_.chance(90) ? dice_.of({"g1", "g2"}) : "missing"}});
        continue;
      }
      if (minor_ >= 17 && dice_.chance(5)) {
        refers_to_groups_ = true;
        list.push_back({{"cidrGroupSelector", {{"matchLabels", {{"role", dice_.of({"office", "partner", "nobody"})}}}}}});
        continue;
      }
      const Block from = block();
      json element = {{"cidr", from.cidr}};
      if (dice_.chance(60)) element["except"] = excepted(from);
      list.push_back(std::move(element));
    }
    return list;
  }

  void add_groups(json& policies) {
    for (const auto& [name, role] : {std::pair("g1", "office"), std::pair("g2", "partner")}) {
      const char* api = minor_ >= 18 ? "cilium.io/v2" : "cilium.io/v2alpha1";
      json group = {{"apiVersion", api}, {"kind", "CiliumCIDRGroup"}, {"metadata", {{"name", name}, {"labels", {{"role", role}}}}}};
      group["spec"]["externalCIDRs"] = dice_.chance(5) ? json::array() : cidrs();
      policies.push_back(std::move(group));
    }
  }

  // --- traffic -------------------------------------------------------------------------------------------------------

  std::uint16_t number() {
    static const std::vector<std::uint16_t> ports = {80, 443, 53, 8080, 8443, 22, 1, 65535, 1024, 3868, 30080, 9090};
    if (!world_.named.empty() && dice_.chance(25)) return dice_.of(world_.named);
    return dice_.chance(85) ? dice_.of(ports) : static_cast<std::uint16_t>(dice_.between(1, 65535));
  }

  json end_port(std::size_t first) {
    if (dice_.chance(8)) return first > 1 ? first - 1 : 1;  // not above: counts for nothing
    return std::min<std::size_t>(65535, first + dice_.of(std::vector<std::size_t>{1, 2, 10, 100, 5000, 65535}));
  }

  json port() {
    json port = json::object();
    const std::string name = dice_.of({"http", "http", "metrics", "dns", "nothing"});
    const std::size_t first = number();
    const std::size_t how = dice_.weighted({65, 25, 4, 2});
    if (how == 0) port["port"] = std::to_string(first);
    if (how == 1) port["port"] = name;
    if (how == 2) port["port"] = "0";
    if (how == 3) port["port"] = "010";
    if (minor_ >= 16 && dice_.chance(how == 0 ? 30 : 8)) port["endPort"] = end_port(how == 0 ? first : 8080);
    if (const std::size_t protocol = dice_.weighted({45, 20, 12, 8, 15}); protocol < 4)
      port["protocol"] = std::vector<const char*>{"TCP", "UDP", "ANY", "SCTP"}[protocol];
    return port;
  }

  json to_ports(bool deny, bool egress) {
    json list = json::array();
    if (dice_.chance(2)) return list;
    const std::size_t count = dice_.weighted({0, 85, 15});
    for (std::size_t i = 0; i < count; ++i) {
      json entry = json::object();
      if (!dice_.chance(2)) {
        json ports = json::array();
        const std::size_t how_many = dice_.weighted({2, 70, 20, 8});
        for (std::size_t j = 0; j < how_many; ++j) ports.push_back(port());
        entry["ports"] = std::move(ports);
      }
      if (!deny && dice_.chance(5)) guard(entry, egress);
      list.push_back(std::move(entry));
    }
    return list;
  }

  // What OVN cannot do.
  void guard(json& entry, bool egress) {
    const std::size_t what = dice_.weighted({40, 30, 15, 15});
    if (what == 0) {
      entry["ports"] = json::array({{{"port", "80"}, {"protocol", "TCP"}}});
      entry["rules"]["http"] = dice_.chance(70) ? json::array({{{"method", "GET"}, {"path", "/"}}}) : json::array();
    } else if (what == 1 && egress) {
      entry["ports"] = json::array({{{"port", "53"}, {"protocol", dice_.of({"UDP", "ANY"})}}});
      entry["rules"]["dns"] = json::array({{{"matchPattern", dice_.of({"*", "*.example.com"})}}});
    } else if (what == 2) {
      entry["ports"] = json::array({{{"port", "443"}, {"protocol", "TCP"}}});
      entry["serverNames"] = json::array({"example.com"});
    } else {
      entry["ports"] = json::array({{{"port", "443"}, {"protocol", "TCP"}}});
      entry["terminatingTLS"]["secret"] = {{"name", "s"}, {"namespace", "shop"}};
    }
  }

  json icmps() {
    json list = json::array();
    if (dice_.chance(3)) return list;
    if (dice_.chance(3)) return json::array({json::object()});
    json fields = json::array();
    const std::size_t count = dice_.weighted({3, 70, 27});
    for (std::size_t i = 0; i < count; ++i) {
      const bool six = dice_.chance(world_.v6 ? 40 : 5);
      json field = json::object();
      if (six) field["family"] = "IPv6";
      else if (dice_.chance(40)) field["family"] = "IPv4";
      if (minor_ >= 16 && dice_.chance(15)) field["type"] = "EchoRequest";
      else field["type"] = six ? dice_.of(std::vector<int>{128, 129, 1, 3, 0}) : dice_.of(std::vector<int>{8, 0, 3, 11, 13});
      fields.push_back(std::move(field));
    }
    return json::array({{{"fields", std::move(fields)}}});
  }

  // --- rules of Cilium -----------------------------------------------------------------------------------------------

  json entities() {
    static const std::vector<std::string> names = {"all",  "world",       "cluster",        "host", "host", "remote-node", "remote-node",
                                                   "world", "kube-apiserver", "kube-apiserver", "none", "init", "health"};
    json list = json::array();
    const std::size_t count = dice_.weighted({4, 70, 26});
    for (std::size_t i = 0; i < count; ++i) list.push_back(dice_.of(names));
    return list;
  }

  void add_peers(json& rule, bool egress, bool deny) {
    const std::string side = egress ? "to" : "from";
    switch (dice_.weighted({15, 38, 17, 9, 15, 2, 1, 1, 1, 1})) {
      case 0: break;  // every peer, if there are ports
      case 1: {
        json list = json::array();
        const std::size_t count = dice_.weighted({4, 75, 21});
        for (std::size_t i = 0; i < count; ++i) list.push_back(peer_selector());
        rule[side + "Endpoints"] = std::move(list);
        if (minor_ <= 18 && dice_.chance(3)) rule[side + "Requires"] = json::array({selector()});
        break;
      }
      case 2: rule[side + "Entities"] = entities(); break;
      case 3: rule[side + "CIDR"] = dice_.chance(3) ? json::array() : cidrs(); break;
      case 4: rule[side + "CIDRSet"] = dice_.chance(3) ? json::array() : cidr_set(); break;
      case 5:
        if (egress && !deny) rule["toFQDNs"] = dice_.chance(30) ? json::array() : json::array({{{"matchName", "example.com"}}});
        break;
      case 6:
        if (egress) rule["toServices"] = json::array({{{"k8sService", {{"serviceName", "nobody"}, {"namespace", "shop"}}}}});
        break;
      case 7:
        if (egress || minor_ >= 16) rule[side + "Groups"] = json::array({{{"aws", {{"region", "eu"}}}}});
        break;
      case 8:
        if (minor_ >= 16) rule[side + "Nodes"] = dice_.chance(50) ? json::array() : json::array({selector()});
        break;
      default:
        rule[side + "Endpoints"] = json::array({selector()});
        rule[side + "Entities"] = json::array();
    }
  }

  json rule(bool egress, bool deny) {
    json rule = json::object();
    if (dice_.chance(7)) return rule;
    add_peers(rule, egress, deny);
    switch (dice_.weighted({rule.empty() ? 10u : 40u, 48, 12})) {
      case 0: break;
      case 1: rule["toPorts"] = to_ports(deny, egress); break;
      default: rule["icmps"] = icmps();
    }
    if (!deny && dice_.chance(1)) rule["authentication"]["mode"] = dice_.of({"required", "disabled"});
    return rule;
  }

  void add_rules(json& spec, const char* name, bool egress, bool deny, std::size_t percent) {
    if (!dice_.chance(percent)) return;
    json list = json::array();
    const std::size_t count = dice_.weighted({4, 60, 26, 10});
    for (std::size_t i = 0; i < count; ++i) list.push_back(rule(egress, deny));
    spec[name] = std::move(list);
  }

  json spec() {
    json spec = {{"endpointSelector", selector(false, false)}};
    add_rules(spec, "ingress", false, false, 55);
    add_rules(spec, "egress", true, false, 55);
    add_rules(spec, "ingressDeny", false, true, 22);
    add_rules(spec, "egressDeny", true, true, 22);
    if (spec.size() == 1) spec["ingress"] = json::array({rule(false, false)});
    if (minor_ >= 16 && dice_.chance(20)) {
      json deny = json::object();
      if (dice_.chance(70)) deny["ingress"] = dice_.chance(20);
      if (dice_.chance(70)) deny["egress"] = dice_.chance(20);
      spec["enableDefaultDeny"] = std::move(deny);
    }
    return spec;
  }

  json cilium_policy(std::size_t number, bool clusterwide) {
    json policy = {{"apiVersion", "cilium.io/v2"},
                   {"kind", clusterwide ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy"},
                   {"metadata", {{"name", fmt::format("p{}", number)}}}};
    if (!clusterwide) policy["metadata"]["namespace"] = dice_.of(world_.namespaces);
    const bool list = dice_.chance(12);
    if (!list || dice_.chance(40)) policy["spec"] = spec();
    if (list) policy["specs"] = dice_.chance(60) ? json::array({spec(), spec()}) : json::array({spec()});
    return policy;
  }

  // --- NetworkPolicy -------------------------------------------------------------------------------------------------

  json kubernetes_port() {
    json port = json::object();
    const std::size_t first = number();
    switch (dice_.weighted({65, 20, 15})) {
      case 0:
        port["port"] = first;
        if (dice_.chance(30)) port["endPort"] = std::min<std::size_t>(65535, first + dice_.of(std::vector<std::size_t>{0, 1, 100, 5000}));
        break;
      case 1: port["port"] = dice_.of({"http", "metrics", "dns", "nothing"}); break;
      default: break;
    }
    if (dice_.chance(65)) port["protocol"] = dice_.of({"TCP", "TCP", "UDP", "SCTP"});
    return port;
  }

  json kubernetes_peer() {
    json peer = json::object();
    const std::size_t kind = dice_.weighted({35, 22, 18, 25});
    if (kind == 3) {
      const Block from = block();
      peer["ipBlock"]["cidr"] = from.cidr;
      if (dice_.chance(50)) peer["ipBlock"]["except"] = excepted(from);
      return peer;
    }
    if (kind != 1) peer["podSelector"] = plain_selector(false);
    if (kind != 0) peer["namespaceSelector"] = plain_selector(true);
    return peer;
  }

  // Kubernetes knows no sources of labels.
  json plain_selector(bool of_namespaces) {
    json plain = selector(of_namespaces, false);
    const auto with_source = [](const json& key) { return key.get<std::string>().find(':') != std::string::npos; };
    if (plain.contains("matchLabels")) {
      json kept = json::object();
      for (const auto& [key, value] : plain["matchLabels"].items())
        if (!with_source(key)) kept[key] = value;
      plain["matchLabels"] = std::move(kept);
    }
    if (plain.contains("matchExpressions")) {
      json kept = json::array();
      for (const json& one : plain["matchExpressions"])
        if (!with_source(one["key"])) kept.push_back(one);
      plain["matchExpressions"] = std::move(kept);
    }
    return plain;
  }

  void add_kubernetes_rules(json& spec, const char* name, const char* peers) {
    json list = json::array();
    const std::size_t count = dice_.weighted({12, 62, 26});
    for (std::size_t i = 0; i < count; ++i) {
      json rule = json::object();
      if (!dice_.chance(20)) {
        json of = json::array();
        for (std::size_t j = dice_.weighted({6, 70, 24}); j > 0; --j) of.push_back(kubernetes_peer());
        rule[peers] = std::move(of);
      }
      if (dice_.chance(60)) {
        json ports = json::array();
        for (std::size_t j = dice_.weighted({5, 70, 25}); j > 0; --j) ports.push_back(kubernetes_port());
        rule["ports"] = std::move(ports);
      }
      list.push_back(std::move(rule));
    }
    spec[name] = std::move(list);
  }

  json network_policy(std::size_t number) {
    json policy = {{"apiVersion", "networking.k8s.io/v1"}, {"kind", "NetworkPolicy"}};
    policy["metadata"] = {{"name", fmt::format("p{}", number)}, {"namespace", dice_.of(world_.namespaces)}};
    json spec = {{"podSelector", plain_selector(false)}};
    if (dice_.chance(65)) add_kubernetes_rules(spec, "ingress", "from");
    if (dice_.chance(50)) add_kubernetes_rules(spec, "egress", "to");
    if (dice_.chance(70)) {
      json types = json::array();
      if (dice_.chance(75)) types.push_back("Ingress");
      if (dice_.chance(60)) types.push_back("Egress");
      spec["policyTypes"] = std::move(types);
    }
    policy["spec"] = std::move(spec);
    return policy;
  }

  const World& world_;
  int minor_;
  Dice& dice_;
  bool refers_to_groups_ = false;
};

}  // namespace

json random_policies(const World& world, int minor, Dice& dice) {
  return Writer(world, minor, dice).write();
}

}  // namespace policyconv::long_tests
