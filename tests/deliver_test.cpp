// What becomes of a report: files, standard output, annotations, baselines; and what verify, replay and assess put into
// theirs. The faces themselves are tested elsewhere.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "cli/deliver.h"
#include "cli/options.h"
#include "tests/command_line.h"
#include "tests/compile.h"

using namespace policyconv;
using namespace policyconv::testing;
namespace fs = std::filesystem;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

const std::string http = cnp(R"(  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: web}}]
    toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{path: /}]}}]
)",
                             "http");
/// db lets web in on 5432 and nobody else.
const std::string db = cnp(R"(  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: web}}]
    toPorts: [{ports: [{port: "5432", protocol: TCP}]}]
)",
                           "db");

const std::string broken = cnp("  endpointSelector: {}\n  ingress:\n  - toPort: []\n", "broken");

std::string by_hand(const std::vector<std::string>& actions) {
  std::string text = "apiVersion: kubeovn.io/v1\nkind: SecurityGroup\nmetadata: {name: by-hand}\nspec:\n  ingressRules:\n";
  for (const std::string& action : actions)
    text += "  - {ipVersion: ipv4, priority: 1, policy: " + action + ", protocol: all, remoteType: address, remoteAddress: 0.0.0.0/0}\n";
  return text + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: db-0, namespace: shop, annotations: {ovn.kubernetes.io/security_groups: by-hand}}\n";
}

struct Place {
  Place() {
    write("http.yaml", http);
    write("db.yaml", db);
    write("cluster.yaml", small_cluster);
  }
  const Workplace workplace;
};

Result migrate(std::vector<std::string> args) {
  args.insert(args.begin(), "migrate");
  return run(args);
}

Result verify(const std::string& objects, const std::vector<std::string>& more) {
  write("objects.yaml", objects);
  std::vector<std::string> args = {"verify",    "--policies",   "db.yaml", "--objects",   "objects.yaml",
                                   "--cluster", "cluster.yaml", "--sctp",  "--no-future", "--report", "text=report.txt"};
  args.insert(args.end(), more.begin(), more.end());
  return run(args);
}

}  // namespace

TEST_CASE("every face is written to its file, at once, and holds the finding") {
  const Place place;
  const Result result = migrate({"http.yaml", "-o", "out", "--report", "text=r/a.txt", "--report", "markdown=r/a.md", "--report",
                                 "html=r/a.html", "--report", "json=r/a.json", "--report", "sarif=r/a.sarif", "--report",
                                 "junit=r/a.xml", "--report", "gitlab=r/gitlab.json"});
  INFO(result.err);
  CHECK(result.status == 5);
  CHECK(names_in("r") == std::vector<std::string>{"a.html", "a.json", "a.md", "a.sarif", "a.txt", "a.xml", "gitlab.json"});
  for (const std::string& name : names_in("r")) {
    INFO(name);
    CHECK(contains(text_of("r/" + name), "PC1101"));
    CHECK_FALSE(contains(text_of("r/" + name), "\x1b["));
  }
  CHECK(contains(text_of("r/a.txt"), "exit 5"));
}

TEST_CASE("a report may go to standard output where nothing else does") {
  const Place place;
  const Result result = migrate({"http.yaml", "-o", "out", "--report", "json=-"});
  CHECK(result.status == 5);
  CHECK(result.out.starts_with("{"));
  CHECK(contains(result.out, "PC1101"));
  CHECK_FALSE(fs::exists("-"));
}

