// Entrance: make(). First what each step applies and undoes, then numbers and file names, then words.
#include "plan/plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <variant>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/kubeovn/dependency_order.h"
#include "backends/kubeovn/ownership.h"
#include "plan/allow_all.h"
#include "plan/describe.h"
#include "plan/describe_cilium.h"
#include "plan/print_markdown.h"
#include "plan/waves.h"
#include "yaml/writer.h"

namespace policyconv::plan {
namespace {

using kubeovn::Binding;
using kubeovn::Manifest;
using kubeovn::SecurityGroup;
using kubeovn::SubnetPatch;
using kubeovn::TemplateBinding;

/// Groups by name alone, which is what `kubectl delete -f` asks for.
std::string names_text(const std::vector<std::string>& groups) {
  yaml::Writer writer;
  for (const std::string& name : groups) {
    writer.begin_document("kubeovn.io/v1", "SecurityGroup");
    writer.block("metadata", {{"name", name}});
    writer.end_document();
  }
  return writer.take();
}

/// Blanks included, so that an annotation comes back as it was (K§3.1).
template <typename Bound>
std::vector<Bound> as_before(std::vector<Bound> bindings) {
  for (Bound& each : bindings) each.groups = kubeovn::groups_as_written(each.before.value_or(""));
  return bindings;
}

/// What the denies by address of a VPC cover in one direction, and what its helper group of that direction outranks them for.
struct ByAddress {
  std::set<Cidr> denied, opened;
  [[nodiscard]] bool closes(const Address& address) const {
    const auto covers = [&](const Cidr& cidr) { return contains(cidr, address); };
    return std::any_of(denied.begin(), denied.end(), covers) && std::none_of(opened.begin(), opened.end(), covers);
  }
};

void collect(const std::vector<kubeovn::SgRule>& rules, std::string_view band, std::set<Cidr>& into) {
  for (const kubeovn::SgRule& rule : rules)
    if (const auto* cidr = std::get_if<Cidr>(&rule.remote); cidr != nullptr && rule.band == band) into.insert(*cidr);
}

/// Is there a deny by address (band D2) that covers a pod, and no rule of the helper for the cluster's ranges (B') above it?
/// Then the pod is closed as a peer until it is in the address set that an allow names. The compiler has such rules unless
/// the dump does not tell the ranges.
bool closes_while_joining(const Manifest& manifest, const Cluster& cluster) {
  std::map<std::string_view, ByAddress> ingress, egress;  // by VPC
  std::map<std::string_view, std::string_view> vpc_of;    // by group
  for (const SecurityGroup& group : manifest.security_groups) {
    vpc_of.emplace(group.name, group.vpc);
    collect(group.ingress, "D2", ingress[group.vpc].denied);
    collect(group.egress, "D2", egress[group.vpc].denied);
    if (group.role == kubeovn::Role::OpenIn) collect(group.ingress, "B'", ingress[group.vpc].opened);
    if (group.role == kubeovn::Role::OpenOut) collect(group.egress, "B'", egress[group.vpc].opened);
  }
  return std::any_of(manifest.bindings.begin(), manifest.bindings.end(), [&](const Binding& binding) {
    const Pod* pod = cluster.find_pod(binding.ns, binding.pod);
    const auto vpc = binding.groups.empty() ? vpc_of.end() : vpc_of.find(binding.groups.back());
    return pod != nullptr && vpc != vpc_of.end() && std::any_of(pod->addresses.begin(), pod->addresses.end(), [&](const Address& each) {
      return ingress.at(vpc->second).closes(each) || egress.at(vpc->second).closes(each);
    });
  });
}

class Planner {
 public:
  Planner(const Manifest& manifest, const Cluster& cluster, const Options& options)
      : manifest_(manifest), cluster_(cluster), options_(options), waves_(waves_of(manifest, options.waves)) {
    plan_.release = manifest.release;
    plan_.changed = {manifest.node_anchor, manifest.subnets, manifest.bindings, manifest.templates};
    for (const SecurityGroup& group : manifest.security_groups) {
      plan_.revisions.emplace(group.name, kubeovn::revision_of(group, manifest.release));
      if (!exists(group.name)) plan_.new_groups.push_back(group.name);
    }
  }

