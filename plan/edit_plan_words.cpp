// Entrance: describe_edits().
#include "plan/edit_plan_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "ir/shell.h"
#include "plan/describe.h"
#include "plan/describe_cilium.h"
#include "plan/edit_words.h"
#include "plan/print_markdown.h"
#include "plan/same.h"

namespace policyconv::plan {
namespace {

using kubeovn::Manifest;
using Names = std::vector<std::string>;

constexpr std::string_view previous_admission = "\"$PREVIOUS\"/40-admission.yaml";

bool is_empty(const Manifest& objects) {
  return objects.security_groups.empty() && objects.bindings.empty() && objects.subnets.empty() &&
         objects.templates.empty() && !objects.node_anchor;
}

Names names_of_groups(const Manifest& objects) {
  Names names;
  for (const kubeovn::SecurityGroup& group : objects.security_groups) names.push_back(group.name);
  return names;
}

std::string undo_apply(const Step& step) {
  return fmt::format("kubectl apply --server-side --field-manager={} --force-conflicts -f {}", field_manager,
                     shell_word(step.undo_file));
}

std::string delete_command(const Names& groups) {
  return fmt::format("kubectl delete --ignore-not-found security-groups.kubeovn.io {}", fmt::join(groups, " "));
}

class Describer {
 public:
  Describer(Plan& plan, const EditCircumstances& about) : plan_(plan), about_(about) {}

  void describe() {
    number();
    notes();
    for (Step& step : plan_.steps) {
      if (!is_empty(step.objects)) step.file = fmt::format("steps/{}.yaml", step.id);
      if (!is_empty(step.undo_objects)) step.undo_file = fmt::format("steps/{}.undo.yaml", step.id);
      if (!step.file.empty()) step.commands.push_back(apply_command(step.file, true));
      // What names a group goes before the group does.
      if (!step.undo_file.empty()) step.undo_commands.push_back(undo_apply(step));
      if (!step.undo_groups.empty()) step.undo_commands.push_back(delete_command(step.undo_groups));
      words(step);
    }
  }

 private:
  void number() {
    const std::size_t width = std::max<std::size_t>(2, std::to_string(plan_.steps.size()).size());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      std::string& word = plan_.steps[i].id;
      word = fmt::format("{:0{}}-{}{}{}", i, width, to_string(plan_.steps[i].kind), word.empty() ? "" : "-", word);
    }
  }

  void notes() {
    if (plan_.steps.empty())
      plan_.notes.push_back("Nothing is to be done: the objects of the earlier run say all of it.");
    const auto rebinds = [](const Step& step) {
      return step.kind == StepKind::HoldAdmission || step.kind == StepKind::Admission;
    };
    if (std::any_of(plan_.steps.begin(), plan_.steps.end(), rebinds))
      plan_.notes.push_back("`$PREVIOUS` is the directory that was given with --previous.");
    for (const auto& [name, pods] : about_.edits.unseen)
      plan_.notes.push_back(
          fmt::format("The earlier run bound {} to `{}`, which is removed, and the dump does not have {}.",
                      plain_name(first_of(pods)), name, pods.size() == 1 ? "that pod" : "these pods"));
  }

  void words(Step& step) {
    switch (step.kind) {
      case StepKind::Groups:
        return create(step);
      case StepKind::EditGroups:
        return rewrite(step);
      case StepKind::SubnetAcls:
        return subnet_acls(step);
      case StepKind::Rebind:
        return rebind(step);
      case StepKind::HoldAdmission:
        return hold(step);
      case StepKind::Admission:
        return admission(step);
      case StepKind::RemoveGroups:
        return remove(step);
      case StepKind::NodeAnchor:
      case StepKind::Templates:
        return as_in_a_migration(step);
      case StepKind::Preconditions:
      case StepKind::EmptyGroups:
      case StepKind::Join:
      case StepKind::Enforce:
      case StepKind::Verify:
      case StepKind::RemovePolicies:
      case StepKind::LeaveChaining:
        return;  // of a migration
    }
  }

