#include "tests/long/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "ir/print.h"
#include "verify/decide_manifest.h"
#include "verify/decide_program.h"
#include "verify/decide_source.h"

namespace policyconv::long_tests {
namespace {

using conformance::Difference;
using json = nlohmann::json;

conformance::Case case_of(const json& line) {
  return {line.at("name"), conformance::list_of(line.at("objects")), conformance::list_of(line.at("policies")), {}, {}};
}

Semantics semantics_of_line(const json& line) {
  Semantics semantics = semantics_of(minor_of(line));
  semantics.sctp = true;  // as for the corpora
  return semantics;
}

struct Sent {
  std::size_t number = 0;  // in the line
  verify::Flow flow;
  bool has_route = true;   // false: from a node to a pod of another VPC, where there is none (K§7.1)
};

/// Which flows of the line are first packets of connections in this cluster.
class Packets {
 public:
  Packets(const Cluster& cluster, const json& flows) : cluster_(cluster) {
    for (const Address& address : apiserver_addresses(cluster)) held_.push_back(address);
    for (const HeldAddress& held : cluster.held) held_.insert(held_.end(), held.addresses.begin(), held.addresses.end());
    for (std::size_t i = 0; i < flows.size(); ++i) add(i, flows[i]);
  }
  [[nodiscard]] const std::vector<Sent>& all() const { return all_; }

 private:
  void add(std::size_t number, const json& written) {
    const auto from = verify::parse_end(cluster_, written.at("from").get<std::string>());
    const auto to = verify::parse_end(cluster_, written.at("to").get<std::string>());
    if (!from || !to || !is_there(*from) || !is_there(*to)) return;
    const Pod *a = pod_of(*from), *b = pod_of(*to);
    const Pod *sender = endpoint(a), *receiver = endpoint(b);
    if (sender == nullptr && receiver == nullptr) return;
    if (a != nullptr && a == b) return;
    if (sender && receiver && !are_near(vpc_of(*sender), vpc_of(*receiver))) return;
    if (receiver && !is_sent(*from, *receiver)) return;
    const bool from_node = std::holds_alternative<verify::NodeEnd>(*from) || (a != nullptr && a->host_network);
    const bool has_route = !from_node || receiver == nullptr || vpc_of(*receiver) == "ovn-cluster";
    all_.push_back({number, {*from, *to, conformance::protocol_of(written.at("protocol")), written.at("port")}, has_route});
  }

  [[nodiscard]] const Pod* pod_of(const verify::End& end) const {
    const auto* pod = std::get_if<verify::PodEnd>(&end);
    return pod ? &cluster_.pods[pod->pod] : nullptr;
  }
  static const Pod* endpoint(const Pod* pod) { return pod && !pod->host_network ? pod : nullptr; }

  // What is inside a range of the cluster is somebody's, or nobody's and no end; routers answer pings only.
  [[nodiscard]] bool is_there(const verify::End& end) const {
    if (const Pod* pod = pod_of(end)) return !pod->finished && (pod->host_network || subnet_of(cluster_, *pod) != nullptr);
    const auto* bare = std::get_if<verify::AddressEnd>(&end);
    if (bare != nullptr && is_v4_mapped(host_cidr(bare->address))) return false;  // no packet carries it
    if (bare == nullptr || std::find(held_.begin(), held_.end(), bare->address) != held_.end()) return true;
    const auto inside = [&](const Cidr& range) { return contains(range, bare->address); };
    return std::none_of(cluster_.service_cidrs.begin(), cluster_.service_cidrs.end(), inside) &&
           std::none_of(cluster_.subnets.begin(), cluster_.subnets.end(), [&](const Subnet& subnet) {
             return std::any_of(subnet.cidrs.begin(), subnet.cidrs.end(), inside);
           });
  }

  // A node reaches its own pods from its first InternalIP (K§4.3).
  [[nodiscard]] bool is_sent(const verify::End& from, const Pod& receiver) const {
    const auto* end = std::get_if<verify::NodeEnd>(&from);
    if (end == nullptr || !end->address || cluster_.nodes[end->node].name != receiver.node) return true;
    const std::vector<Address>& internal = cluster_.nodes[end->node].internal;
    const auto first = std::find_if(internal.begin(), internal.end(),
                                    [&](const Address& address) { return address.family == end->address->family; });
    return first != internal.end() && *first == *end->address;
  }