TEST_CASE("outputs that would meet are wrong usage") {
  const Place place;
  struct Row {
    std::vector<std::string> args;
    std::string said;
  };
  const Row rows[] = {{{"http.yaml", "--report", "json=-"}, "a report cannot go to standard output, which has the result"},
                      {{"http.yaml", "--emit", "ir", "--report", "json=-"}, "a report cannot go to standard output"},
                      {{"http.yaml", "-o", "out", "--report", "json=-", "--report", "sarif=-"}, "`-` would be written twice"},
                      {{"http.yaml", "-o", "out", "--report", "json=a", "--report", "sarif=./a"}, "`a` would be written twice"},
                      {{"http.yaml", "-o", "out", "--report", "json=a", "--write-baseline", "x/../a"}, "`a` would be written twice"},
                      {{"http.yaml", "-o", "out", "--write-baseline", "-"}, "`--write-baseline` names no file"},
                      {{"http.yaml", "-o", "out", "--write-baseline", ""}, "`--write-baseline` names no file"},
                      {{"http.yaml", "-o", "out", "--baseline", ""}, "`--baseline` names no file"},
                      {{"http.yaml", "-o", "out", "--report", "json=dir/"}, "`dir/` names no file to write"},
                      {{"http.yaml", "-o", "out", "--report", "json"}, "names no file; write json=FILE"},
                      {{"http.yaml", "-o", "out", "--report", "xml=a"}, "`xml` is none of text, markdown, html"},
                      {{"http.yaml", "-o", "out", "--ratchet"}, "`--ratchet` compares with an earlier report"}};
  for (const Row& row : rows) {
    const Result result = migrate(row.args);
    INFO(result.err);
    CHECK(result.status == 2);
    CHECK(contains(result.err, row.said));
    CHECK_FALSE(fs::exists("out"));
  }
}

TEST_CASE("a report that cannot be written is an error, and an earlier one stays as it was") {
  const Place place;
  write("target", "as it was");
  fs::create_symlink("target", "link.json");
  const Result link = migrate({"db.yaml", "-o", "out", "--report", "text=link.json", "--report", "text=db.yaml/x"});
  INFO(link.err);
  CHECK(link.status == 1);
  CHECK(contains(link.err, "cannot write `./link.json`: it is a symbolic link"));
  CHECK(contains(link.err, "cannot write `db.yaml`"));
  CHECK(contains(link.err, "exit 1 "));
  CHECK(text_of("target") == "as it was");
}

TEST_CASE("a pipe is written to, not replaced") {
  const Place place;
  REQUIRE(::mkfifo("pipe", 0600) == 0);
  std::string got;
  std::thread reader([&] { got = text_of("pipe"); });
  const Result result = migrate({"http.yaml", "-o", "out", "--report", "text=pipe"});
  reader.join();
  CHECK(result.status == 5);
  CHECK(contains(got, "[PC1101]"));
  CHECK(fs::is_fifo("pipe"));
}

TEST_CASE("bad input is in the reports of every command") {
  const Place place;
  write("broken.yaml", broken);
  const std::vector<std::vector<std::string>> commands = {
      {"migrate", "broken.yaml"},
      {"verify", "--policies", "broken.yaml", "--cluster", "cluster.yaml"},
      {"replay", "flows.json", "--policies", "broken.yaml", "--cluster", "cluster.yaml"},
      {"assess", "broken.yaml"}};
  write("flows.json", "");
  for (std::vector<std::string> args : commands) {
    args.insert(args.end(), {"--report", "text=r.txt", "--annotations", "github"});
    const Result result = run(args);
    INFO(args.front() << result.err);
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    CHECK(contains(text_of("r.txt"), "broken.yaml:"));
    CHECK(contains(text_of("r.txt"), "unknown field `toPort`"));
    CHECK(contains(result.err, "::error "));
    fs::remove("r.txt");
  }
}

TEST_CASE("names of users cannot become commands of GitHub") {
  const Place place;
  const Result result = migrate({"http.yaml", "-o", "out", "--annotations", "github"});
  const Result again = migrate({"http.yaml", "-o", "out", "--annotations", "github"});
  const std::vector<std::string> lines = lines_of(result.err);
  const std::string stop = "::stop-commands::";
  REQUIRE(lines.front().starts_with(stop));
  const std::string word = lines.front().substr(stop.size());
  CHECK(word.size() > 20);
  CHECK(lines_of(again.err).front() != lines.front());  // else it could be guessed
  const auto resumed = std::find(lines.begin(), lines.end(), "::" + word + "::");
  REQUIRE(resumed != lines.end());
  CHECK(std::none_of(lines.begin() + 1, resumed, [&](const std::string& line) { return contains(line, word); }));
  REQUIRE(resumed + 1 != lines.end());
  CHECK(std::all_of(resumed + 1, lines.end(), [](const std::string& line) { return line.starts_with("::"); }));
  CHECK_FALSE(contains(migrate({"http.yaml", "-o", "out"}).err, "::"));
}

