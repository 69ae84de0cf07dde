// Who reaches whom: add_matrix() against the evaluators that decide packet by packet, on every curated conformance
// case.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backends/kubeovn/lower.h"
#include "cli/report_extras.h"
#include "frontend/lower.h"
#include "tests/compile.h"
#include "tests/conformance.h"
#include "tests/judges.h"
#include "verify/end_classes.h"
#include "verify/space.h"

using namespace policyconv;
using namespace policyconv::verify;
using report::Matrix;

namespace {

struct Seen {
  bool any_before = false, all_before = true, any_after = false, all_after = true, stricter = false, looser = false;
};
using Groups = std::pair<std::string, std::string>;

std::string group_of(const Cluster& cluster, const End& end) {
  if (const auto* pod = std::get_if<PodEnd>(&end)) return cluster.pods[pod->pod].ns;
  return std::holds_alternative<NodeEnd>(end) ? "nodes" : "outside";
}

/// Can there be packets between these two members?
bool meet(const Cluster& cluster, const EndClass& a, const End& from, const EndClass& b, const End& to, Family family) {
  if (address_of(cluster, from, family) == nullptr || address_of(cluster, to, family) == nullptr) return false;
  if (const auto* node = std::get_if<NodeEnd>(&from))
    return meets_node(cluster, std::get<PodEnd>(to).pod, *node, a.kind, Direction::Ingress, family);
  if (const auto* node = std::get_if<NodeEnd>(&to))
    return meets_node(cluster, std::get<PodEnd>(from).pod, *node, b.kind, Direction::Egress, family);
  return fits(cluster, a, from, b, to);
}

/// Every member of every class with every other, packet by packet.
std::map<Groups, Seen> looked_at(const Space& space, const Judges& judges, const Cluster& cluster,
                                 const Probes& probes) {
  std::map<Groups, Seen> all;
  const auto& ends = space.ends();
  for (std::size_t a = 0; a < ends.size(); ++a)
    for (std::size_t b = 0; b < ends.size(); ++b)
      for (const Family family : {Family::V4, Family::V6}) {
        if (!space.meet(a, b, family)) continue;
        const Traffic infrastructure = space.infrastructure(a, b, family);
        for (const End& from : members(ends[a]))
          for (const End& to : members(ends[b])) {
            if (!meet(cluster, ends[a], from, ends[b], to, family)) continue;
            Seen& seen = all[{group_of(cluster, from), group_of(cluster, to)}];
            for (const auto& [protocol, port] : probes) {
              if (protocol == (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp)) continue;
              const char objects = judges.objects(packet_of(cluster, from, to, family, protocol, port));
              const bool policies = judges.policies_pass({from, to, protocol, port});
              const bool is_exempt = !policies && holds(infrastructure, protocol, port, 50000);
              const bool before = policies && (objects == 'a' || space.has_route(a, b));
              const bool after = objects == 'a' && !is_exempt;
              seen.any_before |= before;
              seen.any_after |= after;
              if (protocol != Protocol::Sctp) {
                seen.all_before &= before;
                seen.all_after &= after;
              }
              seen.stricter |= before && objects == 'd';
              seen.looser |= !policies && after;
              if (objects == 't') seen.stricter = seen.looser = true;
            }
          }
      }
  return all;
}

Matrix::Reach reach(bool any, bool all) {
  return !any ? Matrix::Reach::None : all ? Matrix::Reach::All : Matrix::Reach::Some;
}

struct Checked {
  std::size_t cells = 0, changed = 0, partial = 0;
};

void check(const cilium::Policies& policies, const Semantics& semantics, const kubeovn::Manifest& manifest,
           const Cluster& cluster, const Probes& asked, Checked& checked) {
  const Space space(policies, semantics, manifest, cluster, 1);
  const Judges judges(policies, cluster, semantics, manifest);
  const auto seen = looked_at(space, judges, cluster, probes(manifest, asked));
  const std::vector<Region> regions = compare(space).regions;
  const bool through_services =
      std::any_of(regions.begin(), regions.end(), [](const Region& region) { return region.service.has_value(); });
  report::Report made;
  cli::add_matrix(made, space, cluster, 1000);
  REQUIRE(made.matrix);
  const Matrix& matrix = *made.matrix;
  CHECK(matrix.left_out == 0);
  for (std::size_t from = 0; from < matrix.ends.size(); ++from)
    for (std::size_t to = 0; to < matrix.ends.size(); ++to) {
      const Matrix::Cell& cell = matrix.cells[from][to];
      const auto found = seen.find({matrix.ends[from], matrix.ends[to]});
      const Seen expected = found == seen.end() ? Seen() : found->second;
      INFO(matrix.ends[from] << " -> " << matrix.ends[to]);
      CHECK(cell.before == reach(expected.any_before, expected.all_before));
      CHECK(cell.after == reach(expected.any_after, expected.all_after));
      // What is lost on the way through a Service's address is no packet between two ends.
      if (!through_services)
        CHECK(std::pair(cell.stricter, cell.looser) == std::pair(expected.stricter, expected.looser));
      ++checked.cells;
      checked.changed += cell.stricter || cell.looser;
      checked.partial += cell.before == Matrix::Reach::Some;
    }
}

std::string row_text(const Matrix& matrix, std::size_t from) {
  std::string text;
  for (const Matrix::Cell& cell : matrix.cells[from])
    text += fmt::format("{}{}{}{} ", static_cast<int>(cell.before), static_cast<int>(cell.after),
                        cell.stricter ? "s" : "", cell.looser ? "l" : "");
  return text;
}

}  // namespace

