// --from-cluster, against a kubectl that is a script, and the words of real ones (v1.32): what is asked for, what
// becomes of the answers, and every way to fail.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli/child.h"
#include "cli/kubectl.h"
#include "ir/diagnostics.h"
#include "ir/source.h"
#include "tests/command_line.h"

using namespace policyconv;
using testing::contains;
using testing::Result;
using testing::run;
namespace fs = std::filesystem;

namespace {

/// A variable of the environment, put back in the end.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* old = std::getenv(name_.c_str())) old_ = old;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Variable() {
    if (old_)
      ::setenv(name_.c_str(), old_->c_str(), 1);
    else
      ::unsetenv(name_.c_str());
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
  std::optional<std::string> old_;
};

/// A directory with a kubectl that answers `get RESOURCE ...` with the file answers/RESOURCE.json, notes its arguments
/// in calls.log, and otherwise says that there is no such resource. `first` is run before.
class Cluster {
 public:
  explicit Cluster(const std::string& first = "")
      : path_("PATH", fs::current_path().string() + "/bin:" + std::getenv("PATH")) {
    fs::create_directory("bin");
    fs::create_directory("answers");
    const std::string here = fs::current_path().string();
    testing::write("bin/kubectl",
                   "#!/bin/sh\necho \"$*\" >>'" + here + "/calls.log'\nresource=$2\n" + first + "\nif [ -f '" + here +
                       "'/answers/$resource.json ]; then cat '" + here +
                       "'/answers/$resource.json; exit 0; fi\n"
                       "echo \"error: the server doesn't have a resource type \\\"${2%%.*}\\\"\" >&2\nexit 1\n");
    ::chmod("bin/kubectl", 0755);
    answer("namespaces", R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop",
                             "labels": {"kubernetes.io/metadata.name": "shop"}}})");
  }

  /// The items of a kind, as kubectl prints them.
  static void answer(const std::string& resource, const std::string& items) {
    testing::write("answers/" + resource + ".json",
                   "{\n    \"apiVersion\": \"v1\",\n    \"items\": [" + items + "],\n    \"kind\": \"List\"\n}\n");
  }
  static std::vector<std::string> calls() {
    std::ifstream log("calls.log");
    std::vector<std::string> lines;
    for (std::string line; std::getline(log, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
  }

 private:
  Variable path_;
};

const std::string policy = R"({"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
  "metadata": {"name": "db", "namespace": "shop"},
  "spec": {"endpointSelector": {"matchLabels": {"app": "db"}},
           "ingress": [{"fromEndpoints": [{"matchLabels": {"app": "web"}}]}]}})";

std::string pod(const std::string& name, const std::string& address) {
  return R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": ")" + name +
         R"(-0", "namespace": "shop", "labels": {"app": ")" + name +
         R"("}}, "spec": {"nodeName": "n1"}, "status": {"podIP": ")" + address + R"(", "podIPs": [{"ip": ")" + address +
         R"("}], "phase": "Running"}})";
}

std::string subnet() {
  return R"({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": "ovn-default"}, "spec": {"cidrBlock": "10.16.0.0/16",
            "gateway": "10.16.0.1", "vpc": "ovn-cluster", "default": true, "provider": "ovn"}})";
}

void fill() {
  Cluster::answer("ciliumnetworkpolicies.cilium.io", policy);
  Cluster::answer("pods", pod("web", "10.16.0.5") + "," + pod("db", "10.16.0.6"));
  Cluster::answer("subnets.kubeovn.io", subnet());
}

/// What kubectl printed before it gave up, and the code that is made of it.
struct Failure {
  std::string said, code, told;
};

}  // namespace

TEST_CASE("policies and facts come from the cluster, the same as from files") {
  testing::Workplace workplace;
  const Cluster cluster;
  fill();
  const Result live = run({"migrate", "--from-cluster", "-o", "live"});
  INFO(live.err);
  CHECK(live.status == 0);
  CHECK(contains(live.err, "PC0178"));  // kinds of which the cluster knows nothing
  const Result from_files =
      run({"migrate", "answers/ciliumnetworkpolicies.cilium.io.json", "--cluster", "answers/namespaces.json",
           "answers/pods.json", "answers/subnets.kubeovn.io.json", "-o", "files"});
  CHECK(from_files.status == 0);
  for (const char* name : {"00-security-groups.yaml", "30-bindings.yaml"}) {
    std::ifstream a(std::string("live/") + name), b(std::string("files/") + name);
    const std::string live_text{std::istreambuf_iterator<char>(a), {}},
        file_text{std::istreambuf_iterator<char>(b), {}};
    CHECK_FALSE(live_text.empty());
    CHECK(live_text == file_text);
  }
}