TEST_CASE("a baseline is not written when nothing was found out") {
  const Place place;
  write("accepted.yaml", "as it was");
  write("broken.yaml", broken);
  CHECK(migrate({"broken.yaml", "-o", "out", "--write-baseline", "accepted.yaml"}).status == 1);
  CHECK(text_of("accepted.yaml") == "as it was");
}

TEST_CASE("a baseline can be renewed in place: what is decided stays, what is gone goes, what is new is to be decided") {
  const Place place;
  const std::string other = cnp("  endpointSelector: {}\n  egress:\n  - toPorts: [{ports: [{port: \"53\", protocol: UDP}], rules: {dns: [{matchName: a.b}]}}]\n", "dns");
  CHECK(migrate({"http.yaml", "-o", "out", "--write-baseline", "b.yaml"}).status == 5);
  std::string text = text_of("b.yaml");
  for (const auto& [from, to] : {std::pair<std::string, std::string>("\"TODO: why\"", "the gateway checks"), {"\"TODO: who\"", "team"}})
    text.replace(text.find(from), from.size(), to);
  write("b.yaml", text);
  const Result accepted = migrate({"http.yaml", "-o", "out", "--baseline", "b.yaml"});
  CHECK(accepted.status == 0);
  CHECK(contains(accepted.err, "= accepted: by b.yaml: the gateway checks (team)\n"));
  CHECK(contains(accepted.err, " · 1 finding accepted by the baseline · exit 0 (what differs is accepted)\n"));
  write("http.yaml", http + other);
  CHECK(migrate({"http.yaml", "-o", "out", "--baseline", "b.yaml", "--write-baseline", "b.yaml"}).status == 5);
  const std::string renewed = text_of("b.yaml");
  INFO(renewed);
  CHECK(contains(renewed, "the gateway checks"));
  CHECK(contains(renewed, "code: PC1102"));
  CHECK(contains(renewed, "TODO: why"));
  CHECK(contains(migrate({"http.yaml", "-o", "out", "--fail-on", "refused", "--baseline", "b.yaml"}).err, "exit 1 "));  // undecided
  write("http.yaml", db);
  CHECK(migrate({"http.yaml", "-o", "out", "--write-baseline", "b.yaml"}).status == 0);
  CHECK_FALSE(contains(text_of("b.yaml"), "code:"));
}

TEST_CASE("a shard does not know what is stale") {
  const Place place;
  CHECK(migrate({"http.yaml", "-o", "out", "--write-baseline", "b.yaml"}).status == 5);
  std::string text = text_of("b.yaml");
  for (const auto& [from, to] : {std::pair<std::string, std::string>("\"TODO: why\"", "the gateway checks"), {"\"TODO: who\"", "team"}})
    text.replace(text.find(from), from.size(), to);
  write("b.yaml", text);
  report::Report empty;
  std::ostringstream out, err;
  cli::ReportOptions options;
  options.baseline = "b.yaml";
  CHECK(cli::deliver(empty, options, {{}, false}, out, err) == 0);
  CHECK(cli::deliver(empty, options, {{}, true}, out, err) == 1);
  CHECK(contains(err.str(), "b.yaml:"));
}

TEST_CASE("differences that verify finds stand at the rule or policy that decides") {
  const Place place;
  const Result looser = verify(by_hand({"allow"}), {});
  INFO(looser.out << looser.err << text_of("report.txt"));
  CHECK(looser.status == 4);
  CHECK(contains(text_of("report.txt"), "db.yaml:1:1: looser[PC3130]: passes in Kube-OVN although Cilium denies it: "));
  CHECK(contains(text_of("report.txt"), "exit 4"));

  const Result stricter = verify(by_hand({"drop"}), {});
  INFO(stricter.out << stricter.err << text_of("report.txt"));
  CHECK(stricter.status == 3);
  CHECK(contains(text_of("report.txt"), "stricter[PC3131]: is denied in Kube-OVN although Cilium allows it: pod:shop/app=web -> pod:shop/app=db tcp 5432"));
  CHECK(contains(text_of("report.txt"), "= in: CiliumNetworkPolicy shop/db spec.ingress[0]"));

  const Result undefined = verify(by_hand({"allow", "drop"}), {});
  INFO(undefined.out << undefined.err << text_of("report.txt"));
  CHECK(undefined.status == 4);
  CHECK(contains(text_of("report.txt"), "looser[PC3132]: is decided by chance"));
}

