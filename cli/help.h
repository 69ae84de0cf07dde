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
  explain [CODE]    what a code of the report means and what to do about it; without a code, list them all

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

inline constexpr std::string_view migrate_help = R"(policyconv migrate - compile network policies to Kube-OVN objects

usage: policyconv migrate PATH... [--cluster PATH...] [-o DIR] [OPTION...]

Reads CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy, CiliumCIDRGroup and NetworkPolicy objects. A PATH is a file,
a directory (all .yaml, .yml and .json files below it, hidden ones left out), or `-` for standard input. Objects go to
standard output or to DIR, the report to standard error. Nothing is written if the input has errors.

input:
  --cluster PATH...            facts about the cluster: what `kubectl get ns,pods,nodes,svc,endpointslices,deploy,sts,ds,
                               subnets,vpcs -A -o yaml` prints. Put it after the policies
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
  --emit ir|objects            print what the policies mean instead of objects
  --fail-on same|stricter|looser|refused
                               the least finding that makes the exit status non-zero (default: same, that is any)
  -j, --jobs N                 files read at the same time (default: one for each core); never changes the result
  --lang en|zh                 language of the report (default: en)
  --color auto|always|never    colours in the report (default: auto: on a terminal, unless NO_COLOR is set)
  -q, --quiet                  report errors only
  -v, --verbose                report every rule and every repetition
  -h, --help                   this text

reports and continuous integration:
  --report FACE=FILE           also write the report as text, markdown, html, json, sarif, junit or gitlab (repeatable;
                               FILE `-` is standard output, if objects go elsewhere)
  --annotations github         also print workflow commands that annotate the lines of a pull request
  --baseline FILE              findings that it accepts, with reason, owner and expiry, are no reason to fail; entries
                               that are stale or have expired are (docs/ci.md)
  --write-baseline FILE        write such a file for everything found now
  --since-report FILE          compare with an earlier report (--report json=FILE): what became better or worse
  --ratchet                    with --since-report: exit 3 if a smaller share of rules is kept identical

many files:
  --tree                       convert each file by itself, into a folder of its own below DIR: for files of different
                               clusters, since policies of one cluster belong into one run
  --keep-going                 with --tree: write what has no errors although other files have
  --shard-index I              take the I-th part of the files only (from 0), for parallel jobs
  --shard-count N              of N parts (default: 1)

exit status, the highest that applies:
  0   the objects mean what the policies mean
  1   bad input, or reading or writing failed; nothing else is then decided
  2   wrong usage
  3   something is stricter than the policies
  4   something is looser, because an option asked for it
  5   something was refused: the policies' meaning is not kept there

examples:
  policyconv migrate policies/ --cluster cluster.yaml -o out/
  kubectl get cnp -A -o yaml | policyconv migrate - > objects.yaml
  policyconv migrate policies/ --pod-cidr 10.16.0.0/16,fd00:10:16::/64 --service-cidr 10.96.0.0/12 --kube-ovn 1.13
  policyconv migrate policies/ --cluster cluster.yaml --emit ir
)";

inline constexpr std::string_view both_sides_help = R"(
input:
  --policies PATH...           the policies: files, directories, or `-`
  --objects PATH...            the Kube-OVN objects, written by policyconv or by hand; without them, those that
                               `policyconv migrate` makes of the policies
  --cluster PATH...            facts about the cluster: what `kubectl get ns,pods,nodes,svc,endpointslices,deploy,sts,ds,
                               subnets,vpcs,security-groups -A -o yaml` prints
  -n, --namespace NAME         namespace of policies that name none (default: default)

both systems, as for `policyconv migrate`:
  --cilium 1.14...1.20         Cilium's version (default: 1.18)
  --cluster-name NAME          Cilium's cluster name (default: default)
  --policy-default-local-cluster true|false
                               whether peers are sought in the local cluster only (default: true from 1.19 on)
  --sctp                       Cilium runs with enable-sctp
  --kube-ovn 1.12...1.16       Kube-OVN's version (default: 1.16)
  --node-traffic anchor|all-nodes|none
                               without --objects: how a pod's own node gets in
  --allow-looser CODE          without --objects: accept the approximation with this code (repeatable)
  --pod-cidr, --service-cidr, --node-cidr, --join-cidr CIDR; --node-local-dns IP
                               addresses, where no --cluster tells them (repeatable, comma lists)
)";

