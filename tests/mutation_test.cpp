// Migrated objects, damaged in one place: verify reports a damage if and only if some packet fares otherwise for it.
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/mutations.h"
#include "tests/reported.h"

using namespace policyconv;
using namespace policyconv::mutations;
using namespace policyconv::verify;

namespace {

/// What should be reported, by the evaluators that look at single packets.
std::string expected(const Judges& judges, const Asked& asked) {
  const auto is_in_other_vpc = [&](const End& end) {
    const auto* pod = std::get_if<PodEnd>(&end);
    const Subnet* subnet = pod == nullptr ? nullptr : subnet_of(judges.cluster, judges.cluster.pods[pod->pod]);
    return subnet != nullptr && subnet->vpc != "ovn-cluster";
  };
  // Space::has_route
  const bool has_route = !std::holds_alternative<NodeEnd>(asked.flow.from) || !is_in_other_vpc(asked.flow.to);
  const bool by_policies = judges.policies_pass(asked.flow);
  const char by_objects = judges.objects(asked.packet);
  if (by_objects == 't') return "undefined";
  if (by_policies == (by_objects == 'a')) return "";
  if (by_policies) return has_route ? "stricter" : "";
  return "looser";
}

}  // namespace

TEST_CASE("a damage is reported if and only if it changes some verdict") {
  std::vector<Migrated> all = victims();
  REQUIRE(all.size() > 50);
  Random random(500);
  const std::size_t wanted = 500 / conformance::sample_step();
  std::size_t done = 0, changing = 0, wrong = 0, packets = 0;
  while (done < wanted) {
    Migrated& victim = all[random() % all.size()];
    kubeovn::Manifest damaged = victim.manifest;
    const std::size_t kind = random() % std::size(damages);
    if (!damages[kind](damaged, random)) continue;
    ++done;
    const Cluster& cluster = victim.input->cluster;
    const cilium::Policies& policies = victim.input->policies;
    const Space before(policies, victim.semantics, victim.manifest, cluster, 1);
    const Space after(policies, victim.semantics, damaged, cluster, 1);
    const Judges whole(policies, cluster, victim.semantics, victim.manifest);
    const Judges broken(policies, cluster, victim.semantics, damaged);
    const Reported by_whole(before, cluster), by_broken(after, cluster);

    Probes asked = probes(victim.manifest, victim.asked);
    asked = probes(damaged, asked);
    bool changed = false, reported = false;
    for (const Asked& each : packets_of(after, cluster, asked)) {
      ++packets;
      const std::string was = expected(whole, each), is = expected(broken, each);
      const std::string said_before = by_whole.about(each), said = by_broken.about(each);
      changed |= was != is;
      reported |= said_before != said;
      if (was == said_before && is == said) continue;
      if (++wrong < 20)
        FAIL_CHECK(victim.name << " damage " << kind << ": " << to_string(cluster, each.flow.from) << " -> "
                               << to_string(cluster, each.flow.to) << " " << to_string(each.flow.protocol) << "/"
                               << each.flow.port << " is `" << was << "` then `" << is << "`, reported `" << said_before
                               << "` then `" << said << "`");
    }
    changing += changed;
    CHECK(changed == reported);
  }
  WARN(done << " damages, " << changing << " of them change a verdict; " << packets << " packets, " << wrong << " wrong");
  CHECK(changing > done / 4);
  CHECK(changing < done);
}
