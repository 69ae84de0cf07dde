// The texts of --help, written out because what a command is for matters more than its list of options.
// tests/cli_test.cpp proves that they name every option and no other.
#pragma once

#include <string>
#include <string_view>

namespace policyconv::cli {

inline constexpr std::string_view general_help =
    R"(policyconv - Cilium and Kubernetes network policies to Kube-OVN objects

usage: policyconv COMMAND [ARGUMENT...]

commands:
  migrate PATH...   compile policies to SecurityGroups and Subnet ACLs, and report every difference in meaning
  verify            prove, for all packets, that policies and objects mean the same, or show where they do not
  trace             one flow through both systems, with the rule that decides at each end
  replay FLOWS      flows that Hubble recorded: which of them would fare differently
  assess PATH...    can this cluster leave Cilium chaining? Address conflicts, what Cilium is used for, ways out
  drift             what in a live cluster differs from what was emitted
  rollback-check    is the cluster as it was before the plan?
  explain [CODE]    what a code of the report means and what to do about it; without a code, list them all
  report merge PATH...
                    reports of many runs as one, in any format
  krm               a KRM function for kustomize and kpt: a ResourceList in, the same with Kube-OVN objects out

options:
  -h, --help        this text; `policyconv COMMAND --help` tells more
  --version         the version

examples:
  kubectl get cnp,ccnp,ccg,netpol -A -o yaml > policies.yaml
  kubectl get ns,pods,nodes,svc,endpointslices,subnets,vpcs -A -o yaml > cluster.yaml
  policyconv migrate policies.yaml --cluster cluster.yaml -o out/
  policyconv verify --policies policies.yaml --objects out/ --cluster cluster.yaml
  policyconv assess cluster.yaml
  policyconv explain PC0301
)";

/// What the options about both systems say; the same for every command that judges instead of converting.
inline constexpr std::string_view systems_help = R"(
both systems, as for `policyconv migrate`:
  --cilium 1.14...1.20         Cilium's version (default: 1.18)
  --cluster-name NAME          Cilium's cluster name (default: default)
  --policy-default-local-cluster true|false
                               whether peers are sought in the local cluster only (default: true from 1.19 on)
  --sctp                       Cilium runs with enable-sctp
  --kube-ovn 1.12...1.16       Kube-OVN's version (default: 1.16)
  --node-traffic anchor|all-nodes|none
                               how a pod's own node gets in, in the objects that `policyconv migrate` makes
  --allow-looser CODE          accept, in these objects, the approximation with this code (repeatable)
  --pod-cidr, --service-cidr, --node-cidr, --join-cidr CIDR; --node-local-dns IP
                               addresses that no dump tells (repeatable, comma lists)
)";

/// What reading is limited to; the same for every command that reads YAML.
inline constexpr std::string_view limits_help = R"(
limits of input (docs/security.md); what is beyond one is an error, exit 1:
  --max-file-size MB           of one file, of standard input, of one answer of kubectl (default: 1024)
  --max-depth N                levels of nesting, at most 1000 (default: 100)
  --max-documents N            documents in one file (default: 1000000)
  --max-aliases MB             what the anchors and aliases of one file repeat (default: 10)
)";
/// The same of what becomes of policies.
inline constexpr std::string_view policy_limits_help =
    R"(  --max-rules N                rules of all policies together (default: 1000000)
  --max-expansion N            what one rule of a policy becomes: its ports x its peers and CIDRs (default: 1000000)
)";

/// What becomes of the findings; the same for every command that has them.
inline constexpr std::string_view reports_help = R"(
reports and continuous integration (docs/ci.md):
  --report FACE=FILE           also write a report as text, markdown, html, json, sarif, junit or gitlab (repeatable;
                               FILE `-` is standard output, if nothing else goes there)
  --annotations github         also print workflow commands that annotate the lines of a pull request
  --lang en|zh                 language of reports (default: en)
  --baseline FILE              findings that it accepts, with reason, owner and expiry, are no reason to fail; entries
                               that are stale or have expired are: exit 1
  --write-baseline FILE        write such a file for everything found now, with reasons for you to fill in
)";