  void as_in_a_migration(Step& step) {
    step.commands.clear();
    step.undo_commands.clear();
    plan::describe(step, {about_.next, about_.cluster, about_.options, {}, {}, {}, {}});
  }

  /// Kube-OVN's acknowledgement, for the groups of the step (K§1.4).
  void wait_for_revisions(Step& step) {
    kubeovn::OutputFile file{fmt::format("steps/{}.revisions.yaml", step.id), {}};
    Names lines;
    for (const kubeovn::SecurityGroup& group : step.objects.security_groups) {
      const kubeovn::Revision revision = kubeovn::revision_of(group, plan_.release);
      lines.push_back(fmt::format("{}: {} {}\n", group.name, revision.ingress, revision.egress));
    }
    std::sort(lines.begin(), lines.end());  // `comm` wants lines in order, and `-` comes before `:`
    for (const std::string& line : lines) file.text += line;
    step.checks.push_back(
        {fmt::format(
             "kubectl get security-groups -o jsonpath='{{range .items[*]}}{{.metadata.name}}: {{.status.ingressMd5}} "
             "{{.status.egressMd5}}{{\"\\n\"}}{{end}}' | LC_ALL=C sort | LC_ALL=C comm -13 - {}",
             shell_word(file.name)),
         "nothing; each line is a group that Kube-OVN has not programmed yet. Try again after a minute"});
    step.files.push_back(std::move(file));
  }

  void create(Step& step) {
    step.title = fmt::format("New groups: {}", first_of(names_of_groups(step.objects)));
    step.why =
        "No pod carries them yet, so nothing changes. A group that rules name as a peer has no rules at first: pods "
        "join "
        "it before it says anything.";
    if (!about_.stand_ins.empty())
      step.why += fmt::format(" {} stand in for groups that are going to be rewritten; the last step deletes them.",
                              count_of(about_.stand_ins.size(), "group"));
    wait_for_revisions(step);
    step.if_it_fails = {
        "Do not go on: a pod whose groups are not programmed is open (K§3.4). The log of kube-ovn-controller says "
        "what was refused."};
  }

  void rewrite(Step& step) {
    step.title = fmt::format("Rewrite {}", first_of(names_of_groups(step.objects)));
    step.why = "Kube-OVN deletes all rules of a direction before it inserts the new ones (K§2.6).";
    Names blips;
    for (const GroupEdit& edit : about_.edits.groups)
      for (const Direction direction : {Direction::Ingress, Direction::Egress}) blip(edit, direction, blips);
    if (about_.edits.make_before_break)
      step.why +=
          " The pods carry the old and the new rules in groups that stand in meanwhile, so none of them notices.";
    else if (blips.empty())
      step.why += " Here no pod notices: no rule that counts is in these directions, or no pod carries them.";
    else
      step.why += " What that means until the check below holds, a second or so for each group:\n\n" +
                  fmt::format("{}", fmt::join(blips, "\n"));
    wait_for_revisions(step);
    step.if_it_fails = {
        "A group that Kube-OVN refuses keeps its old rules (K§9.6): undo this step, or mend the group and apply it."};
  }

  void blip(const GroupEdit& edit, Direction direction, Names& blips) const {
    const auto at = static_cast<std::size_t>(direction);
    if (edit.pods.empty() || about_.edits.make_before_break || (!edit.closes[at] && !edit.lifts[at])) return;
    const char* what = edit.closes[at] && edit.lifts[at] ? "what it allows is closed, and what it alone denies is open"
                       : edit.closes[at]                 ? "what it allows is closed"
                                                         : "what it alone denies is open";
    blips.push_back(fmt::format("- `{}`, {}, {} ({}): {}", edit.name, to_string(direction),
                                count_of(edit.pods.size(), "pod"), plain_name(first_of(edit.pods)), what));
  }

