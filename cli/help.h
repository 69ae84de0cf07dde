// The texts of --help, written out because what a command is for matters more than its list of options.
// tests/cli_test.cpp proves that they name every option and no other.
#pragma once

#include <string_view>

namespace policyconv::cli {

inline constexpr std::string_view general_help =
    R"(policyconv - Cilium and Kubernetes network policies to Kube-OVN objects

usage: policyconv COMMAND [ARGUMENT...]

commands:
  migrate PATH...   compile policies to SecurityGroups and Subnet ACLs, and report every difference in meaning
  explain [CODE]    what a code of the report means and what to do about it; without a code, list them all

options:
  -h, --help        this text; `policyconv COMMAND --help` tells more
  --version         the version

examples:
  kubectl get cnp,ccnp,ccg,netpol -A -o yaml > policies.yaml
  kubectl get ns,pods,nodes,svc,endpointslices,subnets,vpcs -A -o yaml > cluster.yaml
  policyconv migrate policies.yaml --cluster cluster.yaml -o out/
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
  --emit ir|objects            print what the policies mean instead of objects
  --fail-on same|stricter|looser|refused
                               the least finding that makes the exit status non-zero (default: same, that is any)
  -j, --jobs N                 files read at the same time (default: one for each core); never changes the result
  --color auto|always|never    colours in the report (default: auto: on a terminal, unless NO_COLOR is set)
  -q, --quiet                  report errors only
  -v, --verbose                report every rule and every repetition
  -h, --help                   this text

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
