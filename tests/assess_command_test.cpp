// The command `assess` from outside: what it prints, writes and returns.
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "report/document.h"
#include "tests/command_line.h"

namespace {

namespace fs = std::filesystem;
using namespace policyconv;
using namespace policyconv::testing;

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// What a shell makes of it: exit status and standard output.
Result shell(const std::string& command) {
  const int status = std::system(("(" + command + ") >shell.out 2>shell.err </dev/null").c_str());
  return {WEXITSTATUS(status), read("shell.out"), read("shell.err")};
}

/// Two VPCs with the same range, and a gateway for each.
std::string gateway(const std::string& vpc, const std::string& lan_ip) {
  return "---\n{apiVersion: kubeovn.io/v1, kind: VpcNatGateway, metadata: {name: gw-" + vpc + "}, spec: {vpc: " + vpc +
         ", subnet: net-" + vpc + ", lanIp: " + lan_ip + ", externalSubnets: [outside]}}\n";
}

const std::string cluster =
    "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: a}, spec: {}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Vpc, metadata: {name: b}, spec: {}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: net-a}, spec: {vpc: a, cidrBlock: 10.0.1.0/24, gateway: 10.0.1.1}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: net-b}, spec: {vpc: b, cidrBlock: 10.0.1.0/24, gateway: 10.0.1.1}}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: ovn-default}, spec: {default: true, cidrBlock: 10.16.0.0/16, gateway: 10.16.0.1}}\n"
    "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n";

std::string pod(const std::string& name, const std::string& app, const std::string& address) {
  return "---\n{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", namespace: shop, labels: {app: " + app +
         "}, annotations: {ovn.kubernetes.io/logical_switch: ovn-default}}, spec: {nodeName: n1, serviceAccountName: " + app +
         ", containers: [{name: c}]}, status: {podIPs: [{ip: " + address + "}]}}\n";
}

const std::string pods = pod("db-0", "db", "10.16.0.10") + pod("web-0", "web", "10.16.0.11") + pod("web-1", "web", "10.16.0.12") +
                         pod("other-0", "other", "10.16.0.13");

const std::string policies =
    "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: db, namespace: shop}\nspec:\n"
    "  endpointSelector: {matchLabels: {app: db}}\n"
    "  ingress:\n"
    "  - fromEndpoints: [{matchLabels: {app: web}}]\n"
    "    toPorts: [{ports: [{port: '5432', protocol: TCP}]}]\n"
    "  - fromEndpoints: [{matchLabels: {app: web}}]\n"
    "    icmps: [{fields: [{family: IPv4, type: 8}]}]\n"
    "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: no-other, namespace: shop}\nspec:\n"
    "  endpointSelector: {matchLabels: {app: web}}\n"
    "  ingress: [{fromEntities: [all]}]\n"
    "  ingressDeny: [{fromEndpoints: [{matchLabels: {app: other}}]}]\n";

/// What else decides, as it is where the chain works and nothing speaks against leaving it.
const std::string the_rest =
    "{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1], ports: [{port: 443, targetPort: 6443}]}}\n"
    "---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}, "
    "addressType: IPv4, endpoints: [{addresses: [192.168.0.1]}], ports: [{port: 6443}]}\n"
    "---\n{apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: db-0.shop}, spec: {namespace: shop, podName: db-0, subnet: ovn-default, v4IpAddress: 10.16.0.10}}\n"
    "---\n{apiVersion: cilium.io/v2, kind: CiliumNode, metadata: {name: n1}, spec: {ipam: {podCIDRs: [100.65.0.0/24]}}}\n"
    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\ndata: {cni-chaining-mode: generic-veth, "
    "read-cni-conf: /tmp/cni-configuration/cni-config, write-cni-conf-when-ready: /host/etc/cni/net.d/05-cilium.conflist, "
    "enable-source-ip-verification: 'false', ipam: cluster-pool, cluster-pool-ipv4-cidr: 100.65.0.0/16}\n"
    "---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: kube-ovn-cni, namespace: kube-system}, "
    "spec: {template: {spec: {containers: [{name: c, args: [--cni-conf-name=10-kube-ovn.conflist]}]}}}}\n"
    "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: kube-ovn-controller, namespace: kube-system}, "
    "spec: {template: {spec: {containers: [{name: c, args: [--enable-np=true, --enable-lb=true]}]}}}}\n"
    "---\n{apiVersion: cilium.io/v2, kind: CiliumEndpoint, metadata: {name: db-0, namespace: shop}}\n";

/// What a cluster says of kinds that it has none of.
std::string none_of(const std::vector<std::pair<std::string, std::string>>& kinds) {
  std::string text;
  for (const auto& [api_version, kind] : kinds) text += "---\n{apiVersion: " + api_version + ", kind: " + kind + "List, items: []}\n";
  return text;
}
const std::pair<std::string, std::string> clusterwide = {"cilium.io/v2", "CiliumClusterwideNetworkPolicy"},
                                          network_policies = {"networking.k8s.io/v1", "NetworkPolicy"}, vips = {"kubeovn.io/v1", "Vip"},
                                          pools = {"cilium.io/v2", "CiliumLoadBalancerIPPool"};

struct Place : Workplace {
  Place() {
    write("cluster.yaml", cluster);
    write("conflict.yaml", gateway("a", "10.0.1.2") + gateway("b", "10.0.1.2"));
    write("use.yaml", pods + policies);
    write("rest.yaml", the_rest + none_of({clusterwide, network_policies, vips, pools}));
  }
};

/// A program `kubectl` before all others.
void fake_kubectl(const std::string& script) {
  fs::create_directory("bin");
  write("bin/kubectl", "#!/bin/bash\n" + script);
  ::chmod("bin/kubectl", 0755);
}
const std::string with_fake = "PATH=\"$PWD/bin:$PATH\" ";

}  // namespace

TEST_CASE("two gateways with one lanIp are named, and the plan that is written ends the conflict") {
  const Place place;
  const Result found = run({"assess", "cluster.yaml", "conflict.yaml", "use.yaml", "rest.yaml", "--plan", "plan.yaml"});
  INFO(found.out << found.err);
  CHECK(found.status == 0);  // nothing is in the way of leaving
  CHECK(found.err.empty());
  for (const char* said : {"10.0.1.2", "VpcNatGateway gw-a", "VpcNatGateway gw-b", "conflict.yaml:2:1", "10.0.1.3"}) {
    INFO(said);
    CHECK(contains(found.out, said));
  }
  const std::string plan = read("plan.yaml");
  INFO(plan);
  CHECK(contains(plan, "10.0.1.3"));

  // What the plan leaves alone stays, what it has replaces.
  const std::string moved = contains(plan, "gw-a") ? "a" : "b", stays = moved == "a" ? "b" : "a";
  write("stays.yaml", gateway(stays, "10.0.1.2"));
  const Result after = run({"assess", "cluster.yaml", "stays.yaml", "plan.yaml", "--format", "json"});
  INFO(after.out << after.err);
  const auto json = nlohmann::json::parse(after.out);
  CHECK(json["conflicts"]["addresses"].empty());
  CHECK(json["address_plan"]["moves"].empty());
}

TEST_CASE("what is not known is not ready") {
  const Place place;
  write("empty.yaml", "");
  const Result result = run({"assess", "empty.yaml"});
  INFO(result.out << result.err);
  CHECK(result.status == 3);
  CHECK(contains(result.out, "nothing known about pods"));
}

TEST_CASE("ready is only what was seen whole: one kind of which the dump tells nothing makes work of it") {
  const Place place;
  const auto assessed = [](const std::string& rest) {
    write("rest.yaml", rest);
    const Result result = run({"assess", "cluster.yaml", "conflict.yaml", "use.yaml", "rest.yaml"});
    INFO(result.out << result.err);
    REQUIRE(result.status != 1);
    return result;
  };
  const Result whole = assessed(the_rest + none_of({clusterwide, network_policies, vips, pools}));
  INFO(whole.out);
  CHECK(whole.status == 0);
  CHECK(contains(whole.out, "Nothing that would have mattered."));

  const std::pair<std::string, std::string> rows[] = {
      {the_rest + none_of({network_policies, vips, pools}), "ciliumclusterwidenetworkpolicies.cilium.io"},
      {the_rest + none_of({clusterwide, vips, pools}), "networkpolicies.networking.k8s.io"},
      {the_rest + none_of({clusterwide, network_policies, pools}), "vips.kubeovn.io"},
      {the_rest + none_of({clusterwide, network_policies, vips}), "ciliumloadbalancerippools.cilium.io"},
      {the_rest.substr(0, the_rest.find("---\napiVersion: v1\nkind: ConfigMap")) + the_rest.substr(the_rest.find("---\n{apiVersion: apps/v1, kind: DaemonSet")) +
           none_of({clusterwide, network_policies, vips, pools}),
       "configmaps"},
      {the_rest.substr(0, the_rest.find("---\n{apiVersion: apps/v1, kind: DaemonSet")) + the_rest.substr(the_rest.find("---\n{apiVersion: apps/v1, kind: Deployment")) +
           none_of({clusterwide, network_policies, vips, pools}),
       "daemonsets.apps"}};
  for (const auto& [rest, kind] : rows) {
    INFO(kind);
    const Result part = assessed(rest);
    INFO(part.out);
    CHECK(part.status == 3);
    CHECK(contains(part.out, "nothing known about " + kind + ";"));
    CHECK(contains(part.out, "Not called ready"));
  }
}

TEST_CASE("a gateway of which no address is known is named, and is not ready") {
  const Place place;
  write("conflict.yaml", "---\n{apiVersion: kubeovn.io/v1, kind: VpcNatGateway, metadata: {name: gw-a}, spec: {vpc: a, subnet: net-a}}\n");
  const Result result = run({"assess", "cluster.yaml", "conflict.yaml", "use.yaml", "rest.yaml"});
  INFO(result.out << result.err);
  CHECK(result.status == 3);
  CHECK(contains(result.out, "1 gateway without a known address"));
  CHECK(contains(result.out, "note[PC4001]: the address of VpcNatGateway gw-a is not known"));
}

TEST_CASE("a pod with the address of a node is in the first line") {
  const Place place;
  write("taken.yaml", "---\n{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: net-c}, spec: {vpc: a, cidrBlock: 192.168.0.0/24}}\n" +
                          pod("web-9", "web", "192.168.0.1"));
  const Result result = run({"assess", "cluster.yaml", "taken.yaml"});
  INFO(result.out << result.err);
  CHECK(contains(lines_of(result.out).front(), "1 address of a node also held by pods"));
  CHECK(contains(result.out, "  - 1 address of a node is also that of a pod.\n"));
}

TEST_CASE("the plan resolves the conflicts of the samples, and a second assessment finds none") {
  const Place place;
  const std::string folder = std::string(POLICYCONV_SOURCE_DIR) + "/samples/nat-gateway-conflict/";
  for (const auto& [name, moves] : {std::pair("two-gateways.yaml", 1), std::pair("five-gateways.yaml", 3)}) {
    const auto before = nlohmann::json::parse(run({"assess", folder + name, "--format", "json"}).out);
    CHECK(before["conflicts"]["addresses"].size() == 1);
    CHECK(before["address_plan"]["moves"].size() == static_cast<std::size_t>(moves));
    // As Kube-OVN would show the cluster after the plan: whatever speaks of the gateway has its new address.
    std::string dump = read(folder + name), after;
    for (std::size_t at = 0; at < dump.size();) {
      const std::size_t end = std::min(dump.find("\n- apiVersion: ", at), dump.size() - 1) + 1;
      std::string item = dump.substr(at, end - at);
      at = end;
      for (const auto& move : before["address_plan"]["moves"]) {
        const std::string gateway = move["gateway"], from = move["from"], to = move["to"];
        if (!contains(item, "name: " + gateway + "\n") && !contains(item, "vpc-nat-gw-" + gateway)) continue;
        for (std::size_t found = item.find(from); found != std::string::npos; found = item.find(from, found + to.size())) {
          const char next = item[found + from.size()];
          if (next < '0' || next > '9') item.replace(found, from.size(), to);
        }
      }
      after += item;
    }
    write("after.yaml", after);
    const Result result = run({"assess", "after.yaml", "--format", "json"});
    INFO(name << "\n" << result.out << result.err);
    REQUIRE(result.status != 1);
    const auto json = nlohmann::json::parse(result.out);
    CHECK(json["conflicts"]["addresses"].empty());
    CHECK(json["address_plan"]["moves"].empty());
  }
}

TEST_CASE("every format says the same, whatever the order of the files and the number of jobs") {
  const Place place;
  const std::vector<std::string> files = {"cluster.yaml", "conflict.yaml", "use.yaml"}, other = {"use.yaml", "cluster.yaml", "conflict.yaml"};
  for (const std::string format : {"text", "markdown", "json", "html"}) {
    std::vector<std::string> args = {"assess", "--format", format, "-j", "1"}, args_of_other = {"assess", "--format", format, "-j", "4"};
    args.insert(args.end(), files.begin(), files.end());
    args_of_other.insert(args_of_other.end(), other.begin(), other.end());
    const Result result = run(args), again = run(args_of_other);
    INFO(format << "\n" << result.out << result.err);
    CHECK(result.status == again.status);
    CHECK(result.out == again.out);
    CHECK(contains(result.out, "10.0.1.2"));
    CHECK(contains(result.out, "gw-a"));
  }
  const auto json = nlohmann::json::parse(run({"assess", "--format", "json", "cluster.yaml", "conflict.yaml", "use.yaml"}).out);
  CHECK(json["conflicts"]["addresses"][0]["holders"].size() == 2);
  CHECK(json["ways"].size() == 3);
  CHECK(json["namespaces"][0]["rules"] == 4);
  CHECK(json["address_plan"]["moves"][0]["from"] == "10.0.1.2");
}

TEST_CASE("a dump without policies is assessed, and what it lacks is named with the line that fetches it") {
  const Place place;
  const Result result = run({"assess", "cluster.yaml"});
  INFO(result.out << result.err);
  CHECK(result.status != 1);
  CHECK(contains(result.out, "kubectl get pods -A -o yaml"));
  CHECK(contains(result.out, "assess --print-collect"));
}

TEST_CASE("bad input is an error and nothing is decided or written") {
  const Place place;
  write("bad.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, status: {podIPs: [{ip: nonsense}]}}\n");
  const Result result = run({"assess", "cluster.yaml", "bad.yaml", "--plan", "plan.yaml", "--rehearsal", "rehearsal"});
  INFO(result.err);
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  CHECK(contains(result.err, "bad.yaml:1:"));
  CHECK_FALSE(fs::exists("plan.yaml"));
  CHECK_FALSE(fs::exists("rehearsal"));
}

TEST_CASE("wrong usage is told") {
  const std::pair<std::vector<std::string>, std::string> rows[] = {
      {{"assess"}, "no dump given"},
      {{"assess", "--print-collect", "cluster.yaml"}, "`--print-collect` reads nothing"},
      {{"assess", "cluster.yaml", "--plan", "dir/"}, "`--plan` names no file"},
      {{"assess", "cluster.yaml", "--format", "pdf"}, "`pdf` is none of text, markdown, json, html"}};
  for (const auto& [args, said] : rows) {
    const Result result = run(args);
    INFO(result.err);
    CHECK(result.status == 2);
    CHECK(contains(result.err, said));
  }
}

TEST_CASE("the collect script fetches what exists, never Secrets, and does not hide failures") {
  const Place place;
  const Result script = run({"assess", "--print-collect"});
  CHECK(script.status == 0);
  write("collect.sh", script.out);
  for (const std::string& line : lines_of(script.out)) {
    if (line.starts_with("#")) continue;
    INFO(line);
    CHECK_FALSE(contains(line, "secret"));
  }

  fake_kubectl("case $2 in\n  vips*) echo \"error: the server doesn't have a resource type \\\"vips\\\"\" >&2; exit 1 ;;\n"
               "esac\necho \"{apiVersion: v1, kind: List, items: []} # $*\"\n");
  const Result fetched = shell(with_fake + "sh collect.sh dump.yaml");
  INFO(fetched.out << fetched.err);
  CHECK(fetched.status == 0);
  CHECK(fetched.err == "not in this cluster: vips\ndump.yaml is complete: policyconv assess dump.yaml\n");
  const std::string dump = read("dump.yaml");
  for (const char* asked : {"get pods -A -o yaml", "get vpc-nat-gateways.kubeovn.io -A -o yaml", "cni-configuration cilium-config"})
    CHECK(contains(dump, asked));
  CHECK(run({"assess", "dump.yaml"}).status != 1);

  // A cluster without policies is ready if it was asked for them, and not if they were just not there.
  write("objects.yaml", cluster + pods + "---\n" + the_rest);
  fake_kubectl("[[ $2 == nodes ]] && exec cat objects.yaml\n[[ $2 == vips* ]] && { echo \"the server doesn't have a resource type\" >&2; exit 1; }\n"
               "echo '{apiVersion: v1, kind: List, items: []}'\n");
  REQUIRE(shell(with_fake + "sh collect.sh dump.yaml").status == 0);
  const Result asked = run({"assess", "dump.yaml"}), not_asked = run({"assess", "objects.yaml"});
  INFO(asked.out << asked.err << not_asked.out << not_asked.err);
  CHECK(asked.status == 0);
  CHECK(contains(asked.out, "Nothing that would have mattered."));
  CHECK(not_asked.status == 3);
  CHECK(contains(not_asked.out, "kubectl get ciliumnetworkpolicies.cilium.io -A -o yaml"));

  fake_kubectl("[[ $2 == pods ]] && { echo \"error: forbidden\" >&2; exit 1; }\necho '{apiVersion: v1, kind: List, items: []}'\n");
  const Result failed = shell(with_fake + "sh collect.sh dump.yaml");
  CHECK(failed.status == 1);
  CHECK(failed.err == "error: forbidden\n");
}

TEST_CASE("a rehearsal holds stand-ins with the real labels, the objects, and flows with what is expected of them") {
  const Place place;
  const Result result = run({"assess", "cluster.yaml", "use.yaml", "--rehearsal", "rehearsal"});
  INFO(result.out << result.err);
  REQUIRE(result.status != 1);
  for (const char* name : {"README.md", "01-namespaces.json", "03-pods.json", "flows.tsv", "try.sh",
                           "objects/00-security-groups.yaml", "objects/30-bindings.yaml"}) {
    INFO(name);
    CHECK(fs::exists("rehearsal/" + std::string(name)));
  }
  CHECK_FALSE(fs::exists("rehearsal/02-networks.json"));  // Kube-OVN makes ovn-default itself
  const auto items = nlohmann::json::parse(read("rehearsal/03-pods.json"))["items"];
  REQUIRE(items.size() >= 3);
  for (const auto& item : items) {
    CHECK(item["metadata"]["namespace"] == "shop");
    CHECK(item["metadata"]["labels"]["app"] == item["spec"]["serviceAccountName"]);
  }
  const std::string flows = read("rehearsal/flows.tsv");
  INFO(flows);
  const auto has = [&](const std::string& row) { return contains(flows, row); };
  CHECK(has("shop\tweb-0\tshop\tdb-0\t10.16.0.10\ttcp\t5432\tallow\tallow\tCiliumNetworkPolicy shop/db spec.ingress[0]\n"));
  CHECK(has("shop\tother-0\tshop\tdb-0\t10.16.0.10\ttcp\t5432\tdeny\tdeny\tCiliumNetworkPolicy shop/db spec.ingress[0]\n"));
  CHECK(has("shop\tweb-0\tshop\tdb-0\t10.16.0.10\ticmp\t8\tallow\tallow\tCiliumNetworkPolicy shop/db spec.ingress[1]\n"));
  CHECK(has("\tdeny\tdeny\tCiliumNetworkPolicy shop/no-other spec.ingressDeny[0]\n"));
  CHECK(run({"assess", "use.yaml", "cluster.yaml", "--rehearsal", "again"}).status == result.status);
  for (const char* name : {"03-pods.json", "flows.tsv", "objects/00-security-groups.yaml"})
    CHECK(read("again/" + std::string(name)) == read("rehearsal/" + std::string(name)));
}

TEST_CASE("the script of a rehearsal tells what is right, what was foretold, and what is wrong") {
  const Place place;
  REQUIRE(run({"assess", "cluster.yaml", "use.yaml", "--rehearsal", "rehearsal"}).status != 1);
  const std::size_t flows = lines_of(read("rehearsal/flows.tsv")).size() - 1;
  // Answers as a cluster would where every packet fares as the policies say.
  const std::string answer = R"sh(
[[ $1 == config ]] && { echo "${FAKE_CONTEXT:-kind-rehearsal}"; exit; }
ns=${2#--namespace=} pod=${3#pod/}
shift 4
if [[ $1 == ping ]]; then address=${*: -1} protocol=icmp port=8
else address=${3%:*} port=${3##*:} protocol=${4#--protocol=}; fi
verdict=$(awk -F'\t' -v n="$ns" -v p="$pod" -v a="$address" -v q="$protocol" -v d="$port" \
  '$1 == n && $2 == p && $5 == a && $6 == q && $7 == d {print $8}' flows.tsv)
[[ -n ${FAKE_OPEN:-} || $verdict == allow ]] && exit 0
[[ $protocol == icmp ]] && exit 1
echo TIMEOUT >&2
exit 1
)sh";
  fake_kubectl(answer);
  const Result right = shell(with_fake + "bash rehearsal/try.sh");
  INFO(right.out << right.err);
  CHECK(right.status == 0);
  CHECK(right.out == std::to_string(flows) + " as with Cilium, 0 different as foretold, 0 wrong\n");

  const Result open = shell("FAKE_OPEN=1 " + with_fake + "bash rehearsal/try.sh");
  INFO(open.out);
  CHECK(open.status == 1);
  CHECK(contains(open.out, "WRONG: shop/other-0 -> shop/db-0 (10.16.0.10) tcp 5432: allow, expected deny (CiliumNetworkPolicy shop/db "));

  // Stand-ins carry the labels of real pods, so a cluster that is in use is none of the script's business.
  const Result production = shell("FAKE_CONTEXT=production " + with_fake + "bash rehearsal/try.sh");
  CHECK(production.status == 2);
  CHECK(contains(production.err, "not a kind cluster"));
}

TEST_CASE("what users wrote cannot become markup, and cannot move a terminal's cursor") {
  const std::string evil = "<script>alert('x')</script>|`\x1b[2J&\"";
  const report::Document document{evil,
                               {{evil}, {evil, report::Style::Red}, {evil, report::Style::Plain, true}},
                               {{evil,
                                 {report::Paragraph{{{evil}}}, report::Bullets{{{{{evil}}, {{{evil}}}}}}, report::Grid{{evil}, {{{evil}}}},
                                  report::Code{{evil, evil}}}}},
                               evil};
  const std::string html = report::document_html(document);
  INFO(html);
  CHECK_FALSE(contains(html, "<script"));
  CHECK(contains(html, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;|`\\x1b[2J&amp;&quot;"));
  CHECK_FALSE(contains(html, "http"));  // nothing is fetched
  CHECK(contains(html, "prefers-color-scheme: dark"));
  std::map<std::string, int> tags;  // every element that is opened is closed
  for (const std::string tag : {"section", "table", "tr", "td", "th", "ul", "li", "p", "pre", "code", "span", "h2", "div"}) {
    const auto count = [&](const std::string& part) {
      int found = 0;
      for (std::size_t at = html.find(part); at != std::string::npos; at = html.find(part, at + 1)) ++found;
      return found;
    };
    INFO(tag);
    CHECK(count("<" + tag + ">") + count("<" + tag + " ") == count("</" + tag + ">"));
  }
  const std::string markdown = report::document_markdown(document);
  INFO(markdown);
  CHECK(contains(markdown, "| \\<script\\>alert('x')\\</script\\>\\|\\`\\\\x1b\\[2J\\&\" |"));
  for (const std::string& text : {report::document_text(document, false), html, markdown})
    CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("tables are folded to the width of a terminal and lose no word") {
  std::string words;
  for (int i = 0; i < 60; ++i) words += (i == 0 ? "word" : " word") + std::to_string(i);
  const report::Document document{"t", {}, {{"s", {report::Grid{{"one", "two", "three"}, {{{words}, {"x"}, {words}}}}}}}, "end"};
  const std::string text = report::document_text(document, false);
  INFO(text);
  for (const std::string& line : lines_of(text)) CHECK(line.size() <= 118);
  for (int i = 0; i < 60; ++i) CHECK(contains(text, "word" + std::to_string(i)));
}
