// Flows where something changes: at the first and last port of each range and beside them, at the bounds of each prefix
// and beside them, at pods, nodes and addresses of the cluster.
#include <algorithm>
#include <set>

#include "ir/address.h"
#include "tests/long/generate.h"

namespace policyconv::long_tests {
namespace {

using json = nlohmann::json;

/// The address before or after; at an end of its family, some address.
Address beside(Address address, bool after) {
  const std::uint64_t one = address.family == Family::V4 ? std::uint64_t{1} << 32 : 1;
  std::uint64_t& low = address.family == Family::V4 ? address.hi : address.lo;
  const bool carries = address.family == Family::V6 && low == (after ? ~std::uint64_t{0} : 0);
  low = after ? low + one : low - one;
  if (carries) address.hi = after ? address.hi + 1 : address.hi - 1;
  return address;
}

struct Bounds {
  std::set<std::uint16_t> ports = {1, 7, 80, 443, 8080, 50000, 65535}, icmp_types = {0, 3, 8, 13, 128, 129};
  std::set<std::uint16_t> mentioned;  // ports only, without those beside them
  std::set<Address> addresses;

  void port(std::size_t number) {
    if (number >= 1 && number <= 65535) mentioned.insert(static_cast<std::uint16_t>(number));
    for (std::size_t near = number > 0 ? number - 1 : 0; near <= number + 1; ++near)
      if (near >= 1 && near <= 65535) ports.insert(static_cast<std::uint16_t>(near));
  }

  void cidr(const std::string& text) {
    const auto cidr = parse_cidr(text);
    if (!cidr) return;
    for (const bool after : {false, true}) {
      const Address bound = after ? last_address(*cidr) : first_address(*cidr);
      addresses.insert(bound);
      addresses.insert(beside(bound, after));
    }
  }

  /// Everything that looks like a port, an ICMP type or a prefix, wherever it stands.
  void look(const json& value, const std::string& key) {
    if (value.is_structured()) {
      for (const auto& [name, inner] : value.items()) look(inner, value.is_object() ? name : key);
    } else if (key == "port" || key == "endPort") {
      if (value.is_number()) port(value.get<std::size_t>());
      else if (const std::string text = value; !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        port(static_cast<std::size_t>(std::stoul(text)));
    } else if (key == "type" && value.is_number()) {
      icmp_types.insert(value.get<std::uint16_t>());
    } else if (value.is_string() && value.get<std::string>().find('/') != std::string::npos) {
      cidr(value);
    }
  }
};

// Neighbour and listener discovery, which both systems let pass, is no policy's matter (docs/design.md section 8).
bool is_discovery(std::uint16_t type) {
  return (type >= 130 && type <= 136) || type == 143;
}

// What DHCP uses: Kube-OVN lets it pass, and no policy can close it (docs/design.md section 6).
bool is_dhcp(std::uint16_t port) {
  return port == 67 || port == 68 || port == 546 || port == 547;
}

class Sender {
 public:
  Sender(const World& world, const json& policies, Dice& dice) : world_(world), dice_(dice) {
    Bounds bounds;
    for (const char* outside : {"1.1.1.1/32", "2001:db8:9::9/128", "8.8.8.8/32", "10.200.3.4/32", "fd12:3456::1/128"}) bounds.cidr(outside);
    for (const std::uint16_t port : world.named) bounds.port(port);
    for (const json& policy : policies)
      for (const char* part : {"spec", "specs"})
        if (policy.contains(part)) bounds.look(policy[part], "");
    for (const std::uint16_t port : bounds.ports)
      if (!is_dhcp(port)) ports_.push_back(port);
    for (const std::uint16_t port : bounds.mentioned)
      if (!is_dhcp(port)) mentioned_.push_back(port);
    for (const std::uint16_t type : bounds.icmp_types)
      if (!is_discovery(type)) icmp_types_.push_back(type);
    for (const Address& address : bounds.addresses)
      if (address.family == Family::V4 ? world.v4 : world.v6) outside_.push_back("ip:" + to_string(address));
    for (const std::string& address : world.addresses) held_.push_back("ip:" + address);
  }

  json flow() {
    std::string pod = dice_.of(world_.pods), other = end();
    while (other == pod) other = end();
    if (dice_.chance(50)) std::swap(pod, other);
    const bool bare_v6 = is_v6(pod) || is_v6(other), bare_v4 = is_v4(pod) || is_v4(other);
    const bool v6 = bare_v6 || (!bare_v4 && (!world_.v4 || (world_.v6 && dice_.chance(50))));
    std::string protocol = dice_.of({"TCP", "TCP", "TCP", "TCP", "UDP", "UDP", "SCTP", "ICMP"});
    const bool mentioned = !mentioned_.empty() && dice_.chance(45);
    const std::uint16_t port = protocol == "ICMP" ? dice_.of(icmp_types_) : dice_.of(mentioned ? mentioned_ : ports_);
    if (protocol == "ICMP" && v6) protocol = "ICMPv6";
    return {{"from", pod}, {"to", other}, {"protocol", protocol}, {"port", port}};
  }

 private:
  static bool is_bare(const std::string& end) { return end.starts_with("ip:"); }
  static bool is_v6(const std::string& end) { return is_bare(end) && end.find(':', 3) != std::string::npos; }
  static bool is_v4(const std::string& end) { return is_bare(end) && !is_v6(end); }

  std::string end() {
    switch (dice_.weighted({world_.pods.size() > 1 ? 45u : 0u, 15, 10, 30})) {
      case 0: return dice_.of(world_.pods);
      case 1: return dice_.of(world_.nodes);
      case 2: return dice_.of(held_);
      default: return dice_.of(outside_);
    }
  }

  const World& world_;
  Dice& dice_;
  std::vector<std::uint16_t> ports_, mentioned_, icmp_types_;
  std::vector<std::string> outside_, held_;
};

}  // namespace

json random_flows(const World& world, const json& policies, std::size_t count, Dice& dice) {
  json flows = json::array();
  if (world.pods.empty()) return flows;
  Sender sender(world, policies, dice);
  for (std::size_t i = 0; i < count; ++i) flows.push_back(sender.flow());
  return flows;
}

json random_case(std::uint64_t seed, std::size_t number, std::size_t flows) {
  Dice dice(seed * 0x100000001B3u + number);
  dice.next();
  // Most are for the version whose engine gave the corpora their verdicts.
  const int minor = dice.chance(60) ? 20 : static_cast<int>(14 + dice.below(6));
  const World world = random_cluster(dice);
  json policies = random_policies(world, minor, dice);
  json sent = random_flows(world, policies, flows, dice);
  return {{"name", "long-" + std::to_string(seed) + "-" + std::to_string(number)},
          {"cilium", "1." + std::to_string(minor)},
          {"features", json::array()},
          {"objects", world.objects},
          {"policies", std::move(policies)},
          {"rejected", json::array()},
          {"flows", std::move(sent)}};
}

}  // namespace policyconv::long_tests