TEST_CASE("each kind is asked for once, nothing else is, and no Secret") {
  testing::Workplace workplace;
  const Cluster cluster;
  fill();
  static_cast<void>(run({"migrate", "--from-cluster", "--context", "prod eu", "-q"}));
  std::set<std::string> resources;
  for (const std::string& call : Cluster::calls()) {
    INFO(call);
    CHECK(contains(call, "get "));
    CHECK(contains(call, " --all-namespaces --output=json --request-timeout=60s --context=prod eu"));
    CHECK(resources.insert(call.substr(4, call.find(' ', 4) - 4)).second);
  }
  CHECK(resources == std::set<std::string>{"ciliumcidrgroups.cilium.io",
                                           "ciliumclusterwidenetworkpolicies.cilium.io",
                                           "ciliumnetworkpolicies.cilium.io",
                                           "cronjobs.batch",
                                           "daemonsets.apps",
                                           "deployments.apps",
                                           "endpointslices.discovery.k8s.io",
                                           "ips.kubeovn.io",
                                           "jobs.batch",
                                           "namespaces",
                                           "networkpolicies.networking.k8s.io",
                                           "nodes",
                                           "pods",
                                           "security-groups.kubeovn.io",
                                           "servicecidrs.networking.k8s.io",
                                           "services",
                                           "statefulsets.apps",
                                           "subnets.kubeovn.io",
                                           "vips.kubeovn.io",
                                           "virtualmachines.kubevirt.io",
                                           "vpc-nat-gateways.kubeovn.io",
                                           "vpcs.kubeovn.io"});
}

TEST_CASE("findings name the call and the line of its output") {
  testing::Workplace workplace;
  const Cluster cluster;
  fill();
  std::string typo = policy;
  typo.replace(typo.find("fromEndpoints"), 13, "fromEndpoint");
  Cluster::answer("ciliumnetworkpolicies.cilium.io", typo);
  const Result result = run({"migrate", "--from-cluster"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "kubectl get ciliumnetworkpolicies.cilium.io:6:25: error[PC0121]"));
  CHECK(contains(result.err, "did you mean `fromEndpoints`?"));
}

TEST_CASE("verify, trace and assess ask the cluster, too") {
  testing::Workplace workplace;
  const Cluster cluster;
  fill();
  const Result verified = run({"verify", "--from-cluster"});
  INFO(verified.out << verified.err);
  CHECK(verified.status == 0);
  const Result traced = run({"trace", "--from-cluster", "--from", "shop/web-0", "--to", "shop/db-0", "--port", "80"});
  CHECK(traced.status == 0);
  CHECK(contains(traced.out, "kubectl get ciliumnetworkpolicies.cilium.io:6"));
  fs::remove("calls.log");
  Cluster::answer("nodes", "");
  const Result assessed = run({"assess", "--from-cluster"});
  INFO(assessed.out << assessed.err);
  CHECK(assessed.status != 1);
  CHECK(assessed.status != 2);
  CHECK_FALSE(contains(assessed.out, "kubectl get vips"));  // the cluster was asked, and has none
  bool asked_for_settings = false;
  for (const std::string& call : Cluster::calls()) {
    CHECK_FALSE(contains(call, "ecret"));
    asked_for_settings |= call ==
                          "get configmaps --namespace=kube-system --ignore-not-found cni-configuration cilium-config "
                          "ovn-config kube-ovn-config ovn-vpc-nat-config ovn-vpc-nat-gw-config vpc-dns-config "
                          "--output=json --request-timeout=60s";
  }
  CHECK(asked_for_settings);
}

TEST_CASE("an empty cluster is no success") {
  testing::Workplace workplace;
  const Cluster cluster;
  const Result result = run({"migrate", "--from-cluster", "-o", "out"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "PC0193"));
  CHECK_FALSE(fs::exists("out"));
}