TEST_CASE("assertions that fail stand at their line") {
  const Place place;
  write("a.txt", "# one\nallow ns:ops -> pod:shop/app=db tcp/5432\ndeny pod:shop/app=web -> pod:shop/app=db any\n");
  const Result made = migrate({"db.yaml", "--cluster", "cluster.yaml", "--sctp", "-o", "out"});
  REQUIRE(made.status == 0);
  const Result result = run({"verify", "--policies", "db.yaml", "--objects", "out", "--cluster", "cluster.yaml", "--sctp", "--no-future",
                             "--assert", "a.txt", "--report", "text=report.txt"});
  const std::string report = text_of("report.txt");
  INFO(report << result.out << result.err);
  CHECK(result.status == 4);
  CHECK(contains(report, "a.txt:2:1: stricter[PC3134]: an assertion fails on both sides: allow ns:ops -> pod:shop/app=db tcp/5432"));
  CHECK(contains(report, "a.txt:3:1: looser[PC3133]: passes in Kube-OVN although an assertion denies it: deny pod:shop/app=web"));
}

TEST_CASE("what verify finds can be accepted, and the answer says so") {
  const Place place;
  CHECK(verify(by_hand({"allow"}), {"--write-baseline", "b.yaml"}).status == 4);
  std::string text = text_of("b.yaml");
  for (std::size_t at = 0, number = 0; (at = text.find("\"TODO: wh", at)) != std::string::npos;)
    text.replace(at, text.find('"', at + 1) + 1 - at, "reason " + std::to_string(number++));
  write("b.yaml", text);
  const Result accepted = verify(by_hand({"allow"}), {"--baseline", "b.yaml"});
  INFO(accepted.out << accepted.err);
  CHECK(accepted.status == 0);
  CHECK(contains(accepted.out, " accepted by the baseline · exit 0\n"));
  CHECK(accepted.err.empty());
  const Result stale = verify(by_hand({"drop"}), {"--baseline", "b.yaml"});
  CHECK(stale.status == 1);
  CHECK(contains(stale.err, "[PC0185]"));
  CHECK(contains(stale.out, "exit 1\n"));
}

TEST_CASE("flows that would fare differently are findings, and so are those that Cilium treated otherwise") {
  const Place place;
  const std::string flow =
      R"({"flow":{"verdict":"DROPPED","drop_reason_desc":"POLICY_DENIED","IP":{"source":"10.16.0.10","destination":"10.16.0.12","ipVersion":"IPv4"},)"
      R"("l4":{"TCP":{"source_port":40000,"destination_port":5432,"flags":{"SYN":true}}},"source":{"namespace":"shop","pod_name":"web-0"},)"
      R"("destination":{"namespace":"shop","pod_name":"db-0"},"Type":"L3_L4","traffic_direction":"INGRESS","is_reply":false}})";
  write("objects.yaml", by_hand({"allow"}));
  write("flows.json", flow + "\n");
  const Result result = run({"replay", "flows.json", "--policies", "db.yaml", "--objects", "objects.yaml", "--cluster", "cluster.yaml",
                             "--report", "text=report.txt"});
  const std::string report = text_of("report.txt");
  INFO(report << result.out << result.err);
  CHECK(result.status == 4);
  CHECK(contains(report, "looser[PC3130]: passes in Kube-OVN although Cilium denies it: "));
  CHECK(contains(report, "note[PC3135]: Cilium treated a flow in another way than its policies say: "));
  CHECK(contains(report, "tcp 5432"));
}

