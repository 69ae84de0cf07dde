// Entrance: describe(). The steps that Kube-OVN's objects are about; those about Cilium are in describe_cilium.cpp.
#include "plan/describe.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ir/shell.h"
#include "plan/describe_cilium.h"
#include "plan/print_markdown.h"

namespace policyconv::plan {
namespace {

using kubeovn::Binding;

constexpr std::string_view same_as_file = "prints nothing: the cluster has what the file says";

std::string diff_command(std::string_view file) {
  return fmt::format("kubectl diff --server-side --field-manager={} --force-conflicts -f {}", field_manager, shell_word(file));
}

std::string pods(std::size_t count) { return fmt::format("{} {}", count, count == 1 ? "pod" : "pods"); }

/// A few names, and how many more.
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 3;
  std::vector<std::string> plain;
  for (const std::string& name : names)
    if (plain.size() < shown) plain.push_back(plain_name(name));
  const std::size_t rest = names.size() - plain.size();
  return fmt::format("{}{}", fmt::join(plain, ", "), rest == 0 ? "" : fmt::format(" and {} more", rest));
}

constexpr std::string_view controller_arguments =
    "kubectl -n kube-system get deployment kube-ovn-controller -o "
    "jsonpath='{.spec.template.spec.containers[0].args}{\"\\n\"}'";

void preconditions(Step& step, const Circumstances& about) {
  step.title = "Preconditions";
  step.why = "The plan is about the cluster of the dump. From here to the end of the steps that bind pods, nothing should be "
             "deployed: pods that the dump does not have are bound by nobody until the admission policy is there.";
  step.commands = {std::string(dump_command) + " > before.yaml"};
  step.checks = {
      {"policyconv rollback-check --plan plan.json --cluster before.yaml",
       "exit status 0: groups, annotations and Subnet ACLs are those that the plan was made for. Otherwise run `policyconv "
       "migrate` again with before.yaml"},
      {"kubectl -n kube-system get deployment kube-ovn-controller -o "
       "jsonpath='{.spec.template.spec.containers[0].image}{\"\\n\"}'",
       fmt::format("v1.{}: objects of another release mean something else; run `policyconv migrate --kube-ovn` again",
                   about.manifest.release.minor)},
      {"kubectl -n kube-system rollout status deployment/kube-ovn-controller --timeout=60s",
       "`successfully rolled out`: a change of annotations while it is down is lost (K§3.3)"},
      {"kubectl -n kube-system rollout status daemonset/cilium --timeout=60s",
       "`successfully rolled out`: Cilium enforces while this plan goes on"},
      {"kubectl get adminnetworkpolicies; kubectl get baselineadminnetworkpolicies; kubectl get clusternetworkpolicies",
       "nothing found, or no such resource type: their allows would go past the groups (K§4.2)"},
      {"kubectl get networkpolicies --all-namespaces",
       about.options.network_policies.empty()
           ? "none: beside groups they count on egress and not on ingress (K§4.2)"
           : "only those that were migrated: beside groups they count on egress and not on ingress (K§4.2)"},
      {"kubectl get pods --all-namespaces --field-selector=status.phase=Pending",
       "`No resources found`: a pod that starts while the plan goes on may miss its groups"}};
  if (about.manifest.node_anchor)
    step.checks.push_back(
        {std::string(controller_arguments),
         "no `--enable-np=false`, which Kube-OVN's recipe for chaining sets: without it probes from a pod's own node are "
         "closed. Turn it on before this plan; from then on OVN enforces the NetworkPolicies of the cluster as well. Or run "
         "`policyconv migrate --node-traffic all-nodes`"});
  step.if_it_fails = {"Nothing has been changed. Mend what the check says, and make the plan anew."};
}

void empty_groups(Step& step, const Circumstances&) {
  step.title = fmt::format("{} groups without rules", step.objects.security_groups.size());
  step.why = "These groups name each other in a circle, and Kube-OVN refuses a group that names a missing one (K§1.1). No pod "
             "carries them yet, so that it does not matter that they have no rules.";
  step.commands = {apply_command(step.file, false)};
  step.checks = {{fmt::format("kubectl get -f {}", shell_word(step.file)), "each of them is there"}};
  step.if_it_fails = {"Nothing is in force yet: mend, and apply again."};
  step.undo_commands = {fmt::format("kubectl delete --ignore-not-found -f {}", shell_word(step.file))};
}

void groups(Step& step, const Circumstances& about) {
  step.title = fmt::format("{} groups with their rules", step.objects.security_groups.size());
  step.why = "A pod whose groups are not programmed is open (K§3.4), and Kube-OVN reports a refusal in its log only "
             "(K§1.1). Its acknowledgement is a hash of the rules in the status (K§1.4): wait for it.";
  step.commands = {apply_command(step.file, false)};
  step.checks = {
      {fmt::format("kubectl get security-groups -o jsonpath='{{range .items[*]}}{{.metadata.name}}: {{.status.ingressMd5}} "
                   "{{.status.egressMd5}}{{\"\\n\"}}{{end}}' | LC_ALL=C sort | LC_ALL=C comm -13 - {}",
                   shell_word(about.revisions_file)),
       "prints nothing; each line is a group that Kube-OVN has not programmed, or not this revision of it. Try again after a "
       "minute"}};
  step.if_it_fails = {
      "Do not bind pods. `kubectl -n kube-system logs deployment/kube-ovn-controller | grep -i securitygroup` says what was "
      "refused.",
      "A conflict of field managers means that somebody has edited a group by hand: compare with `policyconv drift`."};
  if (!step.undo_file.empty()) step.undo_commands.push_back(apply_command(step.undo_file, false));
  if (!about.delete_file.empty())
    step.undo_commands.push_back(fmt::format("kubectl delete --ignore-not-found -f {}", shell_word(about.delete_file)));
}

void node_anchor(Step& step, const Circumstances&) {
  step.title = "The rule that lets a pod's own node in";
  step.why = "Probes come from the node. Kube-OVN lets it in only while some NetworkPolicy exists (K§4.3), so one that selects "
             "nothing keeps that rule alive.";
  step.commands = {apply_command(step.file, false)};
  step.checks = {{"kubectl ko nbctl --format=csv --no-headings --columns=priority,match find acl priority=3000",
                  "a line for each node; Kube-OVN looks once a minute"}};
  step.if_it_fails = {"`--enable-np=true` is missing in the arguments of kube-ovn-controller. Nothing is closed yet."};
  step.undo_commands = {fmt::format("kubectl delete --ignore-not-found -f {}", shell_word(step.file))};
}

void subnet_acls(Step& step, const Circumstances&) {
  step.title = fmt::format("ACLs of {} Subnets", step.objects.subnets.size());
  step.why = "What groups cannot say: SCTP, types of ICMP. Kube-OVN takes all ACLs of a Subnet away for a moment whenever the "
             "Subnet changes (K§5), so this comes before any pod depends on them. The list is replaced as a whole; what was in "
             "it stays in it.";
  step.commands = {apply_command(step.file, false)};
  step.checks = {{diff_command(step.file), std::string(same_as_file)},
                 {"kubectl get subnets -o jsonpath='{range .items[*]}{.metadata.name} "
                  "{.status.conditions[?(@.type==\"SetLogicalSwitchAclsFailed\")].status}{\"\\n\"}{end}'",
                  "names alone: `True` behind one means that its switch has no ACLs at all"}};
  step.if_it_fails = {"A conflict of field managers: somebody else wrote `spec.acls`. If the list is still the one of the dump, "
                      "add --force-conflicts; otherwise make the plan anew."};
  step.undo_commands = {apply_command(step.undo_file, true)};
}

/// What Kube-OVN has noted at the port of the first pod: the groups behind slashes (K§2.1).
Check noted_groups(const Step& step) {
  const Binding& first = step.objects.bindings.front();
  return {fmt::format("kubectl ko nbctl get logical_switch_port {} external_ids:security_groups",
                      shell_word(first.pod + "." + first.ns)),
          fmt::format("these names with `/` between them: {}. This is one pod of the step; `policyconv drift` looks at all",
                      first.groups.empty() ? "none" : plain_name(fmt::format("{}", fmt::join(first.groups, ","))))};
}

constexpr std::string_view gone_pod =
    "`spec.containers: Required value` is about a pod that has gone since the dump; the others have been bound.";

std::vector<Check> binding_checks(const Step& step) {
  std::vector<Check> checks = {{diff_command(step.file), std::string(same_as_file)}};
  if (step.objects.bindings.front().provider == "ovn") checks.push_back(noted_groups(step));
  return checks;
}

void join(Step& step, const Circumstances&) {
  step.title = fmt::format("Join: {} of {}", pods(step.objects.bindings.size()), some_of(step.namespaces));
  step.why = "These pods carry their groups, and beside them those that open both directions: peers find them in the address "
             "sets, and nothing closes yet but what a deny closes. Cilium enforces as before.";
  step.commands = {apply_command(step.file, true)};
  step.checks = binding_checks(step);
  step.checks.push_back({fmt::format("kubectl get pods --namespace {}", shell_word(step.namespaces.front())),
                         "as ready as before: probes pass"});
  step.if_it_fails = {std::string(gone_pod),
                      "A pod has the annotation and its port has not: kube-ovn-controller was not there when it changed "
                      "(K§3.3). Take the annotation off and apply again."};
  if (std::find(step.namespaces.begin(), step.namespaces.end(), "kube-system") != step.namespaces.end())
    step.if_it_fails.push_back("DNS is among these pods: if names are not found any more, undo this step first and look then.");
  step.undo_commands = {apply_command(step.undo_file, true)};
}

void templates(Step& step, const Circumstances& about) {
  step.title = fmt::format("Pod templates of {} workloads", step.objects.templates.size());
  step.why = about.options.admission
                 ? "Only if you want the groups in the workloads as well, for the day on which the admission policy is not "
                   "there. It makes pods anew, which the last step needs anyway."
                 : "Nothing else binds pods that do not exist yet. Applying this restarts the workloads; their new pods carry "
                   "their final groups, and find all others in the address sets already.";
  step.commands = {apply_command(step.file, true)};
  step.checks = {{diff_command(step.file), std::string(same_as_file)},
                 {"kubectl get pods --all-namespaces --field-selector=status.phase=Pending",
                  "`No resources found`, once the new pods run"},
                 drift_check("no pod without its groups. Pods of workloads that policyconv cannot see have to be bound by hand")};
  step.if_it_fails = {
      "A workload comes from a chart or from GitOps: put the annotation there, or use the Kustomize component "
      "`component/`; what is applied here would be taken back.",
      "A VirtualMachine takes its template at its next start. Until then a live migration takes the groups off, unless the "
      "admission policy is there (K§3.6)."};
  step.undo_commands = {apply_command(step.undo_file, true)};
}

void admission(Step& step, const Circumstances& about) {
  step.title = "New and changed pods";
  step.why = "From now on a pod gets its final groups when it is made, and when it changes, as Cilium would follow its labels. "
             "All others are in the address sets by now, so that such a pod finds its peers.";
  step.commands = {apply_command(step.file, false)};
  step.checks = {{fmt::format("kubectl get -f {}", shell_word(step.file)), "each of them is there"}};
  const auto& bindings = about.manifest.bindings;
  const auto bound = std::find_if(bindings.begin(), bindings.end(),
                                  [](const Binding& each) { return !each.groups.empty() && each.provider == "ovn"; });
  if (bound != bindings.end())
    step.checks.push_back(
        {fmt::format("kubectl annotate pod --namespace {} {} policyconv.io/touched=1 --overwrite --dry-run=server -o "
                     "jsonpath='{{.metadata.annotations.ovn\\.kubernetes\\.io/security_groups}}{{\"\\n\"}}'",
                     shell_word(bound->ns), shell_word(bound->pod)),
         fmt::format("`{}`", plain_name(fmt::format("{}", fmt::join(bound->groups, ","))))});
  step.checks.push_back(drift_check(
      "pods without groups are those made since the dump: `kubectl annotate pod --namespace NS POD policyconv.io/touched=1 "
      "--overwrite` binds them. Pods with open-in or open-out too many wait for their wave"));
  step.if_it_fails = {"The API server refuses the kind: run `policyconv migrate` again with its --kubernetes, or with "
                      "--admission kyverno.",
                      "Pods are refused: take the policy away (undo), look, and make the plan anew."};
  step.undo_commands = {fmt::format("kubectl delete --ignore-not-found -f {}", shell_word(step.file))};
}

/// With the admission policy in place every pod that is changed gets its final groups at once, also by this undoing.
void undo_enforce(Step& step, const Circumstances& about) {
  if (about.options.admission) step.undo_commands.push_back("kubectl delete --ignore-not-found -f 40-admission.yaml");
  step.undo_commands.push_back(apply_command(step.undo_file, true));
}

void enforce(Step& step, const Circumstances& about) {
  const bool leftovers = step.objects.bindings.front().groups.empty();
  step.title = leftovers ? fmt::format("Unbind {} that need no group any more", pods(step.objects.bindings.size()))
                         : fmt::format("Enforce: {} of {}", pods(step.objects.bindings.size()), some_of(step.namespaces));
  step.why = leftovers ? "An earlier run bound them, and no policy is about them now. Groups that nothing names any more can be "
                         "deleted afterwards, not before (K§3.4)."
                       : "The groups that opened both directions go where a policy isolates. What passes from here on passes "
                         "the objects; Cilium still enforces beside them.";
  step.commands = {apply_command(step.file, true)};
  step.checks = binding_checks(step);
  if (!leftovers)
    step.checks.push_back({fmt::format("kubectl get pods --namespace {}", shell_word(step.namespaces.front())),
                           "as ready as before: probes pass"});
  step.if_it_fails = {std::string(gone_pod),
                      "Something is closed that should not be: undo this step, which opens these pods again and leaves "
                      "Cilium's policies in force. `policyconv trace` tells which rule is missing."};
  if (about.options.admission)
    step.if_it_fails.push_back("Undoing takes the admission policy away. To go on, apply 40-admission.yaml first, and bind the "
                               "pods that `policyconv drift` names.");
  undo_enforce(step, about);
}

}  // namespace

std::string apply_command(std::string_view file, bool force) {
  return fmt::format("kubectl apply --server-side --field-manager={}{} -f {}", field_manager,
                     force ? " --force-conflicts" : "", shell_word(file));
}

void describe(Step& step, const Circumstances& about) {
  switch (step.kind) {
    case StepKind::Preconditions: return preconditions(step, about);
    case StepKind::EmptyGroups: return empty_groups(step, about);
    case StepKind::Groups: return groups(step, about);
    case StepKind::NodeAnchor: return node_anchor(step, about);
    case StepKind::SubnetAcls: return subnet_acls(step, about);
    case StepKind::Join: return join(step, about);
    case StepKind::Templates: return templates(step, about);
    case StepKind::Admission: return admission(step, about);
    case StepKind::Enforce: return enforce(step, about);
    case StepKind::Verify: return verify(step, about);
    case StepKind::RemovePolicies: return remove_policies(step, about);
    case StepKind::LeaveChaining: return leave_chaining(step, about);
    case StepKind::HoldAdmission:
    case StepKind::EditGroups:
    case StepKind::Rebind:
    case StepKind::RemoveGroups: return;  // of edits: edits.cpp has their words
  }
}

}  // namespace policyconv::plan