TEST_CASE("each failure of kubectl has its code, is reported once, and nothing is written") {
  const Failure rows[] = {
      {"The connection to the server localhost:8080 was refused - did you specify the right host or port?", "PC0171",
       "no cluster answers `kubectl get namespaces`: The connection to the server localhost:8080 was refused"},
      {"Unable to connect to the server: dial tcp: lookup api.example.com: no such host", "PC0171", "no such host"},
      {"Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown "
       "authority",
       "PC0171", "x509"},
      {"Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
       "PC0171", "Client.Timeout"},
      {"error: You must be logged in to the server (Unauthorized)", "PC0172", "You must be logged in"},
      {"E1123 10:00:00.123456   1 memcache.go:265] no list of API groups\n"
       "error: You must be logged in to the server (the server has asked for the client to provide credentials)",
       "PC0172", "credentials for `kubectl get namespaces`: You must be logged in"},
      {"Unable to connect to the server: getting credentials: exec: executable aws not found", "PC0172",
       "executable aws"},
      {"Error in configuration: context was not found for specified context: nope", "PC0177", "the current context"},
      {"error: context \\\"nope\\\" does not exist", "PC0177", "does not exist"},
      {"error: error loading config file \\\"bad\\\": yaml: line 1: did not find expected node content", "PC0177",
       "the kubeconfig"},
      {"error: something of its own", "PC0175", "`kubectl get namespaces` failed: something of its own"},
      {"", "PC0175", "it gave no reason"}};
  for (const Failure& row : rows) {
    testing::Workplace workplace;
    const Cluster cluster("printf '" + row.said + "\\n' >&2; exit 1");
    fill();
    const Result result = run({"migrate", "--from-cluster", "-o", "out"});
    INFO(row.said << '\n' << result.err);
    CHECK(result.status == 1);
    CHECK(contains(result.err, "error[" + row.code + "]"));
    CHECK(contains(result.err, row.told));
    CHECK(result.err.find("error[") == result.err.rfind("error["));
    CHECK(Cluster::calls().size() == 1);
    CHECK_FALSE(fs::exists("out"));
  }
}

TEST_CASE("what is forbidden is listed completely, with the rules that are missing") {
  testing::Workplace workplace;
  const std::string deny = R"(
case $resource in
pods) echo 'Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope' >&2
      echo '{"apiVersion": "v1", "items": [], "kind": "List"}'; exit 1;;
ciliumnetworkpolicies.cilium.io) echo 'Error from server (Forbidden): unknown' >&2; exit 1;;
esac)";
  const Cluster cluster(deny);
  fill();
  const Result result = run({"migrate", "--from-cluster", "-o", "out"});
  INFO(result.err);
  CHECK(result.status == 1);
  CHECK(contains(result.err,
                 "the cluster does not let `jane` list `pods`; the right is given by the rule `{apiGroups: [\"\"], "
                 "resources: [pods], verbs: [list]}` of a ClusterRole"));
  CHECK(contains(result.err,
                 "does not let this user list `ciliumnetworkpolicies.cilium.io`; the right is given by the rule "
                 "`{apiGroups: [cilium.io], resources: [ciliumnetworkpolicies], verbs: [list]}`"));
  CHECK_FALSE(contains(result.err, "PC0193"));
  CHECK_FALSE(fs::exists("out"));
}

TEST_CASE("output that is not complete is refused, wherever it ends") {
  const std::string whole = R"({"apiVersion": "v1", "items": [{"a": "} ] \" {"}], "kind": "List"})";
  for (std::size_t size = 0; size < whole.size(); size += 7) {  // a process for each kind: not every byte
    testing::Workplace workplace;
    const Cluster cluster;
    fill();
    testing::write("answers/pods.json", whole.substr(0, size));
    Sources sources;
    Diagnostics diagnostics;
    const cli::Fetched fetched = cli::fetch({}, cli::Wanted::Migration, sources, diagnostics);
    INFO(whole.substr(0, size));
    REQUIRE(diagnostics.all().size() == 1);
    CHECK(diagnostics.all().front().kind == Kind::KubectlTruncated);
    CHECK(fetched.facts.empty());
    CHECK(sources.count() == 0);
  }
  testing::Workplace workplace;
  const Cluster cluster;
  fill();
  testing::write("answers/pods.json", whole + "oops");
  const Result result = run({"migrate", "--from-cluster"});
  CHECK(contains(result.err, "PC0176"));
  CHECK(contains(result.err, "something follows the object"));
}