  Plan make() {
    step(StepKind::Preconditions);
    groups();
    if (manifest_.node_anchor) node_anchor();
    if (!manifest_.subnets.empty()) subnet_acls();
    for (const Wave& wave : waves_.waves) bind(StepKind::Join, "", wave.namespaces, wave.joining, as_before(wave.joining));
    bind(StepKind::Join, "beside-others", {}, waves_.beside_others, as_before(waves_.beside_others));
    // New pods have to be in the address sets of their groups before anybody relies on those.
    if (!options_.admission) templates();
    if (options_.admission && !manifest_.security_groups.empty()) admission();
    for (const Wave& wave : waves_.waves) enforce(wave);
    bind(StepKind::Enforce, "leftovers", {}, waves_.leftovers, as_before(waves_.leftovers));
    step(StepKind::Verify);
    remove_policies();
    // With an admission policy the templates change nothing; but here pods are made anew anyway.
    if (options_.admission) templates();
    step(StepKind::LeaveChaining);
    number();
    name_files();
    notes();
    for (Step& each : plan_.steps) describe(each, about_);
    return std::move(plan_);
  }

 private:
  Step& step(StepKind kind) {
    Step& added = plan_.steps.emplace_back();
    added.kind = kind;
    added.objects = added.undo_objects = before(manifest_);
    return added;
  }

  [[nodiscard]] bool exists(const std::string& group) const {
    return std::ranges::binary_search(cluster_.security_groups, group, {}, &ExistingSecurityGroup::name);
  }

  // Emptying a group that exists would take the rules from pods that carry it; and what exists can be named.
  void groups() {
    if (manifest_.security_groups.empty()) return;
    std::vector<SecurityGroup> empty;
    for (const std::size_t at : kubeovn::dependency_order(manifest_.security_groups).in_circles) {
      SecurityGroup group = manifest_.security_groups[at];
      if (exists(group.name)) continue;
      group.ingress.clear();
      group.egress.clear();
      empty.push_back(std::move(group));
    }
    std::vector<std::string> emptied;
    for (const SecurityGroup& group : empty) emptied.push_back(group.name);
    std::sort(emptied.begin(), emptied.end());
    if (!empty.empty()) {
      Step& first = step(StepKind::EmptyGroups);
      first.objects.security_groups = empty;
      first.undo_groups = emptied;
    }
    Step& all = step(StepKind::Groups);
    all.objects.security_groups = manifest_.security_groups;
    all.undo_objects.security_groups = std::move(empty);
    std::set_difference(plan_.new_groups.begin(), plan_.new_groups.end(), emptied.begin(), emptied.end(),
                        std::back_inserter(all.undo_groups));
  }

  void node_anchor() {
    Step& added = step(StepKind::NodeAnchor);
    added.objects.node_anchor = added.undo_anchor = true;
  }

  void subnet_acls() {
    Step& added = step(StepKind::SubnetAcls);
    added.objects.subnets = manifest_.subnets;
    for (const SubnetPatch& patch : manifest_.subnets)
      added.undo_objects.subnets.push_back({patch.subnet, patch.before, {}, patch.before});
  }

  void bind(StepKind kind, std::string_view word, std::vector<std::string> namespaces, std::vector<Binding> objects,
            std::vector<Binding> undo) {
    if (objects.empty()) return;
    Step& added = step(kind);
    if (namespaces.empty())
      for (const Binding& binding : objects)
        if (namespaces.empty() || namespaces.back() != binding.ns) namespaces.push_back(binding.ns);
    added.id = word;
    added.namespaces = std::move(namespaces);
    added.objects.bindings = std::move(objects);
    added.undo_objects.bindings = std::move(undo);
  }

  void enforce(const Wave& wave) {
    std::vector<Binding> changed, joined;
    for (std::size_t i = 0; i < wave.enforced.size(); ++i)
      if (wave.enforced[i].groups != wave.joining[i].groups) {
        changed.push_back(wave.enforced[i]);
        joined.push_back(wave.joining[i]);
      }
    bind(StepKind::Enforce, "", wave.namespaces, std::move(changed), std::move(joined));
  }

  void templates() {
    if (manifest_.templates.empty()) return;
    Step& added = step(StepKind::Templates);
    added.optional = options_.admission;
    added.objects.templates = manifest_.templates;
    added.undo_objects.templates = as_before(manifest_.templates);
  }

  void admission() { step(StepKind::Admission).file = "40-admission.yaml"; }

  void remove_policies() {
    Step& added = step(StepKind::RemovePolicies);
    added.files.push_back({"allow-all.yaml", allow_all(options_.network_policies)});
  }

  // --- names -----------------------------------------------------------------------------------------------------------

  static std::string word_of(const Step& step) {
    if (!step.id.empty() || step.namespaces.empty()) return step.id;
    std::string word = step.namespaces.front();
    // A dump says what it likes; a file name does not.
    for (char& c : word)
      if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) c = '-';
    if (step.namespaces.size() > 1) word += fmt::format("-and-{}-more", step.namespaces.size() - 1);
    return word;
  }