[[nodiscard]] inline std::string verify_help() {
  return std::string(R"(policyconv verify - do the objects mean what the policies mean, for all packets?

usage: policyconv verify --policies PATH... [--objects PATH...] [--cluster PATH...] [--assert FILE...] [OPTION...]

Puts ends (pods, nodes, addresses, Services) and packets into classes that neither side can tell apart, decides each
class on both sides, and prints where they differ, in terms of labels, each with an example, the rules that decide it
and a command that shows the same in OVN. The report goes to standard output.
)").append(both_sides_help)
      .append(R"(
checks:
  --assert FILE...             also check these assertions, such as `deny ns:dev -> ns:prod any`, on both sides, for
                               the pods of today (docs/assertions.md)
  --no-future                  leave out pods that do not exist yet. Otherwise representatives of every label
                               combination that the selectors tell apart are checked, too
  -j, --jobs N                 threads (default: one for each core); never changes the result

output:
  --format text|json|markdown  (default: text)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text

exit status, the highest that applies:
  0   equal for all packets, and all assertions hold
  1   bad input, or reading or writing failed; nothing else is then decided
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
      .append(R"(
flow:
  --from END                   where the connection starts
  --to END                     where it goes
  --port PORT                  destination port and protocol; of a Service, its own port
  -j, --jobs N                 files read at the same time (default: one for each core)

output:
  --format text|json           (default: text)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text

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
      .append(R"(
  -j, --jobs N                 files read at the same time (default: one for each core)

output:
  --format text|json|markdown  (default: text)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text

exit status: 0 nothing would change · 1 bad input · 2 wrong usage · 3 something would be dropped that passed ·
             4 something would pass that was dropped, or is undefined

examples:
  hubble observe --since 24h -o json > flows.json
  policyconv replay flows.json --policies policies/ --objects out/ --cluster cluster.yaml
)");
}

inline constexpr std::string_view assess_help =
    R"(policyconv assess - can and should this cluster leave Cilium chaining?

usage: policyconv assess PATH... [OPTION...]
       policyconv assess --print-collect

Reads a cluster dump, in any mix of files, and reports: addresses that Cilium cannot tell apart and what ends that; whether
chaining works at all; what Cilium is used for and what becomes of it; the three ways out, weighed for this cluster; an
address plan for NAT gateways; readiness of each namespace; and what the dump lacks, with the kubectl line that fetches
it. The report goes to standard output. A PATH is a file, a directory, or `-` for standard input.

input:
  --print-collect              print a shell script that fetches everything into one file, without Secrets
  -n, --namespace NAME         namespace of policies that name none (default: default)

both systems, as for `policyconv migrate`:
  --cilium 1.14...1.20         Cilium's version (default: 1.18)
  --cluster-name NAME          Cilium's cluster name (default: default)
  --policy-default-local-cluster true|false
                               whether peers are sought in the local cluster only (default: true from 1.19 on)
  --sctp                       Cilium runs with enable-sctp
  --kube-ovn 1.12...1.16       Kube-OVN's version (default: 1.16)
  --node-traffic anchor|all-nodes|none
                               how a pod's own node gets in after the migration
  --allow-looser CODE          accept the approximation with this code (repeatable)
  --pod-cidr, --service-cidr, --node-cidr, --join-cidr CIDR; --node-local-dns IP
                               addresses that the dump does not tell (repeatable, comma lists)

output:
  --format text|markdown|json|html
                               (default: text); html is one file that needs no network
  --plan FILE                  write the VpcNatGateways of the address plan, ready for kubectl
  --rehearsal DIR              write a test environment for a kind cluster: pods that stand in for the real ones, the
                               migrated objects, and flows to try with their expected verdicts
  -j, --jobs N                 files read at the same time (default: one for each core); never changes the result
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text

exit status:
  0   ready
  1   bad input, or reading or writing failed
  2   wrong usage
  3   work to do
  5   blocked

examples:
  policyconv assess --print-collect > collect.sh && sh collect.sh cluster.yaml
  policyconv assess cluster.yaml --plan plan.yaml
  policyconv assess dump/ --format html > assessment.html
  policyconv assess cluster.yaml --rehearsal rehearsal/
)";

inline constexpr std::string_view explain_help = R"(policyconv explain - what a code of the report means

usage: policyconv explain [CODE...]

Prints what happened, why, what to do, and an example. Without a CODE it lists all codes.

options:
  -h, --help        this text

examples:
  policyconv explain PC0301
  policyconv explain | grep -i icmp
)";

}  // namespace policyconv::cli