TEST_CASE("a kubectl that hangs, is killed, or is missing") {
  testing::Workplace workplace;
  const auto ask = [](const cli::Kubectl& kubectl) {
    Sources sources;
    Diagnostics diagnostics;
    static_cast<void>(cli::fetch(kubectl, cli::Wanted::Migration, sources, diagnostics));
    REQUIRE(diagnostics.all().size() == 1);
    return diagnostics.all().front();
  };
  {
    const Cluster cluster("exec sleep 60");
    const auto start = std::chrono::steady_clock::now();
    const Diagnostic found = ask({"kubectl", "", std::chrono::seconds(1), 1});
    CHECK(found.kind == Kind::KubectlTimeout);
    CHECK(found.message == "`kubectl get namespaces` did not end within 1 seconds and was stopped");
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
  }
  {
    const Cluster cluster("kill -9 $$");
    CHECK(ask({}).message == "`kubectl get namespaces` failed: it was ended by signal 9");
  }
  const Variable nowhere("PATH", "/nonexistent");
  const Result result = run({"migrate", "--from-cluster"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "error[PC0170]"));
  CHECK(contains(result.err, "No such file or directory"));
}

TEST_CASE("both outputs are read at once, whatever their size") {
  // 100 MB on one and more than a pipe holds on the other, in turns.
  const cli::ChildResult result = cli::run_child({"/bin/sh", "-c",
                                                  "i=0; while [ $i -lt 100 ]; do head -c 1000000 /dev/zero; head -c "
                                                  "100000 /dev/zero >&2; i=$((i+1)); done; exit 7"},
                                                 std::chrono::minutes(2));
  CHECK(result.end == cli::ChildResult::End::Exited);
  CHECK(result.code == 7);
  CHECK(result.out.size() == 100'000'000);
  CHECK(result.err.size() == 65'536);
}

TEST_CASE("a child reads nothing, speaks English, and dies of a closed pipe") {
  const cli::ChildResult input = cli::run_child({"cat"}, std::chrono::seconds(20));
  CHECK(input.end == cli::ChildResult::End::Exited);
  CHECK(input.out.empty());
  const Variable language("LC_ALL", "zh_CN.UTF-8");
  CHECK(cli::run_child({"/bin/sh", "-c", "echo $LC_ALL"}, std::chrono::seconds(20)).out == "C.UTF-8\n");
  CHECK(cli::run_child({"/bin/sh", "-c", "kill -PIPE $$; echo alive"}, std::chrono::seconds(20)).end ==
        cli::ChildResult::End::Signalled);
  CHECK(cli::run_child({"/nonexistent/kubectl"}, std::chrono::seconds(20)).end == cli::ChildResult::End::NotStarted);
}

TEST_CASE("the cluster and files exclude each other") {
  struct Row {
    std::vector<std::string> args;
    std::string said;
  };
  const Row rows[] = {{{"migrate", "x.yaml", "--from-cluster"}, "leave out the files of both"},
                      {{"migrate", "--from-cluster", "--cluster", "c.yaml"}, "leave out the files of both"},
                      {{"verify", "--from-cluster", "--policies", "x.yaml"}, "leave out the files of both"},
                      {{"assess", "x.yaml", "--from-cluster"}, "leave out the files of both"},
                      {{"migrate", "x.yaml", "--context", "prod"}, "`--context` is about --from-cluster"},
                      {{"migrate", "--from-cluster", "--tree", "-o", "out"}, "`--tree` is about files"},
                      {{"assess", "--print-collect", "--from-cluster"}, "`--print-collect` reads nothing"},
                      {{"migrate"}, "or ask the cluster with --from-cluster"},
                      {{"verify"}, "or ask the cluster with --from-cluster"}};
  for (const Row& row : rows) {
    const Result result = run(row.args);
    INFO(result.err);
    CHECK(result.status == 2);
    CHECK(contains(result.err, row.said));
  }
}