  [[nodiscard]] const std::string& vpc_of(const Pod& pod) const { return subnet_of(cluster_, pod)->vpc; }

  [[nodiscard]] bool are_near(const std::string& a, const std::string& b) const {
    return a == b || std::any_of(cluster_.vpcs.begin(), cluster_.vpcs.end(), [&](const Vpc& vpc) {
             const auto peers_with = [&](const std::string& other) {
               return std::find(vpc.peers.begin(), vpc.peers.end(), other) != vpc.peers.end();
             };
             return (vpc.name == a && peers_with(b)) || (vpc.name == b && peers_with(a));
           });
  }

  const Cluster& cluster_;
  std::vector<Address> held_;
  std::vector<Sent> all_;
};

std::string_view to_string(Against against) {
  switch (against) {
    case Against::Program: return "Program";
    case Against::Objects16: return "objects for v1.16";
    case Against::Objects15: return "objects for v1.15";
  }
  return {};
}

std::optional<Fault> fault_of(Difference difference) {
  switch (difference) {
    case Difference::Looser: return Fault::Looser;
    case Difference::Unequal: return Fault::Unequal;
    case Difference::Unexplained: return Fault::Unexplained;
    case Difference::Same:
    case Difference::Explained: break;
  }
  return std::nullopt;
}

class Judge {
 public:
  Judge(const json& line, const Question& question)
      : line_(line), question_(question), semantics_(semantics_of_line(line)), input_(conformance::read(case_of(line), semantics_)) {}

  Judgement run() {
    if (input_.diagnostics.has_errors()) return {};
    conformance::complete(input_.cluster);
    Diagnostics diagnostics;
    ir::Program program = cilium::lower(input_.policies, input_.cluster, {semantics_, {}}, diagnostics);
    if (diagnostics.has_errors()) return {};
    judgement_.usable = true;
    const Packets packets(input_.cluster, line_.at("flows"));
    const verify::SourceMeaning source(input_.policies, input_.cluster, semantics_);
    for (const Sent& sent : packets.all())
      wanted_.push_back({source.decide(sent.flow, Direction::Egress), source.decide(sent.flow, Direction::Ingress)});
    judgement_.flows = packets.all().size();
    for (const Against against : all_against) {
      if (question_.only.value_or(against) != against) continue;
      if (against == Against::Program) check_program(program, diagnostics, packets);
      else check_objects(program, diagnostics, against, packets);
    }
    return std::move(judgement_);
  }

 private:
  struct Wanted {
    std::optional<verify::Decision> egress, ingress;
    [[nodiscard]] const std::optional<verify::Decision>& of(Direction direction) const {
      return direction == Direction::Egress ? egress : ingress;
    }
  };

  void check_program(ir::Program program, const Diagnostics& diagnostics, const Packets& packets) {
    if (question_.damage.program) question_.damage.program(program);
    conformance::Losses losses;
    losses.add(diagnostics);
    judgement_.same += losses.none;
    const verify::ProgramMeaning meaning(program, input_.cluster);
    for (std::size_t i = 0; i < packets.all().size(); ++i)
      for (const Direction direction : {Direction::Egress, Direction::Ingress})
        compare(packets.all()[i], Against::Program, direction, wanted_[i].of(direction),
                meaning.decide(packets.all()[i].flow, direction), losses, "");
  }

  void check_objects(const ir::Program& program, Diagnostics diagnostics, Against against, const Packets& packets) {
    const kubeovn::Release release{against == Against::Objects16 ? 16 : 15};
    kubeovn::Manifest manifest = conformance::migrate(program, input_, release, diagnostics);
    if (diagnostics.has_errors()) {
      judgement_.usable = false;  // no objects are written
      return;
    }
    if (question_.damage.objects) question_.damage.objects(manifest);
    conformance::Losses losses;
    losses.add(diagnostics);
    judgement_.same += losses.none;
    const verify::ManifestMeaning meaning(manifest, input_.cluster);
    for (std::size_t i = 0; i < packets.all().size(); ++i) {
      const Sent& sent = packets.all()[i];
      for (const verify::Packet& packet : meaning.packets(sent.flow)) {
        if (!conformance::carried(written(sent), packet.source.family)) continue;
        for (const Direction direction : {Direction::Egress, Direction::Ingress}) {
          const auto got = meaning.decide(packet, direction);
          const char* family = packet.source.family == Family::V4 ? " over IPv4" : " over IPv6";
          if (got && meaning.tied()) fail(sent, {against, Fault::Tie}, direction, wanted_[i].of(direction), *got, family);
          else compare(sent, against, direction, wanted_[i].of(direction), got, losses, family);
        }
      }
    }
  }