  void number() {
    const std::size_t width = std::max<std::size_t>(2, std::to_string(plan_.steps.size() - 1).size());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      Step& step = plan_.steps[i];
      const std::string word = word_of(step);
      step.id = fmt::format("{:0{}}-{}{}{}", i, width, to_string(step.kind), word.empty() ? "" : "-", word);
    }
  }

  void name_files() {
    for (Step& step : plan_.steps) {
      const std::string own = "steps/" + step.id;
      switch (step.kind) {
        case StepKind::Groups: name_group_files(step, own); break;
        case StepKind::EmptyGroups: about_.empty_groups_file = step.file = own + ".yaml"; break;
        case StepKind::NodeAnchor: step.file = "20-node-anchor.yaml"; break;
        case StepKind::SubnetAcls:
          step.file = "10-subnet-acls.yaml";
          step.undo_file = own + ".undo.yaml";
          break;
        case StepKind::Templates:
          step.file = "31-templates.yaml";
          step.undo_file = own + ".undo.yaml";
          break;
        case StepKind::Join:
        case StepKind::Enforce:
          step.file = own + ".yaml";
          step.undo_file = own + ".undo.yaml";
          break;
        case StepKind::RemovePolicies:
          about_.allow_all_file = step.files.front().name = "steps/" + step.id + ".allow-all.yaml";
          break;
        case StepKind::Preconditions:
        case StepKind::Admission:
        case StepKind::Verify:
        case StepKind::LeaveChaining:
        case StepKind::HoldAdmission:  // of edits
        case StepKind::EditGroups:
        case StepKind::Rebind:
        case StepKind::RemoveGroups: break;
      }
    }
  }

  void name_group_files(Step& step, const std::string& own) {
    step.file = "00-security-groups.yaml";
    step.undo_file = about_.empty_groups_file;
    about_.revisions_file = own + ".revisions.yaml";
    std::set<std::string> lines;  // in the order of `LC_ALL=C sort`, which is not that of names
    for (const auto& [name, revision] : plan_.revisions)
      lines.insert(fmt::format("{}: {} {}\n", name, revision.ingress, revision.egress));
    step.files.push_back({about_.revisions_file, fmt::format("{}", fmt::join(lines, ""))});
    if (step.undo_groups.empty()) return;
    about_.delete_file = own + ".delete.yaml";
    step.files.push_back({about_.delete_file, names_text(step.undo_groups)});
  }

  // --- notes -----------------------------------------------------------------------------------------------------------

  void note(std::string text) { plan_.notes.push_back(std::move(text)); }

  void notes() {
    if (manifest_.bindings.empty())
      note("No pod is bound, for want of a dump: there are no steps that join and enforce. Give `--cluster` what `" +
           std::string(dump_command) + "` prints.");
    if (!manifest_.security_groups.empty() && !options_.admission && manifest_.templates.empty())
      note("Nothing binds pods that do not exist yet: a new pod is open once Cilium's policies have gone, and its peers do not "
           "know it. Do not go past the step `verify` without an admission policy or templates.");
    if (closes_while_joining(manifest_, cluster_))
      note("The dump does not tell the ranges of the cluster, for want of Subnets or Nodes. A deny by address then closes pods in "
           "it that have not joined yet, also where a policy lets them in: some of what passes before and afterwards may be "
           "closed while pods join. Make the plan from a complete dump.");
    if (!waves_.unknown.empty())
      note(fmt::format("Of the namespaces of --wave, these have no pod to bind: {}.",
                       plain_name(fmt::format("{}", fmt::join(waves_.unknown, ",")))));
    if (plan_.new_groups.size() != manifest_.security_groups.size())
      note(fmt::format("{} of the groups exist already. Undoing gives pods their annotations back, but those groups keep their new "
                       "rules; while they are rewritten, the pods that carry them are closed for a moment (K§2.6). If Cilium's "
                       "policies have gone already, this plan promises nothing: see `policyconv migrate --previous`.",
                       manifest_.security_groups.size() - plan_.new_groups.size()));
    if (!waves_.beside_others.empty())
      note(fmt::format("{} carry groups of others as well. They get their final groups when all others have joined; from then on "
                       "what either allows may pass.",
                       waves_.beside_others.size() == 1 ? "1 pod" : fmt::format("{} pods", waves_.beside_others.size())));
  }

  const Manifest& manifest_;
  const Cluster& cluster_;
  const Options& options_;
  const Waves waves_;
  Plan plan_;
  Circumstances about_{manifest_, cluster_, options_, {}, {}, {}, {}};
};

}  // namespace

Plan make(const Manifest& manifest, const Cluster& cluster, const Options& options) {
  return Planner(manifest, cluster, options).make();
}

}  // namespace policyconv::plan