[[nodiscard]] inline std::string migrate_help() {
  return std::string(R"(policyconv migrate - compile network policies to Kube-OVN objects

usage: policyconv migrate PATH... [--cluster PATH...] [-o DIR] [OPTION...]
       policyconv migrate --from-cluster [--context NAME] [-o DIR] [OPTION...]

Reads CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy, CiliumCIDRGroup and NetworkPolicy objects. A PATH is a file,
a directory (all .yaml, .yml and .json files below it; hidden ones, and those that a .policyconvignore names as
.gitignore would, are left out), or `-` for standard input. Objects go to
standard output or to DIR, the report to standard error. Nothing is written if the input has errors.

input:
  --cluster PATH...            facts about the cluster: what `kubectl get ns,pods,nodes,svc,endpointslices,deploy,sts,ds,
                               jobs,cronjobs,subnets,vpcs,security-groups -A -o yaml` prints. Put it after the policies
  --from-cluster               let kubectl fetch policies and facts, exactly what is needed; then no PATH is given
  --context NAME               kubectl's context for --from-cluster (default: its current one)
  -n, --namespace NAME         namespace of policies that name none (default: default)

source, the Cilium that the policies were written for:
  --cilium 1.14...1.20         its version (default: 1.18)
  --cluster-name NAME          its cluster name (default: default)
  --policy-default-local-cluster true|false
                               whether peers are sought in the local cluster only (default: true from 1.19 on)
  --sctp                       Cilium runs with enable-sctp; otherwise SCTP is dropped, as Cilium drops it

target:
  --kube-ovn 1.12...1.16       Kube-OVN's version (default: 1.16); objects fit this version only
  --node-traffic anchor|all-nodes|none
                               how a pod's own node gets in, e.g. for probes: one NetworkPolicy that keeps Kube-OVN's
                               node rule alive (default), every node (looser), or not at all (stricter)
  --allow-looser CODE          accept the approximation with this code although it may open something (repeatable)

addresses, where no --cluster tells them (repeatable, comma lists):
  --pod-cidr CIDR              pods
  --service-cidr CIDR          Services
  --node-cidr CIDR             nodes
  --join-cidr CIDR             Kube-OVN's join subnet
  --node-local-dns IP          NodeLocal DNS

output:
  -o, --output DIR             write the files into DIR, each at once or not at all; files of an earlier run that are
                               no longer needed are removed
  --verify                     afterwards prove for all packets that the objects mean the same, or show where they do not;
                               see `policyconv verify --help`. Changes the exit status only where it finds more
  --cost                       also print how many ACLs, addresses and flows OVN will hold for the objects, predicted
  --max-acls N                 write nothing if they make more OVN ACLs than that
  --emit ir|objects            print what the policies mean instead of objects
  --fail-on same|stricter|looser|refused
                               the least finding that makes the exit status non-zero (default: same, that is any)
  -j, --jobs N                 threads (default: one for each core); never changes the result
  --color auto|always|never    colours in the report (default: auto: on a terminal, unless NO_COLOR is set)
  -q, --quiet                  report errors only
  -v, --verbose                report every rule and every repetition
  -h, --help                   this text
)").append(reports_help)
      .append(R"(  --since-report FILE          compare with an earlier report (--report json=FILE): what became better or worse
  --ratchet                    with --since-report: exit 3 if a smaller share of rules is kept identical

the way there (docs/plan.md, docs/admission.md, docs/edits.md); DIR also gets PLAN.md and plan.json with its steps:
  --admission map|kyverno|none
                               how pods that are made or changed later get their groups: MutatingAdmissionPolicy (default
                               with --output), a Kyverno ClusterPolicy, or not at all (default without)
  --kubernetes 1.25...1.36     the cluster's version (default: 1.36): which API the admission policy is written for
  --wave NS[,NS...]            namespaces that the plan moves together (repeatable, in this order); each of the others goes
                               by itself afterwards
  --previous DIR               what an earlier run wrote: names are kept, and the plan is about the changes only
  --make-before-break          with --previous: changed groups are replaced by new ones instead of rewritten in use

many files:
  --tree                       convert each file by itself, into a folder of its own below DIR: for files of different
                               clusters, since policies of one cluster belong into one run. All share the facts of
                               --cluster; without it a file that has nodes and pods tells the facts about itself
  --keep-going                 with --tree: write what has no errors although other files have
  --shard-index I              take the I-th part of the files only (from 0), for parallel jobs
  --shard-count N              of N parts (default: 1)
)").append(limits_help).append(policy_limits_help)
      .append(R"(
exit status, the highest that applies, except that 1 always wins (docs/exit-codes.md):
  0   the objects mean what the policies mean, or --fail-on and --baseline let pass what does not
  1   bad input, a stale or expired entry of --baseline, or reading or writing failed
  2   wrong usage
  3   something is stricter than the policies
  4   something is looser, because an option asked for it
  5   something was refused: the policies' meaning is not kept there

examples:
  policyconv migrate policies/ --cluster cluster.yaml -o out/
  kubectl get cnp -A -o yaml | policyconv migrate - > objects.yaml
  policyconv migrate policies/ --pod-cidr 10.16.0.0/16,fd00:10:16::/64 --service-cidr 10.96.0.0/12 --kube-ovn 1.13
  policyconv migrate policies/ --cluster cluster.yaml --emit ir
  policyconv migrate policies/ --cluster cluster.yaml -o out/ --report sarif=policyconv.sarif --baseline accepted.yaml
)");
}

