// verify::ManifestMeaning against real OVN on SecurityGroups and Subnet ACLs that no policy produced. Every difference
// is a mistake of the evaluator, or of the reference that both sides were written from.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <iostream>

#include "backends/kubeovn/print.h"
#include "tests/ovn/judge.h"
#include "tests/ovn/options.h"
#include "tests/ovn/scenario.h"

using namespace policyconv;
using namespace policyconv::real_ovn;
using verify::Packet;

namespace {

std::string text_of(const Packet& packet) {
  return fmt::format("{}{} -> {}{} {}/{} (from port {})", to_string(packet.source), packet.from_pod ? " (pod)" : "",
                     to_string(packet.destination), packet.to_pod ? " (pod)" : "", to_string(packet.protocol),
                     packet.port, packet.source_port);
}

class Suite {
 public:
  void check(unsigned seed) {
    const Scenario scenario = random_scenario(seed);
    std::vector<std::string> yaml;
    for (kubeovn::OutputFile& file : kubeovn::print(scenario.manifest, {})) yaml.push_back(std::move(file.text));
    const verify::ManifestMeaning meaning(scenario.manifest, scenario.cluster);
    Judge judge(server_, scenario.cluster, scenario.manifest.release.minor, yaml);
    ++scenarios_;
    for (const Packet& packet : scenario.packets)
      for (const Conntrack conntrack : {Conntrack::New, Conntrack::Established})
        check(seed, packet, conntrack, meaning, judge);
  }

  [[nodiscard]] std::size_t scenarios() const { return scenarios_; }
  [[nodiscard]] std::size_t verdicts() const { return verdicts_; }

  void summarize(unsigned seed, double seconds) const {
    std::cout << fmt::format(
        "random objects on OVN {}, seeds {}..{}: {} verdicts, {} of them allow, {} ties left out, {} differences, "
        "{:.0f} verdicts/s\n",
        ovn_version(), seed, seed + scenarios_ - 1, verdicts_, allowed_, ties_, differences_,
        static_cast<double>(verdicts_) / seconds);
    CHECK(differences_ == 0);
    CHECK(verdicts_ > 500);
    CHECK(allowed_ * 10 > verdicts_);
    CHECK(allowed_ * 10 < verdicts_ * 9);
  }

 private:
  void check(unsigned seed, const Packet& packet, Conntrack conntrack, const verify::ManifestMeaning& meaning,
             Judge& judge) {
    const Judged judged = judge(packet, conntrack);
    compare(seed, packet, conntrack, Direction::Egress, judged.egress, meaning, judge);
    Packet arriving = packet;
    if (judged.from_router) arriving.from_pod.reset();
    compare(seed, arriving, conntrack, Direction::Ingress, judged.ingress, meaning, judge);
  }

  void compare(unsigned seed, const Packet& packet, Conntrack conntrack, Direction direction,
               std::optional<Verdict> got, const verify::ManifestMeaning& meaning, const Judge& judge) {
    const auto wanted = meaning.decide(packet, direction);
    REQUIRE(wanted.has_value() == got.has_value());
    if (!got) return;
    if (meaning.tied()) return static_cast<void>(++ties_);
    ++verdicts_;
    if (got == Verdict::Allow) ++allowed_;
    if (wanted->verdict == got) return;
    if (++differences_ <= 10)
      std::cout << fmt::format("seed {} {} {} {}: OVN {}, evaluator {} ({})\n  {}\n", seed, flags_of(conntrack),
                               to_string(direction), text_of(packet), to_string(*got), to_string(wanted->verdict),
                               wanted->reason, judge.command(packet, conntrack));
  }

  Server server_;
  std::size_t scenarios_ = 0, verdicts_ = 0, allowed_ = 0, ties_ = 0, differences_ = 0;
};

}  // namespace

TEST_CASE("the evaluator agrees with real OVN on random objects") {
  const Options wanted = options(std::chrono::seconds(35));
  const std::size_t most = wanted.full ? 2500 : 1000;
  Suite suite;
  Progress progress("random objects", most);
  while (suite.scenarios() < most && (wanted.full || progress.seconds() < static_cast<double>(wanted.budget.count()))) {
    suite.check(wanted.seed + static_cast<unsigned>(suite.scenarios()));
    progress.at(suite.scenarios(), suite.verdicts());
  }
  suite.summarize(wanted.seed, progress.seconds());
}