  void subnet_acls(Step& step) {
    Names names;
    for (const kubeovn::SubnetPatch& patch : step.objects.subnets) names.push_back(plain_name(patch.subnet));
    step.title = fmt::format("ACLs of {}", first_of(names));
    step.why =
        "Rules for SCTP and types of ICMP. Kube-OVN takes all ACLs of the Subnet away before it puts the new ones in "
        "(K§5): for a moment what they allow is closed, and what they deny is as the groups have it.";
    step.checks = {
        {"kubectl get subnets -o jsonpath='{range .items[*]}{.metadata.name} "
         "{.status.conditions[?(@.type==\"SetLogicalSwitchAclsFailed\")].status}{\"\\n\"}{end}'",
         "names alone: `True` behind one means that its switch has no ACLs at all"}};
    step.if_it_fails = {"Undo this step; a bad entry leaves the switch without any ACL."};
  }

  void rebind(Step& step) {
    const std::string pods = count_of(step.objects.bindings.size(), "pod");
    const auto ends = [&](std::string_view word) { return step.id.ends_with(word); };
    if (ends("-join")) {
      step.title = fmt::format("Join groups that new rules name: {}", pods);
      step.why =
          "The groups have no rules yet, so this closes and opens nothing; from now on the pods are in their address "
          "sets.";
    } else if (ends("-stand-ins")) {
      step.title = fmt::format("Old and new rules side by side: {}", pods);
      step.why =
          "The rules of all groups of a pod are one list: what passes now passes the old or the new rules. An allow "
          "that "
          "was taken back still holds, and a deny that is new holds already.";
    } else if (ends("-final")) {
      step.title = fmt::format("New rules alone: {}", pods);
      step.why =
          "One change of an annotation takes a pod from its old rules to its new ones. Connections that are no longer "
          "allowed but established may go on passing every second packet (K§8.1); restart those pods if it matters.";
    } else {
      step.title = fmt::format("Leave groups that only old rules named: {}", pods);
      step.why = "No rule in force names them any more.";
    }
    const kubeovn::Binding& first = step.objects.bindings.front();
    if (first.provider == "ovn")
      step.checks = {
          {fmt::format("kubectl ko nbctl get logical_switch_port {} external_ids:security_groups",
                       shell_word(first.pod + "." + first.ns)),
           fmt::format("these names with `/` between them: {}. This is the first of {}",
                       first.groups.empty() ? "none" : plain_name(fmt::format("{}", fmt::join(first.groups, ","))),
                       pods)}};
    step.if_it_fails = {
        "`spec.containers: Required value` is about a pod that has gone since the dump; the others have been bound.",
        "A pod has the annotation and its port has not: kube-ovn-controller was not there when it changed (K§3.3). "
        "Take the annotation off and apply again."};
  }

  void hold(Step& step) {
    const auto patch = [](std::string_view kind, std::string_view path) {
      return fmt::format(
          "for policy in $(kubectl get {0} -l app.kubernetes.io/managed-by=policyconv -o name 2>/dev/null); do "
          "kubectl patch \"$policy\" --type=json -p "
          "'[{{\"op\":\"replace\",\"path\":\"{1}\",\"value\":[\"CREATE\"]}}]'; done",
          kind, path);
    };
    step.title = "Admission policies let running pods be";
    step.why =
        "They would put back the groups of the earlier run whenever a step changes a pod. New pods still get these "
        "groups "
        "when they are made; the step that brings the new policies sees to them. Do not change labels of pods "
        "meanwhile.";
    step.commands = {patch("mutatingadmissionpolicies", "/spec/matchConstraints/resourceRules/0/operations"),
                     patch("clusterpolicies.kyverno.io", "/spec/rules/0/match/any/0/resources/operations")};
    step.checks = {
        {"kubectl get mutatingadmissionpolicies -l app.kubernetes.io/managed-by=policyconv -o "
         "jsonpath='{.items[*].spec.matchConstraints.resourceRules[*].operations}'",
         "`[\"CREATE\"]` for each; with Kyverno look at the ClusterPolicies instead"}};
    step.if_it_fails = {"Undo this step."};
    step.undo_commands = {fmt::format("kubectl apply --server-side --field-manager={} --force-conflicts -f {}",
                                      field_manager, previous_admission)};
  }