  void compare(const Sent& sent, Against against, Direction direction, const std::optional<verify::Decision>& wanted,
               const std::optional<verify::Decision>& got, const conformance::Losses& losses, const char* family) {
    if (!wanted || !got) return;
    ++judgement_.verdicts;
    judgement_.denied += wanted->verdict == Verdict::Deny;
    Difference difference = conformance::difference(*wanted, *got, losses);
    if (difference == Difference::Looser && losses.announce_opening_by(*got)) difference = Difference::Explained;
    judgement_.equal += difference == Difference::Same;
    judgement_.explained += difference == Difference::Explained;
    const std::optional<Fault> fault = fault_of(difference);
    if (!fault || (!sent.has_route && *fault != Fault::Looser)) return;
    fail(sent, {against, *fault}, direction, wanted, *got, family);
  }

  void fail(const Sent& sent, Symptom symptom, Direction direction, const std::optional<verify::Decision>& wanted,
            const verify::Decision& got, const char* family) {
    const auto said = [&](const verify::Decision& decision) {
      std::string text = fmt::format("{} ({}", policyconv::to_string(decision.verdict), decision.reason);
      for (const RuleId rule : decision.rules) text += "; " + input_.policies.catalog.display(rule);
      return text + ")";
    };
    judgement_.failures.push_back(
        {symptom, sent.number,
         fmt::format("{}: {} of {}{}: policies {}, {} {}", long_tests::to_string(symptom), policyconv::to_string(direction),
                     conformance::to_string(written(sent)), family, wanted ? said(*wanted) : "nothing", to_string(symptom.against),
                     said(got))});
  }

  [[nodiscard]] conformance::Flow written(const Sent& sent) const {
    const json& flow = line_.at("flows")[sent.number];
    return {flow.at("from"), flow.at("to"), sent.flow.protocol, sent.flow.port, {}, {}, {}};
  }

  const json& line_;
  const Question& question_;
  Semantics semantics_;
  conformance::Input input_;
  std::vector<Wanted> wanted_;  // by packet
  Judgement judgement_;
};

}  // namespace

std::string to_string(Symptom symptom) {
  constexpr std::array faults{"looser", "not equal though nothing is reported lost", "stricter without a reported loss", "tie"};
  return fmt::format("{}, {}", faults[static_cast<std::size_t>(symptom.fault)], to_string(symptom.against));
}

int minor_of(const json& line) {
  const std::string version = line.value("cilium", "1.20");
  return std::stoi(version.substr(version.find('.') + 1));
}

Judgement judge(const json& line, const Question& question) {
  return Judge(line, question).run();
}

json with_verdicts(const json& line) {
  json result = line;
  const Semantics semantics = semantics_of_line(line);
  conformance::Input input = conformance::read(case_of(line), semantics);
  conformance::complete(input.cluster);
  result["rejected"] = json::array();
  for (const auto& [policy, error] : conformance::rejected_in(input.policies))
    result["rejected"].push_back({{"policy", policy}, {"error", error}});
  const verify::SourceMeaning source(input.policies, input.cluster, semantics);
  const auto word = [](const std::optional<verify::Decision>& decision) {
    return decision ? std::string(policyconv::to_string(decision->verdict)) : "none";
  };
  result["flows"] = json::array();
  const Packets packets(input.cluster, line.at("flows"));
  for (const Sent& sent : packets.all()) {
    json flow = line.at("flows")[sent.number];
    flow["egress"] = word(source.decide(sent.flow, Direction::Egress));
    flow["ingress"] = word(source.decide(sent.flow, Direction::Ingress));
    flow["verdict"] = policyconv::to_string(source.decide(sent.flow));
    result["flows"].push_back(std::move(flow));
  }
  return result;
}

}  // namespace policyconv::long_tests
