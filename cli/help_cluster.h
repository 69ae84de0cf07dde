// The texts of --help of the commands that compare with a live cluster. See cli/help.h.
#pragma once

#include <string>
#include <string_view>

#include "cli/help.h"

namespace policyconv::cli {

[[nodiscard]] inline std::string drift_help() {
  return std::string(R"(policyconv drift - what in a live cluster differs from what was emitted

usage: policyconv drift --objects PATH... --cluster PATH... [--nb FILE...] [OPTION...]

Finds SecurityGroups, Subnet ACLs, annotations, admission policies and the node anchor that are missing, edited, foreign or left
over; groups that Kube-OVN has not programmed (the MD5 in their status); and running pods that do not carry the groups that
their labels ask for. The report goes to standard output.

input:
  --objects PATH...            what `policyconv migrate -o DIR` wrote
  --cluster PATH...            the cluster now: what `kubectl get ns,pods,nodes,deploy,sts,ds,jobs,cronjobs,subnets,vpcs,
                               security-groups,netpol -A -o yaml` prints; add mutatingadmissionpolicies,
                               mutatingadmissionpolicybindings (or clusterpolicies.kyverno.io) to have those compared
  --nb FILE...                 also compare OVN's northbound database: what `kubectl ko nbctl --format=json list ACL`
                               prints, and the same for Port_Group and Address_Set, each in a file of its own
  -j, --jobs N                 threads that read (default: one for each core); never changes the result

output:
  --format text|json|markdown  (default: text)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text
)").append(reports_help).append(limits_help)
      .append(R"(
exit status (docs/exit-codes.md):
  0   the cluster is as emitted
  1   bad input, a stale or expired entry of --baseline, or reading or writing failed
  2   wrong usage
  3   something differs

examples:
  policyconv drift --objects out/ --cluster now.yaml
  kubectl ko nbctl --format=json list ACL > acl.json
  policyconv drift --objects out/ --cluster now.yaml --nb acl.json
)");
}

[[nodiscard]] inline std::string rollback_check_help() {
  return std::string(R"(policyconv rollback-check - is the cluster as it was before the plan?

usage: policyconv rollback-check --plan plan.json --cluster PATH... [OPTION...]

Compares a dump, taken after a rollback, with what plan.json says about the cluster before its first step: groups,
annotations, Subnet ACLs, the node anchor and admission policies. The report goes to standard output.

input:
  --plan FILE                  the plan.json that `policyconv migrate -o DIR` wrote
  --cluster PATH...            the cluster now, as for `policyconv drift`
  -j, --jobs N                 threads that read (default: one for each core); never changes the result

output:
  --format text|json|markdown  (default: text)
  --color auto|always|never    colours (default: auto: on a terminal, unless NO_COLOR is set)
  -h, --help                   this text
)").append(limits_help)
      .append(R"(
exit status: 0 as before · 1 bad input · 2 wrong usage · 3 something differs

examples:
  policyconv rollback-check --plan out/plan.json --cluster now.yaml
)");
}

}  // namespace policyconv::cli