  void admission(Step& step) {
    step.title = "New admission policies";
    step.why = "From now on pods get the new groups when they are made or changed.";
    step.commands = {apply_command(step.file, true)};
    step.checks = {
        {"kubectl get mutatingadmissionpolicies,mutatingadmissionpolicybindings -l "
         "app.kubernetes.io/managed-by=policyconv -o name",
         fmt::format("only names that {} has, too; delete the others. With Kyverno look at the ClusterPolicies",
                     step.file)},
        drift_check(
            "exit status 0. A pod that was made while this plan went on has the old groups: `kubectl annotate pod "
            "--namespace NS POD policyconv.io/touched=1 --overwrite` gives it the new ones")};
    step.if_it_fails = {"Do not delete any group before every pod has its new ones."};
    step.undo_commands = {fmt::format("kubectl apply --server-side --field-manager={} --force-conflicts -f {}",
                                      field_manager, previous_admission)};
    // Going back, running pods are bound by hand first.
    const auto held = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                                   [](const Step& each) { return each.kind == StepKind::HoldAdmission; });
    if (held != plan_.steps.end())
      step.undo_commands.insert(step.undo_commands.end(), held->commands.begin(), held->commands.end());
  }

  void remove(Step& step) {
    step.title = step.remove_groups.empty() ? std::string("The NetworkPolicy that let nodes in is not needed any more")
                                            : fmt::format("Delete {}", first_of(step.remove_groups));
    if (!step.remove_groups.empty()) {
      step.why =
          "No rule names them. A pod that still carried one would be closed, and later open (K§3.4), so look first.";
      kubeovn::OutputFile names{fmt::format("steps/{}.names", step.id),
                                fmt::format("{}\n", fmt::join(step.remove_groups, "\n"))};
      // A failed look must not count as one that found nothing.
      step.commands = {
          fmt::format("kubectl get pods --all-namespaces -o yaml > pods.yaml && ! grep -F -f {} pods.yaml && {}",
                      shell_word(names.name), delete_command(step.remove_groups))};
      step.files.push_back(std::move(names));
    }
    if (step.remove_anchor) {
      step.why += step.why.empty() ? "Kube-OVN's node rule goes with it (K§4.3)."
                                   : " The NetworkPolicy that kept Kube-OVN's node rule alive goes, too.";
      step.commands.push_back(
          "kubectl --namespace kube-system delete --ignore-not-found networkpolicy policyconv-node-anchor");
    }
    step.checks = {drift_check("exit status 0")};
    step.if_it_fails = {
        "A pod is listed: bind it anew (`30-bindings.yaml`, or touch it if there is an admission policy), and delete "
        "afterwards."};
  }

  Plan& plan_;
  const EditCircumstances& about_;
};

}  // namespace

const std::string_view edit_head = R"(# Plan: from the earlier run to this one

Only what differs is applied; `00-security-groups.yaml` and its siblings hold everything. Every step has commands, checks, what
to do if a check fails, and how to undo it. Commands run in the directory of this file. Take the steps in order and do not go on
before the checks of a step hold. `plan.json` says the same for programs.

**The promise.** At every moment each pod lets through, in each direction, what its old or its new rules say, in whatever order
the objects of a step are applied. Where a step says that it cannot keep this for a moment, it says for whom.
)";

const std::string_view edit_tail = R"(
## Back

Undo the steps backwards, beginning with the one you are at, each with its own *undo*.

## What can leak or blink

- **Established connections.** Where an allow is revoked, a connection that is established already goes on passing every second
  packet (1.13 and later, K§8.1); new ones are blocked. Restart the pods at the closed end when it must be certain.
- **Both ends.** Egress of one pod and ingress of another are two decisions. If an edit opens the one and closes the other, the
  order in which Kube-OVN gets to them is nobody's promise, as it is with policies of Kubernetes.
- **A controller that was down** when an annotation changed has not seen the change (K§3.3): take the annotation off and apply
  the step again.
)";

void describe_edits(Plan& plan, const EditCircumstances& about) {
  Describer(plan, about).describe();
}

}  // namespace policyconv::plan