TEST_CASE("the matrix says what packets say, one by one") {
  Checked checked;
  conformance::for_each_curated_case([&](const conformance::Case& source) {
    conformance::Input input = conformance::read(source);
    if (input.cluster.pods.empty()) return;
    const Semantics semantics = conformance::semantics();
    Diagnostics diagnostics;
    const ir::Program program = cilium::lower(input.policies, input.cluster, {semantics, {}}, diagnostics);
    const kubeovn::Manifest manifest =
        kubeovn::lower(program, input.cluster, input.policies.catalog,
                       {kubeovn::Release{16}, kubeovn::NodeTraffic::Anchor, true, {}}, diagnostics);
    INFO(source.name);
    Probes asked;
    for (const conformance::Flow& flow : source.flows) asked.emplace_back(flow.protocol, flow.port);
    check(input.policies, semantics, manifest, input.cluster, asked, checked);
  });
  WARN(checked.cells << " cells, " << checked.partial << " with some packets, " << checked.changed << " changed");
  CHECK(checked.changed > 0);
  CHECK(checked.partial > 0);
}

TEST_CASE("namespaces, nodes and the outside are ends; 0 is none, 1 some, 2 all") {
  const testing::Compiled run = testing::compile(testing::cnp("  endpointSelector: {matchLabels: {app: db}}\n"
                                                              "  ingress:\n"
                                                              "  - fromEndpoints: [{matchLabels: {app: web}}]\n"),
                                                 testing::small_cluster);
  report::Report made;
  cli::add_matrix(made, run.policies, semantics_of(20), run.manifest, run.cluster, 1);
  REQUIRE(made.matrix);
  CHECK(made.matrix->ends == std::vector<std::string>{"ops", "shop", "nodes", "outside"});
  CHECK(row_text(*made.matrix, 0) == "00 11 22 22 ");  // one pod has nobody in its own namespace; db is closed to it
  CHECK(row_text(*made.matrix, 3) == "22 11 00 00 ");
}

TEST_CASE("what does not fit is counted, and what changes is kept") {
  std::string cluster = testing::small_cluster;
  for (int at = 0; at < 40; ++at)
    cluster += fmt::format(
        "- apiVersion: v1\n  kind: Pod\n  metadata: {{name: p, namespace: ns-{:02}, labels: {{app: p{}}}}}\n"
        "  spec: {{nodeName: n1, containers: [{{name: c}}]}}\n  status: {{phase: Running, podIPs: [{{ip: "
        "10.16.1.{}}}]}}\n",
        at, at, at + 1);
  // Layer 7 is refused, so that ns-39 loses what the rule let in.
  const testing::Compiled run = testing::compile(
      testing::cnp("  endpointSelector: {matchLabels: {app: p39}}\n"
                   "  ingress:\n"
                   "  - fromEndpoints: [{}]\n"
                   "    toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{method: GET}]}}]\n",
                   "web", "ns-39"),
      cluster);
  const Space space(run.policies, semantics_of(20), run.manifest, run.cluster, 1);
  report::Report made;
  cli::add_matrix(made, space, run.cluster, 5);
  REQUIRE(made.matrix);
  CHECK(made.matrix->ends.size() == 5);
  CHECK(made.matrix->left_out == 39);
  const auto& ends = made.matrix->ends;
  CHECK(std::find(ends.begin(), ends.end(), "nodes") != ends.end());
  CHECK(std::find(ends.begin(), ends.end(), "outside") != ends.end());
  report::Report none;
  cli::add_matrix(none, Space(run.policies, semantics_of(20), run.manifest, Cluster(), 1), Cluster());
  CHECK_FALSE(none.matrix);
}