inline constexpr std::string_view both_sides_help = R"(
input:
  --policies PATH...           the policies: files, directories, or `-`
  --objects PATH...            the Kube-OVN objects, written by policyconv or by hand; without them, those that
                               `policyconv migrate` makes of the policies
  --cluster PATH...            facts about the cluster: what `kubectl get ns,pods,nodes,svc,endpointslices,deploy,sts,ds,
                               subnets,vpcs,security-groups -A -o yaml` prints
  --from-cluster               let kubectl fetch policies and facts; then without --policies and --cluster
  --context NAME               kubectl's context for --from-cluster (default: its current one)
  -n, --namespace NAME         namespace of policies that name none (default: default)
)";

[[nodiscard]] inline std::string verify_help() {
  return std::string(R"(policyconv verify - do the objects mean what the policies mean, for all packets?

usage: policyconv verify --policies PATH... [--objects PATH...] [--cluster PATH...] [--assert FILE...] [OPTION...]

Puts ends (pods, nodes, addresses, Services) and packets into classes that neither side can tell apart, decides each
class on both sides, and prints where they differ, in terms of labels, each with an example, the rules that decide it
and a command that shows the same in OVN. The report goes to standard output.
)").append(both_sides_help)
      .append(systems_help)
      .append(R"(
checks:
  --assert FILE...             also check these assertions, such as `deny ns:dev -> ns:prod any`, on both sides, for
                               the pods of today (docs/assertions.md)
  --no-future                  leave out pods that do not exist yet. Otherwise representatives of every label
                               combination that the selectors tell apart are checked, too
  -j, --jobs N                 threads (default: one for each core); never changes the result

output:
  --format text|json|markdown  (default: text)
  --fail-on same|stricter|looser
                               the least difference that makes the exit status non-zero (default: same, that is any)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text
)").append(reports_help).append(limits_help).append(policy_limits_help)
      .append(R"(
exit status, the highest that applies (docs/exit-codes.md):
  0   equal for all packets, and all assertions hold
  1   bad input, a stale or expired entry of --baseline, or reading or writing failed
  2   wrong usage
  3   something is stricter in Kube-OVN, or an assertion fails in another way than by something open in Kube-OVN
  4   something is looser in Kube-OVN, or undefined there, or passes there although an assertion denies it

examples:
  policyconv verify --policies policies/ --objects out/ --cluster cluster.yaml
  policyconv verify --policies policies/ --objects out/ --cluster cluster.yaml --assert rules.txt --format markdown
)");
}

