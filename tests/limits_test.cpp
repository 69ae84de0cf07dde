// What input is limited to: each limit at its value and one beyond it, and nothing that runs out of stack.
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "ir/limits.h"
#include "tests/bench/clock.h"
#include "tests/command_line.h"
#include "verify/flow_syntax.h"
#include "verify/ovn_match.h"

using namespace policyconv;
using bench::seconds;
using testing::contains;
using testing::Result;
using testing::run;
using testing::Workplace;
namespace fs = std::filesystem;

namespace {

std::string repeat(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

std::string policy(const std::string& name, const std::string& rules) {
  return fmt::format("apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {}, namespace: shop}}\n"
                     "spec:\n  endpointSelector: {{matchLabels: {{app: {}}}}}\n{}",
                     name, name, rules);
}

/// One rule: `cidrs` addresses of the Internet and `ports` TCP ports.
std::string wide_policy(std::size_t cidrs, std::size_t ports) {
  std::string rules = "  egress:\n  - toCIDR:\n";
  for (std::size_t i = 0; i < cidrs; ++i)
    rules += fmt::format("    - {}.{}.{}.{}/32\n", 11 + (i >> 24U), i >> 16U & 255U, i >> 8U & 255U, i & 255U);
  rules += "    toPorts:\n    - ports:\n";
  for (std::size_t i = 0; i < ports; ++i) rules += fmt::format("      - {{port: \"{}\", protocol: TCP}}\n", 1000 + 2 * i);
  return policy("wide", rules);
}

std::string rules(std::size_t count) {
  return "  ingress:\n" + repeat("  - fromEndpoints: [{matchLabels: {app: db}}]\n", count);
}

const std::string plain = policy("web", rules(1));

/// A quarter of what a thread has; AddressSanitizer makes frames several times as large, and may have all of it.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t stack_size = 8 * megabyte;
#else
constexpr std::size_t stack_size = 2 * megabyte;
#endif

void on_small_stack(std::function<void()> what) {
  pthread_attr_t attributes;
  pthread_t thread{};
  REQUIRE(::pthread_attr_init(&attributes) == 0);
  REQUIRE(::pthread_attr_setstacksize(&attributes, stack_size) == 0);
  const auto start = [](void* function) -> void* {
    (*static_cast<std::function<void()>*>(function))();
    return nullptr;
  };
  REQUIRE(::pthread_create(&thread, &attributes, start, &what) == 0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
}

Result run_on_small_stack(const std::vector<std::string>& args, const std::string& input = "") {
  Result result;
  on_small_stack([&] { result = run(args, input); });
  return result;
}

/// An error of the input: nothing is written, exit 1, and the message names the flag.
void check_refused(const Result& result, const std::string& message, const std::string& flag) {
  INFO(result.err);
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  CHECK(contains(result.err, message));
  CHECK(contains(result.err, flag));
}

void check_taken(const Result& result) {
  INFO(result.err);
  CHECK(result.status != 1);
  CHECK(result.status != 2);
  CHECK(contains(result.out, "kind: SecurityGroup"));
}

}  // namespace

TEST_CASE("numbers saturate instead of overflowing") {
  constexpr std::size_t most = static_cast<std::size_t>(-1);
  CHECK(saturating_product(0, most) == 0);
  CHECK(saturating_product(most, 1) == most);
  CHECK(saturating_product(most / 2, 3) == most);
  CHECK(saturating_product(1000, 1000) == 1'000'000);
  CHECK(saturating_sum(most, 1) == most);
  CHECK(saturating_sum(most - 1, 1) == most);
  CHECK(saturating_sum(2, 3) == 5);
}

TEST_CASE("the depth of JSON is that of its brackets, not of those in its texts") {
  CHECK_FALSE(is_deeper("[[]]", 2));
  CHECK(is_deeper("[[]]", 1));
  CHECK_FALSE(is_deeper(R"(["[[[[", "\"[[[", {}])", 2));
  CHECK_FALSE(is_deeper("]]]]][]", 1));
  CHECK(is_deeper(R"([["\\"], [[)", 2));
  CHECK(is_deeper(std::string(1'000'000, '['), Limits::most_depth));
}

TEST_CASE("a file, standard input and an answer of kubectl may be so large") {
  const Workplace here;
  const std::string comment = "# " + std::string(997, 'x') + "\n";  // 1000 bytes
  std::string text = plain + repeat(comment, 1048);
  text += "#" + std::string(megabyte - text.size() - 2, 'x') + "\n";
  REQUIRE(text.size() == megabyte);
  for (const bool is_beyond : {false, true}) {
    if (is_beyond) text += "\n";
    testing::write("a.yaml", text);
    fs::remove("out/00-security-groups.yaml");
    for (const auto& [args, name] : {std::pair(std::vector<std::string>{"migrate", "a.yaml", "--max-file-size", "1"}, "`a.yaml`"),
                                     std::pair(std::vector<std::string>{"migrate", "-", "--max-file-size", "1"}, "`<stdin>`")}) {
      const Result result = run(args, text);
      if (is_beyond) check_refused(result, fmt::format("error[PC0194]: {} is larger than 1 MB", name), "--max-file-size MB");
      else check_taken(result);
    }
  }
  check_taken(run({"migrate", "a.yaml"}));
  check_refused(run({"migrate", "/dev/zero", "--max-file-size", "2"}), "error[PC0194]: `/dev/zero` is larger than 2 MB", "--max-file-size");
}

TEST_CASE("kubectl is stopped when its answer is too large") {
  const Workplace here;
  fs::create_directory("bin");
  testing::write("bin/kubectl", "#!/bin/sh\nexec cat /dev/zero\n");
  ::chmod("bin/kubectl", 0755);
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", (fs::current_path().string() + "/bin:" + before).c_str(), 1);
  const Result result = run({"migrate", "--from-cluster", "--max-file-size", "1"});
  ::setenv("PATH", before.c_str(), 1);
  check_refused(result, "error[PC0194]: `kubectl get namespaces` is larger than 1 MB", "--max-file-size MB");
}

TEST_CASE("nesting may be so deep") {
  const Workplace here;
  const auto nested = [](std::size_t depth) {  // the object and its data are two levels
    return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: " + repeat("[", depth - 2) + repeat("]", depth - 2) + "\n---\n" + plain;
  };
  check_taken(run({"migrate", "-"}, nested(100)));
  check_refused(run({"migrate", "-"}, nested(101)), "5:104: error[PC0112]: nesting is deeper than 100 levels", "--max-depth");
  check_taken(run({"migrate", "-", "--max-depth", "7"}, nested(7)));
  check_refused(run({"migrate", "-", "--max-depth", "7"}, nested(8)), "error[PC0112]: nesting is deeper than 7 levels", "--max-depth");
  check_taken(run({"migrate", "-", "--max-depth", "1000"}, nested(1000)));
  check_refused(run({"migrate", "-", "--max-depth", "1000"}, nested(1001)), "error[PC0112]: nesting is deeper than 1000 levels", "--max-depth");
  CHECK(run({"migrate", "-", "--max-depth", "1001"}, plain).status == 2);
  CHECK(run({"migrate", "-", "--max-depth", "0"}, plain).status == 2);
}

TEST_CASE("a file may have so many documents") {
  const auto documents = [](std::size_t count) { return plain + repeat("---\n", count - 1); };
  check_taken(run({"migrate", "-", "--max-documents", "5"}, documents(5)));
  check_refused(run({"migrate", "-", "--max-documents", "5"}, documents(6)), "error[PC0116]: the file holds more than 5 documents",
                "--max-documents");
}

TEST_CASE("anchors and aliases may repeat so much") {
  const auto aliases = [](std::size_t count) {
    return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: &a " + std::string(10'000, 'x') + "\n  b: [" + repeat("*a, ", count) +
           "]\n---\n" + plain;
  };
  check_taken(run({"migrate", "-", "--max-aliases", "1"}, aliases(100)));
  check_refused(run({"migrate", "-", "--max-aliases", "1"}, aliases(105)),
                "error[PC0113]: anchors and aliases repeat more than 1 MB of values", "--max-aliases MB");
  check_taken(run({"migrate", "-", "--max-aliases", "2"}, aliases(105)));
}

TEST_CASE("all policies together may have so many rules") {
  const Workplace here;
  fs::create_directory("p");
  testing::write("p/a.yaml", policy("a", rules(3)));
  testing::write("p/b.yaml", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: b, namespace: shop}\n"
                             "spec: {podSelector: {}, ingress: [{}, {}], egress: [{}]}\n");
  check_taken(run({"migrate", "p", "--max-rules", "6"}));
  check_refused(run({"migrate", "p", "--max-rules", "5"}), "b.yaml:1:1: error[PC0141]: the policies hold more than 5 rules", "--max-rules");
  check_refused(run({"migrate", "p", "--max-rules", "2"}), "a.yaml:1:1: error[PC0141]: the policies hold more than 2 rules", "--max-rules");
  check_refused(run({"verify", "--policies", "p", "--max-rules", "5"}), "error[PC0141]", "--max-rules");
}

TEST_CASE("so may the policies of all files of a tree") {
  const Workplace here;
  fs::create_directory("p");
  for (int i = 0; i < 20; ++i) testing::write(fmt::format("p/{}.yaml", i), policy("a", rules(3)));
  const Result taken = run({"migrate", "p", "--tree", "-o", "out", "--max-rules", "60"});
  INFO(taken.err);
  CHECK(taken.status != 1);
  CHECK(fs::exists("out/19/00-security-groups.yaml"));
  fs::remove_all("out");
  std::string told;
  for (const char* const jobs : {"1", "4"}) {
    const Result result = run({"migrate", "p", "--tree", "-o", "out", "--max-rules", "59", "--keep-going", "-j", jobs});
    check_refused(result, "error[PC0141]: the policies hold more than 59 rules", "--max-rules");
    CHECK((!fs::exists("out") || fs::is_empty("out")));
    CHECK((told.empty() || told == result.err));
    told = result.err;
  }
}

TEST_CASE("one rule may become so much") {
  check_taken(run({"migrate", "-", "--max-expansion", "40"}, wide_policy(10, 4)));
  check_refused(run({"migrate", "-", "--max-expansion", "39"}, wide_policy(10, 4)),
                "7:5: error[PC0142]: CiliumNetworkPolicy shop/wide spec.egress[0] would become 40 entries (ports x peers and CIDRs: 4 x 10); "
                "the most is 39",
                "--max-expansion");
  check_refused(run({"migrate", "-", "--emit", "ir", "--max-expansion", "39"}, wide_policy(10, 4)), "error[PC0142]", "--max-expansion");
  check_refused(run({"verify", "--policies", "-", "--max-expansion", "39"}, wide_policy(10, 4)), "error[PC0142]", "--max-expansion");
}

TEST_CASE("CIDR groups are counted and not expanded") {
  std::string group = "---\napiVersion: cilium.io/v2alpha1\nkind: CiliumCIDRGroup\nmetadata: {name: all, labels: {of: us}}\nspec:\n  externalCIDRs:\n";
  for (std::size_t i = 0; i < 10'000; ++i) group += fmt::format("  - 11.0.{}.{}/32\n", i >> 8U, i & 255U);
  for (const char* const named : {"{cidrGroupRef: all}", "{cidrGroupSelector: {matchLabels: {of: us}}}"}) {
    const std::string text = policy("wide", "  egress:\n  - toCIDRSet:\n" + repeat(fmt::format("    - {}\n", named), 10'000)) + group;
    Result result;
    const double time = seconds([&] { result = run({"migrate", "-"}, text); });
    check_refused(result, "would become 100000000 entries (ports x peers and CIDRs: 1 x 100000000)", "--max-expansion");
    CHECK(time < 20);
  }
}

TEST_CASE("each CIDR of a group counts with the exceptions that the rule gives it") {
  std::string group = "---\napiVersion: cilium.io/v2alpha1\nkind: CiliumCIDRGroup\nmetadata: {name: all}\nspec:\n  externalCIDRs:\n";
  std::string holes;
  for (int i = 0; i < 10; ++i) {
    group += fmt::format("  - 11.{}.0.0/16\n", i);
    holes += fmt::format("{}12.{}.0.0/16", i == 0 ? "" : ", ", i);
  }
  const std::string text = policy("wide", fmt::format("  egress:\n  - toCIDRSet:\n    - {{cidrGroupRef: all, except: [{}]}}\n", holes)) + group;
  check_taken(run({"migrate", "-", "--max-expansion", "110"}, text));
  check_refused(run({"migrate", "-", "--max-expansion", "109"}, text), "would become 110 entries (ports x peers and CIDRs: 1 x 110)", "--max-expansion");
}

TEST_CASE("what is left of a CIDR with holes, and nodes, are counted before they are written out") {
  // A hole of one address leaves a prefix for each bit of the way to it; the other half of the last one is shared by both.
  const std::string holes = policy("wide", "  egress:\n  - toCIDRSet:\n    - {cidr: 11.0.0.0/8, except: [11.0.0.0/32, 11.128.0.0/32]}\n");
  const auto expanded = [&](const char* most) {
    return run({"migrate", "-", "--pod-cidr", "10.16.0.0/16", "--node-cidr", "192.168.0.0/24", "--max-expansion", most}, holes);
  };
  check_taken(expanded("46"));
  check_refused(expanded("45"),
                "CiliumNetworkPolicy shop/wide spec.egress[0] would become 46 entries (ports x peers and CIDRs: 1 x 46); the most is 45",
                "--max-expansion");

  const Workplace here;
  std::string nodes;
  for (int i = 0; i < 10; ++i)
    nodes += fmt::format("---\napiVersion: v1\nkind: Node\nmetadata: {{name: n{}}}\nstatus: {{addresses: [{{type: InternalIP, address: 192.168.0.{}}}]}}\n", i, i + 1);
  testing::write("cluster.yaml", nodes.substr(4));
  const std::string entity = policy("wide", "  ingress:\n  - fromEntities: [remote-node]\n    toPorts: [{ports: [{port: \"80\", protocol: TCP}, {port: \"90\", protocol: TCP}]}]\n");
  check_refused(run({"migrate", "-", "--cluster", "cluster.yaml", "--max-expansion", "19"}, entity), "error[PC0142]", "--max-expansion");
  check_taken(run({"migrate", "-", "--cluster", "cluster.yaml", "--max-expansion", "100"}, entity));
}

TEST_CASE("names of ports count with the numbers they have") {
  const Workplace here;
  std::string pods;
  for (int i = 0; i < 10; ++i)
    pods += fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{0}, namespace: shop, labels: {{app: wide}}}}\n"
                        "spec: {{nodeName: n1, containers: [{{name: c, image: i, ports: [{{name: web, containerPort: {1}, protocol: TCP}}]}}]}}\n"
                        "status: {{phase: Running, podIPs: [{{ip: 10.16.0.{1}}}]}}\n", i, i + 10);
  testing::write("cluster.yaml", pods.substr(4));
  const std::string text = policy("wide", "  ingress:\n  - fromCIDR: [11.0.0.1/32, 11.0.0.3/32]\n    toPorts: [{ports: [{port: web, protocol: TCP}]}]\n");
  check_refused(run({"migrate", "-", "--cluster", "cluster.yaml", "--max-expansion", "19"}, text), "would become 20 entries (ports x peers and CIDRs: 10 x 2)",
                "--max-expansion");
  CHECK_FALSE(contains(run({"migrate", "-", "--cluster", "cluster.yaml", "--max-expansion", "19"}, text).err, "PC1150"));
  const Result taken = run({"migrate", "-", "--cluster", "cluster.yaml", "--max-expansion", "20", "--emit", "ir"}, text);
  CHECK(taken.status != 1);
}

TEST_CASE("a rule of 100,000 CIDRs is refused at once with 40 ports, and takes linear time with one") {
  Result result;
  const std::string both = wide_policy(100'000, 40);
  const double refused = seconds([&] { result = run({"migrate", "-"}, both); });
  check_refused(result, "would become 4000000 entries (ports x peers and CIDRs: 40 x 100000); the most is 1000000", "--max-expansion");
  CHECK(refused < 20);
  const std::string small = wide_policy(25'000, 1), large = wide_policy(100'000, 1);
  const double quarter = seconds([&] { check_taken(run({"migrate", "-"}, small)); });
  const double whole = seconds([&] { check_taken(run({"migrate", "-"}, large)); });
  CHECK(whole < 8 * quarter + 1);  // four times the work; of the square it would be sixteen
}

TEST_CASE("a KRM function has the same limits") {
  const auto list = [](const std::string& settings) {
    return "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig: {apiVersion: v1, kind: ConfigMap, metadata: {name: f}, data: {" +
           settings + "}}\nitems:\n- apiVersion: cilium.io/v2\n  kind: CiliumNetworkPolicy\n  metadata: {name: a, namespace: shop}\n" +
           "  spec: {endpointSelector: {}, egress: [{toCIDR: [11.0.0.1/32, 11.0.0.3/32]}, {}]}\n";
  };
  CHECK(run({"krm"}, list("maxRules: \"2\", maxExpansion: \"2\"")).status != 1);
  Result result = run({"krm"}, list("maxRules: \"1\""));
  CHECK(result.status == 1);
  CHECK(contains(result.out, "PC0141"));
  CHECK_FALSE(contains(result.out, "kind: SecurityGroup"));
  result = run({"krm"}, list("maxExpansion: \"1\""));
  CHECK(result.status == 1);
  CHECK(contains(result.out, "PC0142"));
  CHECK_FALSE(contains(result.out, "kind: SecurityGroup"));
  result = run({"krm"}, "a: " + repeat("[", 101));
  CHECK(result.status == 1);
  CHECK(contains(result.err, "error[PC0112]: nesting is deeper than 100 levels"));
}

TEST_CASE("trees of the greatest depth are read, compared and written on a small stack") {
  const Workplace here;
  const std::size_t most = Limits::most_depth;
  const auto deep = [&](std::string_view open, std::string_view close, std::size_t depth) { return repeat(open, depth) + "x" + repeat(close, depth); };
  const std::string value = deep("{a: ", "}", most - 3), list = deep("[", "]", most - 3);
  const std::vector<std::string> deepest = {"--max-depth", std::to_string(most)};
  const auto with = [&](std::vector<std::string> args) {
    args.insert(args.end(), deepest.begin(), deepest.end());
    return args;
  };
  for (const std::string& inner : {value, list}) {
    const std::string object = fmt::format("kind: ConfigMap\napiVersion: v1\nmetadata: {{name: a}}\ndata:\n  a: &a {}\n  b: [*a]\n---\n", inner);
    CHECK(run_on_small_stack(with({"migrate", "-"}), object + plain).status != 1);
    // A template in the deepest value is found, a field that there is not is refused.
    const std::string braces = fmt::format("{}  egress: [{{toFQDNs: {}}}]\n# {{{{\n", plain, inner);
    CHECK(run_on_small_stack(with({"migrate", "-"}), braces).status == 1);
  }
  const std::string webhook = "apiVersion: admissionregistration.k8s.io/v1beta1\nkind: MutatingAdmissionPolicy\nmetadata: {name: policyconv-a, labels: "
                              "{app.kubernetes.io/managed-by: policyconv}}\nspec: ";
  testing::write("emitted.yaml", webhook + value + "\n");
  testing::write("live.yaml", webhook + deep("{a: ", "}", most - 4) + "\n");
  const Result drift = run_on_small_stack(with({"drift", "--objects", "emitted.yaml", "--cluster", "live.yaml"}));
  INFO(drift.err);
  CHECK(drift.status != 2);
  const std::string package = fmt::format("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- kind: A\n  apiVersion: v1\n  a: {}\n",
                                          deep("{a: ", "}", 96));
  CHECK(run_on_small_stack({"krm"}, package).status == 0);
}

TEST_CASE("OVN matches without end are an error with a place, and long ones are read") {
  const std::size_t many = 100'000;
  const auto error_of = [](const std::string& text) {
    verify::MatchError error;
    on_small_stack([&] { static_cast<void>(verify::OvnMatch::parse(text, &error)); });
    return fmt::format("{} {}", error.column, error.text);
  };
  const auto parses = [](const std::string& text) {
    bool parsed = false;
    on_small_stack([&] { parsed = verify::OvnMatch::parse(text).has_value(); });
    return parsed;
  };
  CHECK(error_of(std::string(many, '(')) == "100 parentheses are nested too deeply");
  CHECK(error_of(std::string(many, '!')) == "2 unexpected `!`");
  CHECK(error_of(repeat("!(", many)) == "200 parentheses are nested too deeply");
  CHECK(error_of("ip4 && " + repeat("ip4 && ", many)) != "0 ");
  CHECK(error_of(repeat("/* ", many)) == "1 unexpected `/`");
  CHECK(error_of(repeat("\"", 2 * many + 1)) != "0 ");
  for (const std::string_view by : {" && ", " || "}) {
    bool parsed = false;
    const double time = seconds([&] { parsed = parses("ip4.src == 10.0.0.1" + repeat(std::string(by) + "ip4.src == 10.0.0.1", many)); });
    CHECK(parsed);
    CHECK(time < 120);
  }
  CHECK(parses("ip4.src == {" + repeat("10.0.0.1, ", many) + "10.0.0.1}"));
}

TEST_CASE("assertions without end are an error with a place") {
  for (const std::string_view piece : {"(", "!", "-", ",", "a in (", "pod:a,", "!pod:a,"}) {
    CAPTURE(piece);
    for (const std::string& text : {repeat(piece, 60'000 / piece.size()), repeat(piece, 100'000)}) {
      Sources sources;
      Diagnostics diagnostics;
      const std::uint32_t file = sources.add("rules.txt", "allow " + text + "\n");
      std::size_t found = 1;
      on_small_stack([&] { found = verify::parse_assertions(sources, file, diagnostics).size(); });
      CHECK(found == 0);
      REQUIRE(diagnostics.has_errors());
      CHECK(diagnostics.all().front().where.line == 1);
    }
  }
}

TEST_CASE("JSON that is nested without end is an error, wherever it is read") {
  const Workplace here;
  const std::string brackets(100'000, '['), objects = repeat("{\"a\":", 100'000), closed = brackets + std::string(100'000, ']');
  testing::write("p.yaml", plain);
  testing::write("c.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  for (const std::string& text : {brackets, objects, closed, "{\"flow\":" + closed + "}"}) {
    testing::write("deep.json", text);
    Result result = run_on_small_stack({"replay", "deep.json", "--policies", "p.yaml", "--cluster", "c.yaml"});
    CHECK(result.status == 1);
    CHECK(contains(result.err, "deep.json:1:1: error[PC3110]: this line is no JSON: it is nested deeper than 1000 levels"));
    result = run_on_small_stack({"rollback-check", "--plan", "deep.json", "--cluster", "c.yaml"});
    CHECK(result.status == 1);
    CHECK(contains(result.err, "error[PC5025]: `deep.json` is not a plan.json: it is nested deeper than 1000 levels"));
    result = run_on_small_stack({"drift", "--objects", "c.yaml", "--cluster", "c.yaml", "--nb", "deep.json"});
    CHECK(result.status == 1);
    CHECK(contains(result.err, "error[PC5024]: `deep.json` is not what ovn-nbctl --format=json list prints: it is nested deeper than 1000 levels"));
    result = run_on_small_stack({"report", "merge", "deep.json"});
    CHECK(result.status == 1);
    CHECK(contains(result.err, "error[PC0197]"));
    result = run_on_small_stack({"migrate", "deep.json"});
    CHECK(result.status == 1);
    CHECK(contains(result.err, "error[PC0112]"));
  }
}

TEST_CASE("a record of flows without end of line is an error, and the next one is read") {
  const Workplace here;
  testing::write("p.yaml", plain);
  testing::write("c.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  const std::string args[] = {"replay", "-", "--policies", "p.yaml", "--cluster", "c.yaml"};
  const std::string fits = "{}" + std::string(megabyte - 2, ' ');
  const std::vector<std::string> all(std::begin(args), std::end(args));
  CHECK_FALSE(contains(run(all, fits + "\n").err, "PC3110"));
  CHECK_FALSE(contains(run(all, fits).err, "PC3110"));
  for (const std::string end : {"", "\n", "\n\nnot json\n"}) {
    const Result result = run(all, "{}\n" + fits + " " + end);
    CHECK(result.status == 1);
    CHECK(contains(result.err, "<stdin>:2:1: error[PC3110]: this line is no JSON: it has more than 1048576 bytes"));
    CHECK(contains(result.err, "<stdin>:4:2: error[PC3110]") == (end.size() > 1));
  }
}

TEST_CASE("selectors and patterns take long lists and no stack") {
  const Workplace here;
  std::string expressions;
  for (int i = 0; i < 10'000; ++i) expressions += fmt::format("      - {{key: k{}, operator: In, values: [a, b]}}\n", i);
  const std::string text = policy("web", "  ingress:\n  - fromEndpoints:\n    - matchExpressions:\n" + expressions);
  CHECK(run_on_small_stack({"migrate", "-"}, text).status != 1);
  fs::create_directory("p");
  testing::write("p/a.yaml", plain);
  testing::write("p/.policyconvignore", repeat("*?", 50'000) + "\n" + repeat("**/", 50'000) + "b\n" + repeat("!", 100'000) + "\n" + repeat("[", 100'000) + "\n");
  CHECK(run_on_small_stack({"migrate", "p"}).status != 1);
}
