#include "plan/describe_cilium.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "ir/shell.h"

namespace policyconv::plan {
namespace {

constexpr std::string_view saved = "saved-policies.yaml";

/// Names of files and directories; what came from standard input or from kubectl has none.
std::vector<std::string> files_of(const Options& options) {
  std::vector<std::string> files;
  for (const std::string& path : options.policy_paths)
    if (path != "-") files.push_back(shell_word(path));
  return files;
}

std::string policies_arguments(const Options& options) {
  std::string arguments;
  for (const std::string& path : files_of(options)) arguments += " --policies " + path;
  return arguments.empty() ? fmt::format(" --policies {}", saved) : arguments;
}

std::string save_command(const Options& options) {
  return fmt::format(
      "kubectl get ciliumnetworkpolicies,ciliumclusterwidenetworkpolicies{} --all-namespaces "
      "--selector='app.kubernetes.io/managed-by!=policyconv' -o yaml > {}",
      options.network_policies.empty() ? "" : ",networkpolicies", saved);
}

/// The main files by name: what stands in `steps/` is on the way, and not where it leads.
std::string objects_arguments(const kubeovn::Manifest& manifest) {
  std::string arguments;
  const auto add = [&](bool is_there, std::string_view file) {
    if (is_there) arguments += fmt::format(" --objects {}", file);
  };
  add(!manifest.security_groups.empty(), "00-security-groups.yaml");
  add(!manifest.subnets.empty(), "10-subnet-acls.yaml");
  add(manifest.node_anchor, "20-node-anchor.yaml");
  add(!manifest.bindings.empty(), "30-bindings.yaml");
  return arguments;
}

/// From the first pod to the next one that has an address in the same family.
std::string traced(const Circumstances& about) {
  const Pod* from = nullptr;
  for (const kubeovn::Binding& binding : about.manifest.bindings) {
    const Pod* pod = about.cluster.find_pod(binding.ns, binding.pod);
    if (pod == nullptr || pod->addresses.empty()) continue;
    if (from == nullptr) {
      from = pod;
      continue;
    }
    return fmt::format("kubectl ko trace {}/{} {} tcp 80", from->ns, from->name, to_string(pod->addresses.front()));
  }
  return {};
}

}  // namespace

Check drift_check(std::string_view expect) {
  return {fmt::format("{} > now.yaml; policyconv drift --objects . --cluster now.yaml", dump_command), std::string(expect)};
}

void verify(Step& step, const Circumstances& about) {
  step.title = "Verify";
  step.why = "The last moment at which everything can be looked at while Cilium still enforces. What is found stricter here "
             "is stricter already; nothing can be looser before the next step.";
  step.commands = {save_command(about.options), std::string(dump_command) + " > now.yaml"};
  step.checks = {
      {"policyconv drift --objects . --cluster now.yaml", "exit status 0: every group is programmed and every pod bound"},
      {fmt::format("policyconv verify{}{} --cluster now.yaml", policies_arguments(about.options), objects_arguments(about.manifest)),
       "nothing but what the report of `policyconv migrate` says: exit status 0 or 3, never 4"},
      {"hubble observe --since 24h -o json > flows.json; policyconv replay flows.json" + policies_arguments(about.options) +
           objects_arguments(about.manifest) + " --cluster now.yaml",
       "no flow of the last day that would be dropped and matters to you"}};
  if (const std::string trace = traced(about); !trace.empty())
    step.checks.push_back({trace, "with a port of yours: what `policyconv trace` says of the same flow"});
  step.if_it_fails = {"Wait with the next step as long as you like: both systems enforce, and nothing is lost but time.",
                      "`policyconv trace` shows the rules that decide a flow on both sides."};
}

void remove_policies(Step& step, const Circumstances& about) {
  const std::string allow_all = shell_word(about.allow_all_file);
  step.title = "Remove the policies that were migrated";
  step.why = "Policies go one by one, and a pod that two of them select is isolated by the second when the first has taken its "
             "allows along. So a policy that allows everything comes first and goes last: the objects decide in between, and "
             "Cilium's denies as long as they are there.";
  // The policies were saved in the step before; to save them here would, the second time, save what is left of them.
  step.commands = {"kubectl apply -f " + allow_all,
                   "sleep 60  # every agent has to have it before the first policy goes"};
  const std::vector<std::string> files = files_of(about.options);
  for (const std::string& file : files) step.commands.push_back("kubectl delete --ignore-not-found --recursive -f " + file);
  if (files.empty()) step.commands.push_back(fmt::format("kubectl delete --ignore-not-found -f {}", saved));
  step.commands.push_back("kubectl delete --ignore-not-found -f " + allow_all);
  step.checks = {{"kubectl get ciliumnetworkpolicies,ciliumclusterwidenetworkpolicies --all-namespaces",
                  "none of those that were migrated"},
                 {"kubectl get networkpolicies --all-namespaces",
                  about.manifest.node_anchor ? "policyconv-node-anchor, and none that was migrated" : "none that was migrated"},
                 drift_check("exit status 0")};
  step.if_it_fails = {"Undo this step at once: the objects stay as they are, and Cilium enforces again beside them."};
  step.undo_commands = {"kubectl apply -f " + allow_all, "sleep 60  # as above, the other way round"};
  for (const std::string& file : files) step.undo_commands.push_back("kubectl apply --recursive -f " + file);
  if (files.empty()) step.undo_commands.push_back(fmt::format("kubectl create -f {}", saved));
  step.undo_commands.push_back("sleep 60  # Cilium has to enforce them before anything of Kube-OVN is undone");
  step.undo_commands.push_back("kubectl delete --ignore-not-found -f " + allow_all);
}

void leave_chaining(Step& step, const Circumstances& about) {
  step.title = "Leave chaining";
  step.why = "Cilium enforces nothing any more, but new pods still pass through its chain. This may wait for days: everything "
             "before it is undone in minutes, this takes a restart of every pod.";
  step.commands = {
      "kubectl -n kube-system edit deployment kube-ovn-controller  # --enable-lb=true, if chaining was set up with "
      "ENABLE_LB=false; and kube-proxy, if Cilium replaced it: first what takes over, then what goes",
      "kubectl -n kube-system edit daemonset kube-ovn-cni  # --cni-conf-name=01-kube-ovn.conflist: the kubelet takes the first "
      "file by name, and Cilium's is 05-cilium.conflist (K§7.3)",
      "kubectl -n kube-system rollout status daemonset/kube-ovn-cni"};
  if (about.options.admission && !about.manifest.templates.empty())
    step.commands.push_back(
        "kubectl get pods --all-namespaces -o wide  # pods that the step before has made anew need no further restart");
  step.commands.push_back("kubectl --namespace NS rollout restart deployment,statefulset,daemonset  # NS by NS: pods of the chain "
                          "keep Cilium's programs at their interface");
  step.commands.push_back("helm uninstall cilium --namespace kube-system  # or how it was installed; keep its values for the way "
                          "back");
  step.commands.push_back("kubectl -n kube-system delete --ignore-not-found configmap cni-configuration");
  step.commands.push_back("rm /etc/cni/net.d/05-cilium.conflist  # on every node");
  step.checks = {{"kubectl get ciliumendpoints --all-namespaces",
                  "after the restarts, before Cilium goes: no pod that was made anew"},
                 {"kubectl get pods --all-namespaces --field-selector=status.phase=Pending", "`No resources found`"},
                 drift_check("exit status 0: the new pods carry their groups")};
  step.if_it_fails = {"Pods do not start: the first file in /etc/cni/net.d of the node decides; look whether it is "
                      "01-kube-ovn.conflist.",
                      "Services do not answer: nobody translates their addresses yet. Objects allow the address of a Service "
                      "and its backends, so that it does not matter to them who does."};
  step.undo_commands = {
      "helm install cilium --namespace kube-system  # with its old values, and the ConfigMap cni-configuration",
      "kubectl -n kube-system edit daemonset kube-ovn-cni  # --cni-conf-name=10-kube-ovn.conflist",
      "kubectl --namespace NS rollout restart deployment,statefulset,daemonset  # NS by NS: Cilium knows a pod from its start on"};
}

}  // namespace policyconv::plan
