// `verify` and `migrate --verify`: what they print, in which form, and with which exit status. That they find every
// difference and no other is proved elsewhere, on the space itself.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/command_line.h"
#include "tests/compile.h"

using namespace policyconv;
using namespace policyconv::testing;

namespace {

/// db lets web in on 5432 and nobody else; sctp is on, so that pods without a group are free in both systems.
const std::string policies = cnp(R"(  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: web}}]
    toPorts: [{ports: [{port: "5432", protocol: TCP}]}])",
                                 "db");

struct Place {
  Place() {
    write("policies.yaml", policies);
    write("cluster.yaml", small_cluster);
    const Result migrated = run({"migrate", "policies.yaml", "--cluster", "cluster.yaml", "--sctp", "-o", "out"});
    INFO(migrated.err);
    REQUIRE(migrated.status == 0);
  }
  /// Replaces one text of the groups; `after`: behind this text.
  void edit(const std::string& after, const std::string& from, const std::string& to) const {
    const std::string path = "out/00-security-groups.yaml";
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::size_t at = text.find(from, text.find(after));
    INFO(text);
    REQUIRE(at != std::string::npos);
    write(path, text.replace(at, from.size(), to));
  }
  const Workplace workplace;
};

Result check(const std::vector<std::string>& more = {}) {
  std::vector<std::string> args = {"verify", "--policies", "policies.yaml", "--objects",
                                   "out",    "--cluster",  "cluster.yaml",  "--sctp"};
  args.insert(args.end(), more.begin(), more.end());
  return run(args);
}

}  // namespace

TEST_CASE("what migrate wrote is equal for all packets, also for pods that do not exist yet") {
  const Place place;
  const Result result = check();
  INFO(result.out << result.err);
  CHECK(result.status == 0);
  CHECK(contains(result.out, "equal for all packets · "));
  CHECK(contains(result.out, " of future pods · exit 0\n"));
  CHECK(result.err.empty());
  // Without --objects the compiler is asked itself.
  CHECK(run({"verify", "--policies", "policies.yaml", "--cluster", "cluster.yaml", "--sctp"}).out == result.out);
  CHECK_FALSE(contains(check({"--no-future"}).out, "future"));
}

TEST_CASE("an edited rule is found, told in labels, with an example, both rules and a command") {
  const Place place;
  place.edit("# A1 allow", "portRangeMax: 5432", "portRangeMax: 5440");
  const Result result = check({"--no-future"});
  INFO(result.out << result.err);
  CHECK(result.status == 4);
  for (const char* said :
       {"looser: pod:shop/app=web -> pod:shop/app=db tcp 5433-5440 (IPv4): cilium deny, kube-ovn allow\n",
        "= example: pod:shop/web-0 (10.16.0.10) -> pod:shop/db-0 (10.16.0.12), tcp 5433\n",
        "[Cilium ingress]   denied: default deny of CiliumNetworkPolicy shop/db (policies.yaml:1:1)\n",
        "  --> policies.yaml:1:1\n    1 | apiVersion", "[Kube-OVN ingress] allowed: A1 allow ",
        "out/00-security-groups.yaml:", "= in OVN: kubectl ko trace shop/web-0 10.16.0.12 tcp 5433\n", "1 looser · ",
        "exit 4\n"}) {
    INFO(said);
    CHECK(contains(result.out, said));
  }
  CHECK_FALSE(contains(result.out, "bug"));
}

TEST_CASE("the exit status is that of the worst difference") {
  struct Row {
    std::string after, from, to;
    int status;
    std::string said;
  };
  const Row rows[] = {{"# A1 allow", "portRangeMax: 5432", "portRangeMax: 5440", 4, "looser: "},
                      {"# A1 allow", "policy: allow", "policy: drop", 3, "stricter: "},
                      {"# A1 allow", "priority: 2000", "priority: 2001", 0, "equal for all packets"}};
  for (const Row& row : rows) {
    const Place place;
    place.edit(row.after, row.from, row.to);
    for (const char* format : {"text", "json", "markdown"}) {
      const Result result = check({"--no-future", "--format", format});
      INFO(row.to << "\n" << result.out << result.err);
      CHECK(result.status == row.status);
    }
    CHECK(contains(check({"--no-future"}).out, row.said));
  }
}