TEST_CASE("conflicts that assess finds are findings, with the places of the objects") {
  const Place place;
  std::string dump =
      "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}\n";
  for (const std::string vpc : {"a", "b"})
    dump += "---\n{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: " + vpc + "}, spec: {}}\n---\n{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: net-" +
            vpc + "}, spec: {vpc: " + vpc + ", cidrBlock: 10.0.1.0/24, gateway: 10.0.1.1}}\n---\n{apiVersion: kubeovn.io/v1, kind: VpcNatGateway, metadata: {name: gw-" +
            vpc + "}, spec: {vpc: " + vpc + ", subnet: net-" + vpc + ", lanIp: 10.0.1.2, externalSubnets: [outside]}}\n";
  write("dump.yaml", dump);
  const Result result = run({"assess", "dump.yaml", "--report", "text=report.txt"});
  const std::string report = text_of("report.txt");
  INFO(report << result.out << result.err);
  CHECK(contains(report, "refused[PC4010]: address 10.0.1.2 is shared by NAT gateways: "));
  CHECK(contains(report, "dump.yaml:"));
  CHECK(contains(report, "[PC4013]"));
  CHECK_FALSE(contains(report, "--allow-looser"));
}

TEST_CASE("a report says under which settings it was made") {
  cli::InputOptions options;
  options.semantics.cilium_minor = 17;
  options.allow_looser = {"PC1101", "PC1102"};
  options.ranges.pods = {*parse_cidr("10.16.0.0/16"), *parse_cidr("fd00::/64")};
  const std::vector<std::pair<std::string, std::string>> settings = cli::settings_of(options);
  const auto has = [&](const std::string& name, const std::string& value) {
    return std::find(settings.begin(), settings.end(), std::pair(name, value)) != settings.end();
  };
  CHECK(has("cilium", "1.17"));
  CHECK(has("kube-ovn", "1.16"));
  CHECK(has("allow-looser", "PC1101, PC1102"));
  CHECK(has("pod-cidr", "10.16.0.0/16, fd00::/64"));
  CHECK_FALSE(std::any_of(settings.begin(), settings.end(), [](const auto& one) { return one.second.empty(); }));
}

TEST_CASE("an accepted opening cannot be widened in silence") {
  const Workplace workplace;
  write("http.yaml", http);
  const std::vector<std::string> opening = {"migrate", "http.yaml", "--pod-cidr", "10.16.0.0/16", "-o", "out", "--allow-looser", "PC1101"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), opening.begin(), opening.end());
    return run(more);
  };
  REQUIRE(with({"--write-baseline", "baseline.yaml"}).status == 4);
  std::string baseline = text_of("baseline.yaml");
  for (const char* what : {"\"TODO: why\"", "\"TODO: who\""})
    baseline.replace(baseline.find(what), std::string(what).size(), "decided");
  write("baseline.yaml", baseline);
  CHECK(with({"--baseline", "baseline.yaml"}).status == 0);
  std::string wider = http;
  const std::string subject = "{matchLabels: {app: db}}";
  write("http.yaml", wider.replace(wider.find(subject), subject.size(), "{}"));
  const Result widened = with({"--baseline", "baseline.yaml"});
  INFO(widened.err);
  CHECK(widened.status == 1);
  CHECK(contains(widened.err, "PC0185"));
  CHECK(contains(widened.err, "looser[PC1101]"));
}

TEST_CASE("a baseline with a mistake is not written anew") {
  const Workplace workplace;
  write("http.yaml", http);
  const std::string text = "apiVersion: policyconv.io/v1\nkind: Baseline\naccepted:\n- code: PC1101\n  fingerprint: 0123456789abcdef\n"
                           "  effect: refuse\n  reason: of old\n  owner: team\n";
  write("baseline.yaml", text);
  const Result result = run({"migrate", "http.yaml", "--pod-cidr", "10.16.0.0/16", "-o", "out", "--baseline", "baseline.yaml", "--write-baseline", "baseline.yaml"});
  CHECK(result.status == 1);
  CHECK(text_of("baseline.yaml") == text);
}