[[nodiscard]] inline std::string trace_help() {
  return std::string(R"(policyconv trace - one flow through Cilium and Kube-OVN

usage: policyconv trace --policies PATH... [--objects PATH...] --cluster PATH... --from END --to END --port PORT

Prints what decides at each end in both systems, with places, and whether they agree. An END is `pod:shop/web-1` (or
just `shop/web-1`), `pod:shop/app=web` (the first pod with these labels), `node:n1`, `ip:192.0.2.1`, and as a
destination `svc:shop/db` (its address and each backend). PORT is like 443/tcp, 53/udp, icmp/8.
)").append(both_sides_help)
      .append(systems_help)
      .append(R"(
flow:
  --from END                   where the connection starts
  --to END                     where it goes
  --port PORT                  destination port and protocol; of a Service, its own port
  -j, --jobs N                 threads that read (default: one for each core)

output:
  --format text|json           (default: text)
  --fail-on same|stricter|looser
                               the least difference that makes the exit status non-zero (default: same, that is any)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text
)").append(limits_help).append(policy_limits_help)
      .append(R"(
exit status: 0 both agree · 1 bad input · 2 wrong usage · 3 Kube-OVN is stricter · 4 Kube-OVN is looser, or undefined

examples:
  policyconv trace --policies policies/ --cluster cluster.yaml --from shop/web-1 --to svc:shop/db --port 5432/tcp
  policyconv trace --policies policies/ --objects out/ --cluster cluster.yaml --from node:n1 --to pod:shop/app=db \
      --port icmp/8
)");
}

[[nodiscard]] inline std::string replay_help() {
  return std::string(R"(policyconv replay - recorded flows: which of them would fare differently?

usage: policyconv replay FLOWS --policies PATH... [--objects PATH...] --cluster PATH... [OPTION...]

FLOWS is what `hubble observe -o json` prints, one JSON object a line, or `-` for standard input. Lists the flows whose
verdict Kube-OVN would change, merged and the most frequent first, then those that Cilium did not treat as its policies
say, then what could not be judged. A record says what happened at one end; the other end is judged by the policies.
)").append(both_sides_help)
      .append(systems_help)
      .append(R"(
  -j, --jobs N                 threads that read (default: one for each core)

output:
  --format text|json|markdown  (default: text)
  --fail-on same|stricter|looser
                               the least difference that makes the exit status non-zero (default: same, that is any)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text
)").append(reports_help).append(limits_help).append(policy_limits_help)
      .append(R"(
exit status: 0 nothing would change · 1 bad input, or a stale entry of --baseline · 2 wrong usage · 3 something would be dropped that passed ·
             4 something would pass that was dropped, or is undefined

examples:
  hubble observe --since 24h -o json > flows.json
  policyconv replay flows.json --policies policies/ --objects out/ --cluster cluster.yaml
)");
}

[[nodiscard]] inline std::string assess_help() {
  return std::string(R"(policyconv assess - can and should this cluster leave Cilium chaining?

usage: policyconv assess PATH... [OPTION...]
       policyconv assess --from-cluster [--context NAME] [OPTION...]
       policyconv assess --print-collect

Reads a cluster dump, in any mix of files, and reports: addresses that Cilium cannot tell apart and what ends that; whether
chaining works at all; what Cilium is used for and what becomes of it; the three ways out, weighed for this cluster; an
address plan for NAT gateways; readiness of each namespace; and what the dump lacks, with the kubectl line that fetches
it. The report goes to standard output. A PATH is a file, a directory, or `-` for standard input.

input:
  --print-collect              print a shell script that fetches everything into one file, without Secrets
  --from-cluster               let kubectl fetch the same at once; then no PATH is given
  --context NAME               kubectl's context for --from-cluster (default: its current one)
  -n, --namespace NAME         namespace of policies that name none (default: default)
)").append(systems_help)
      .append(R"(
output:
  --format text|markdown|json|html
                               (default: text); html is one file that needs no network
  --plan FILE                  write the VpcNatGateways of the address plan, ready for kubectl
  --rehearsal DIR              write a test environment for a kind cluster: pods that stand in for the real ones, the
                               migrated objects, and flows to try with their expected verdicts
  -j, --jobs N                 threads (default: one for each core); never changes the result
  --fail-on work|blocked       the least verdict that makes the exit status non-zero (default: work)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text
)").append(reports_help).append(limits_help).append(policy_limits_help)
      .append(R"(
exit status (docs/exit-codes.md):
  0   ready, or everything found is accepted by --baseline
  1   bad input, a stale or expired entry of --baseline, or reading or writing failed
  2   wrong usage
  3   work to do
  5   blocked

examples:
  policyconv assess --print-collect > collect.sh && sh collect.sh cluster.yaml
  policyconv assess cluster.yaml --plan plan.yaml
  policyconv assess dump/ --format html > assessment.html
  policyconv assess cluster.yaml --rehearsal rehearsal/
)");
}