TEST_CASE("differences of future pods count, are told apart from those of today, and can be left out") {
  const Place place;
  // Nobody of today carries tier=new; the policy would let them in, the objects do not know them.
  write("policies.yaml",
        policies + cnp("  endpointSelector: {matchLabels: {app: db}}\n  ingress: [{fromEndpoints: [{matchLabels: "
                       "{tier: new}}]}]\n",
                       "new"));
  const Result today = check({"--no-future"});
  INFO(today.out << today.err);
  CHECK(today.status == 0);
  const Result future = check();
  INFO(future.out << future.err);
  CHECK(future.status == 3);
  CHECK(contains(future.out, "Pods that do not exist yet:\nThis assumes that each gets the groups whose selectors match it"));
  CHECK(contains(future.out, "equal for all packets of today's pods; "));
  CHECK(contains(future.out, "stricter: pod:shop/tier=new -> "));
}

TEST_CASE("assertions are checked on both sides; a failing one says where and why") {
  const Place place;
  place.edit("# A1 allow", "portRangeMax: 5432", "portRangeMax: 5440");
  write("holds.txt", "allow pod:shop/app=web -> pod:shop/app=db tcp/5432\ndeny ns:ops -> pod:shop/app=db any\n");
  write("open.txt", "# closed in Cilium\ndeny pod:shop/app=web -> pod:shop/app=db tcp/5433\n");
  write("closed.txt", "allow ns:ops -> pod:shop/app=db tcp/5432\n");
  const Result holds = check({"--no-future", "--assert", "holds.txt"});
  INFO(holds.out << holds.err);
  CHECK(contains(holds.out, "2 of 2 assertions hold"));
  const Result open = check({"--no-future", "--assert", "open.txt", "holds.txt"});
  INFO(open.out << open.err);
  CHECK(contains(open.out, "2 of 3 assertions hold"));
  CHECK(contains(open.out, "open.txt:2:1: assertion fails: deny pod:shop/app=web -> pod:shop/app=db tcp/5433\n"));
  CHECK(contains(open.out, "= Cilium: holds\n"));
  CHECK(
      contains(open.out, "= Kube-OVN: passes: pod:shop/web-0 (10.16.0.10) -> pod:shop/db-0 (10.16.0.12), tcp 5433\n"));
  const Result closed = check({"--no-future", "--assert", "closed.txt"});
  INFO(closed.out << closed.err);
  CHECK(contains(closed.out, "= Cilium: is denied: pod:ops/probe-0 "));
  CHECK(contains(closed.out, "0 of 1 assertion hold"));
}

TEST_CASE("a failing assertion alone decides the exit status") {
  const Place place;
  struct Row {
    std::string assertion;
    int status;
  };
  const Row rows[] = {{"allow pod:shop/app=web -> pod:shop/app=db tcp/5432", 0},
                      {"allow ns:ops -> pod:shop/app=db tcp/5432", 3},
                      {"deny pod:shop/app=web -> pod:shop/app=db any", 4}};
  for (const Row& row : rows) {
    write("a.txt", row.assertion + "\n");
    const Result result = check({"--no-future", "--assert", "a.txt"});
    INFO(result.out << result.err);
    CHECK(result.status == row.status);
    CHECK(contains(result.out, "equal for all packets"));
  }
}

TEST_CASE("bad input of every kind is told in one run and nothing is decided") {
  const Place place;
  write("a.txt", "allow pod:shop/app=web pod:shop/app=db tcp/5432\n");
  write("policies.yaml", cnp("  endpointSelectr: {}\n"));
  const Result result = check({"--assert", "a.txt"});
  INFO(result.err);
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  CHECK(contains(result.err, "policies.yaml:5:3: error["));
  CHECK(contains(result.err, "a.txt:1:"));
}

