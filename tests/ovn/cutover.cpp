#include "tests/ovn/cutover.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "backends/kubeovn/print.h"
#include "frontend/parse.h"

namespace policyconv::real_ovn {
namespace {

using kubeovn::Manifest;

/// What kubectl is given; pod templates are no matter of Kube-OVN's.
std::vector<std::string> yaml_of(Manifest objects, const Catalog& catalog) {
  objects.templates.clear();
  std::vector<std::string> texts;
  for (kubeovn::OutputFile& file : kubeovn::print(objects, catalog)) texts.push_back(std::move(file.text));
  return texts;
}

/// Port groups on their way from one state to the other: each port has come to some of its groups, in any order,
/// because the queue of groups holds each only once; and deny-all is the matter of another queue (K§3.5).
Members between(const Members& before, const Members& after, std::mt19937& random) {
  const auto chance = [&] { return random() % 2 == 0; };
  Members members;
  std::set<PodName> pods;
  for (const Members* each : {&before, &after})
    for (const auto& [pod, groups] : each->groups) pods.insert(pod);
  for (const PodName& pod : pods) {
    const auto groups_in = [&](const Members& in) {
      const auto at = in.groups.find(pod);
      return at == in.groups.end() ? std::set<std::string>() : at->second;
    };
    const std::set<std::string> old = groups_in(before), later = groups_in(after);
    std::set<std::string>& groups = members.groups[pod];
    for (const std::set<std::string>* each : {&old, &later})
      for (const std::string& group : *each)
        if (old.contains(group) == later.contains(group) || chance()) groups.insert(group);
    if ((chance() ? before : after).isolated.contains(pod)) members.isolated.insert(pod);
  }
  return members;
}

}  // namespace

PolicySet::PolicySet(const cilium::Policies& own, const plan::Plan& plan) : all(own) {
  cilium::Policies added;
  for (const plan::Step& step : plan.steps)
    if (step.kind == plan::StepKind::RemovePolicies)
      for (const kubeovn::OutputFile& file : step.files) {
        Sources sources;
        Diagnostics diagnostics;
        const std::array<std::uint32_t, 1> read{sources.add(file.name, file.text)};
        added = cilium::parse_policies(sources, read, {}, diagnostics);
        if (diagnostics.has_errors() || added.policies.empty()) throw std::runtime_error(file.name + " is no policy");
      }
  const auto append = [&](auto& to, const auto& more) {
    temporary.insert(temporary.end(), to.size(), false);
    temporary.insert(temporary.end(), more.size(), true);
    to.insert(to.end(), more.begin(), more.end());
  };
  append(all.policies, added.policies);
  append(all.network_policies, added.network_policies);
}

cilium::Policies PolicySet::remaining(const std::vector<bool>& present) const {
  cilium::Policies left = all;
  std::size_t i = 0;
  std::erase_if(left.policies, [&](const cilium::Policy&) { return !present[i++]; });
  std::erase_if(left.network_policies, [&](const cilium::NetworkPolicy&) { return !present[i++]; });
  return left;
}

std::vector<bool> PolicySet::at_first() const {
  std::vector<bool> present = temporary;
  present.flip();
  return present;
}

Walk::Walk(const Cluster& cluster, const PolicySet& policies, int minor, std::size_t most, std::mt19937& random,
           Look look)
    : policies_(policies),
      most_(most),
      random_(random),
      look_(std::move(look)),
      now_{"before", Controller(minor, cluster), {}, {}, policies.at_first()} {}

void Walk::forward(const plan::Step& step) {
  std::vector<Act> acts;
  add(step.objects, acts);
  for (const std::string& group : step.remove_groups)
    acts.push_back({[group](Moment& moment) { moment.controller.remove_group(group); }});
  if (step.remove_anchor) acts.push_back({[](Moment& moment) { moment.controller.remove_network_policy(); }});
  run(step.id, std::move(acts));
  if (step.kind == plan::StepKind::RemovePolicies) change_policies(false, step.id);
}

void Walk::back(const plan::Step& step) {
  std::vector<Act> acts;
  if (step.kind == plan::StepKind::RemovePolicies) change_policies(true, "undo " + step.id);
  add(step.undo_objects, acts);
  for (const std::string& group : step.undo_groups)
    acts.push_back({[group](Moment& moment) { moment.controller.remove_group(group); }});
  if (step.undo_anchor) acts.push_back({[](Moment& moment) { moment.controller.remove_network_policy(); }});
  run("undo " + step.id, std::move(acts));
}

/// They go or come one by one, between the first and the last command.
void Walk::change_policies(bool present, const std::string& step) {
  const auto mark = [&](bool temporary, bool as) {
    std::vector<Act> acts;
    for (std::size_t i = 0; i < policies_.temporary.size(); ++i)
      if (policies_.temporary[i] == temporary) acts.push_back({[i, as](Moment& moment) { moment.policies[i] = as; }});
    run(step, std::move(acts));
  };
  mark(true, true);
  mark(false, present);
  mark(true, false);
}

/// One act for each object, which is printed and applied by itself.
void Walk::add(const Manifest& objects, std::vector<Act>& acts) const {
  const auto apply = [&](const Manifest& one, std::string rewrites = {}) {
    const auto texts = yaml_of(one, policies_.all.catalog);
    acts.push_back({[texts](Moment& moment) {
                      for (const std::string& text : texts) moment.controller.apply(text);
                    },
                    std::move(rewrites)});
  };
  Manifest one;
  one.release = objects.release;
  const auto each = [&](const auto& list, auto field, auto rewrites) {
    for (const auto& object : list) {
      Manifest alone = one;
      (alone.*field).push_back(object);
      apply(alone, rewrites(object));
    }
  };
  const auto nothing = [](const auto&) { return std::string(); };
  each(objects.security_groups, &Manifest::security_groups, [](const auto& group) { return group.name; });
  each(objects.subnets, &Manifest::subnets, nothing);
  each(objects.bindings, &Manifest::bindings, nothing);
  if (objects.node_anchor) {
    Manifest alone = one;
    alone.node_anchor = true;
    apply(alone);
  }
}

void Walk::run(const std::string& step, std::vector<Act> acts) {
  for (std::size_t i = acts.size(); i > 1; --i) std::swap(acts[i - 1], acts[below(i)]);
  std::set<std::size_t> shown;
  while (shown.size() < std::min(most_, acts.size())) shown.insert(below(acts.size()));
  const Moment before = now_;
  const std::size_t stop = acts.empty() ? 0 : 1 + below(acts.size());
  for (std::size_t i = 0; i < acts.size(); ++i) {
    const bool known = now_.controller.has_group(acts[i].rewrites);
    acts[i].happen(now_);
    now_.members = now_.controller.members();
    now_.end = i + 1 == acts.size();
    now_.where = fmt::format("{}, {} of {}", step, i + 1, acts.size());
    if (shown.contains(i) || now_.end) look_(now_);
    if (i + 1 == stop) look_at_queues(before, now_);
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      if (!known || !shown.contains(i)) continue;
      Moment rewriting = now_;
      rewriting.where += fmt::format(", {} of {} rewritten", to_string(direction), acts[i].rewrites);
      rewriting.rewriting = {acts[i].rewrites, direction};
      rewriting.settled = rewriting.end = false;
      look_(rewriting);
    }
  }
}

void Walk::look_at_queues(const Moment& before, const Moment& after) {
  if (before.members.groups == after.members.groups) return;
  for (int i = 0; i < 2; ++i) {
    Moment moment = after;
    moment.where += ", queues not empty";
    moment.members = between(before.members, after.members, random_);
    moment.settled = moment.end = false;
    look_(moment);
  }
}

}  // namespace policyconv::real_ovn