inline constexpr std::string_view explain_help = R"(policyconv explain - what a code of the report means

usage: policyconv explain [CODE... | --all] [OPTION...]

Prints what happened, why, what Cilium does and what Kube-OVN can do, what to do about it, and an example. Without a CODE
it lists all codes. Nothing is fetched: the texts are part of the program, and the pages of docs/codes/ are made of them.

options:
  --all                     every code at length
  --format text|markdown    (default: text)
  --lang en|zh              language (default: en). LANG and LC_ALL are not asked, so that a command prints the same on
                            every machine
  -h, --help                this text

examples:
  policyconv explain PC0301
  policyconv explain --lang zh PC1101
  policyconv explain | grep -i icmp
)";

inline constexpr std::string_view report_help =
    R"(policyconv report merge - reports of many runs as one

usage: policyconv report merge PATH... [OPTION...]

Reads what --report json=FILE of other runs wrote; a PATH is such a file, or a directory with nothing else. The order has
no influence. The report of all goes to standard error.

reports:
  --report FACE=FILE           write it as text, markdown, html, json, sarif, junit or gitlab (repeatable; FILE `-` is
                               standard output)
  --annotations github         also print workflow commands that annotate the lines of a pull request
  --lang en|zh                 language of the report (default: en)
  --baseline FILE              findings that it accepts are no reason to fail
  --write-baseline FILE        write such a file for everything found
  --since-report FILE          compare with an earlier report: what became better or worse
  --ratchet                    with --since-report: exit 3 if a smaller share of rules is kept identical

output:
  --fail-on same|stricter|looser|refused
                               the least finding that makes the exit status non-zero (default: the least of the reports)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -q, --quiet                  report errors only
  -v, --verbose                report every rule, every file and every repetition
  -h, --help                   this text

exit status: as that of `policyconv migrate`

examples:
  policyconv report merge reports/ --report html=fleet.html
  policyconv report merge monday-1.json monday-2.json --since-report last-week.json --ratchet
)";

inline constexpr std::string_view krm_help = R"(policyconv krm - a KRM function, for kustomize and kpt

usage: policyconv krm < RESOURCELIST

Reads a ResourceList (config.kubernetes.io/v1) from standard input, converts the network policies among its items, and
writes the list to standard output: the objects for Kube-OVN are added, a Subnet or Pod that is among the items is
changed in place, and all other items stay as they are. Facts about the cluster are taken from the items. What happened
to each rule is in `results`. The functionConfig, a ConfigMap (`data`) or a PolicyConvConfig (`spec`), may set what
`policyconv migrate --help` tells: cilium, clusterName, policyDefaultLocalCluster, sctp, namespace, kubeOvn, nodeTraffic,
allowLooser, failOn, podCidr, serviceCidr, nodeCidr, joinCidr, nodeLocalDns, maxRules, maxExpansion; and
  keepSource: false            drop the policies that were converted (default: true)
  path: DIR                    where the objects are to be written in the package (default: kube-ovn)

options:
  -h, --help        this text

exit status: as that of `policyconv migrate`; if it is not 0, the items are left as they were

examples:
  kpt fn eval PACKAGE --exec 'policyconv krm' -- cilium=1.18 failOn=refused
)";

}  // namespace policyconv::cli