TEST_CASE("without pods nothing would be proved") {
  const Place place;
  write("cluster.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n");
  for (const Result& result : {run({"verify", "--policies", "policies.yaml", "--cluster", "cluster.yaml"}),
                               run({"migrate", "policies.yaml", "--cluster", "cluster.yaml", "--verify"})}) {
    INFO(result.out << result.err);
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    CHECK(contains(result.err, "error[PC3120]: there is no pod in the cluster, so nothing would be proved"));
  }
}

TEST_CASE("JSON holds what the text holds, and threads change nothing") {
  const Place place;
  place.edit("# A1 allow", "portRangeMax: 5432", "portRangeMax: 5440");
  write("a.txt", "deny pod:shop/app=web -> pod:shop/app=db tcp/5433\n");
  const Result result = check({"--format", "json", "--assert", "a.txt", "-j", "1"});
  INFO(result.out << result.err);
  CHECK(check({"--format", "json", "--assert", "a.txt", "-j", "4"}).out == result.out);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["status"] == 4);
  REQUIRE(json["regions"].size() == 1);
  const auto& region = json["regions"][0];
  CHECK(region["change"] == "looser");
  CHECK(region["from"] == nlohmann::json{"pod:shop/app=web"});
  CHECK(region["to"] == nlohmann::json{"pod:shop/app=db"});
  CHECK(region["traffic"][0]["ports"] == nlohmann::json{5433, 5440});
  CHECK(region["families"] == nlohmann::json{"ipv4"});
  CHECK(region["confirmed"] == true);
  CHECK(region["example"]["change"] == "looser");
  CHECK(region["example"]["kube_ovn"]["ends"][0]["places"][0]["file"] == "out/00-security-groups.yaml");
  CHECK(json["future"]["pods"] > 0);
  CHECK(json["assertions"][0]["cilium"]["holds"] == true);
  CHECK(json["assertions"][0]["kube_ovn"]["holds"] == false);
}

TEST_CASE("Markdown is for comments of a CI") {
  const Place place;
  place.edit("# A1 allow", "portRangeMax: 5432", "portRangeMax: 5440");
  write("a.txt", "deny pod:shop/app=web -> pod:shop/app=db tcp/5433\n");
  const Result result = check({"--no-future", "--format", "markdown", "--assert", "a.txt"});
  INFO(result.out);
  for (const char* said : {"# Verification: 1 looser\n", "\n### looser: pod:shop/app=web ",
                           "\n```sh\nkubectl ko trace shop/web-0 ", "| deny pod:shop/app=web "}) {
    INFO(said);
    CHECK(contains(result.out, said));
  }
}

TEST_CASE("migrate --verify reports behind the migration, on standard error, and raises the exit status") {
  const Place place;
  const Result equal = run({"migrate", "policies.yaml", "--cluster", "cluster.yaml", "--sctp", "--verify"});
  INFO(equal.err);
  CHECK(equal.status == 0);
  CHECK(contains(equal.out, "kind: SecurityGroup"));
  CHECK(equal.err.find("exit 0 (same meaning)") < equal.err.find("equal for all packets · "));
  write("policies.yaml", cnp("  endpointSelector: {}\n  egress: [{toEntities: [host]}]\n"));
  const Result stricter = run({"migrate", "policies.yaml", "--cluster", "cluster.yaml", "--sctp", "--verify"});
  INFO(stricter.err);
  CHECK(stricter.status == 3);
  CHECK(contains(stricter.err, "stricter: ns:shop -> node:"));
  CHECK(run({"migrate", "policies.yaml", "--cluster", "cluster.yaml", "--sctp", "--verify", "--fail-on", "looser"})
            .status == 0);
}
