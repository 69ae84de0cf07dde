// The plan: what is in force at each of its moments against what both ends of it promise, and what it tells people and
// programs.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "plan/plan.h"
#include "tests/compile.h"
#include "tests/mutations.h"
#include "tests/report_formats.h"
#include "tests/reported.h"

using namespace policyconv;
using mutations::Migrated;
using mutations::Random;

namespace {

// --- moments ---------------------------------------------------------------------------------------------------------

/// The objects of a step one by one.
std::vector<kubeovn::Manifest> single_objects(const kubeovn::Manifest& objects) {
  std::vector<kubeovn::Manifest> all;
  const auto add = [&]() -> kubeovn::Manifest& { return all.emplace_back(plan::before(objects)); };
  for (const auto& each : objects.security_groups) add().security_groups = {each};
  for (const auto& each : objects.subnets) add().subnets = {each};
  for (const auto& each : objects.bindings) add().bindings = {each};
  for (const auto& each : objects.templates) add().templates = {each};
  if (objects.node_anchor) add().node_anchor = true;
  return all;
}

/// A packet, and what both ends of the plan say about it.
struct Question {
  verify::Asked asked;
  bool by_policies = false;  // passes with Cilium's policies
  char at_end = 'd';         // as Judges::objects()
};

std::vector<Question> questions(const Migrated& migrated, std::size_t most, Random& random) {
  const Cluster& cluster = migrated.input->cluster;
  const verify::Space space(migrated.input->policies, migrated.semantics, migrated.manifest, cluster, 1);
  const verify::Judges judges(migrated.input->policies, cluster, migrated.semantics, migrated.manifest);
  const verify::Probes probes = verify::probes(migrated.manifest, migrated.asked);
  const auto& ends = space.ends();
  std::vector<Question> all;
  const auto one_of = [&](const auto& list) { return list[random() % list.size()]; };
  for (std::size_t tries = 0; tries < 20 * most && all.size() < most; ++tries) {
    const std::size_t a = random() % ends.size(), b = random() % ends.size();
    const Family family = random() % 2 == 0 ? Family::V4 : Family::V6;
    if (!space.meet(a, b, family)) continue;
    const auto senders = verify::members(ends[a]), receivers = verify::members(ends[b]);
    if (senders.empty() || receivers.empty()) continue;
    const verify::End from = one_of(senders), to = one_of(receivers);
    if (!verify::fits(cluster, ends[a], from, ends[b], to)) continue;
    const auto [protocol, port] = one_of(probes);
    if (protocol == (family == Family::V4 ? Protocol::Icmp6 : Protocol::Icmp)) continue;
    if (verify::address_of(cluster, from, family) == nullptr || verify::address_of(cluster, to, family) == nullptr) continue;
    const verify::Asked asked{{from, to, protocol, port}, verify::packet_of(cluster, from, to, family, protocol, port)};
    all.push_back({asked, judges.policies_pass(asked.flow), judges.objects(asked.packet)});
  }
  return all;
}

struct Tally {
  std::size_t plans = 0, moments = 0, packets = 0, closed = 0, loose = 0, not_undone = 0, closable = 0;
};

class Walk {
 public:
  /// `quiet`: of plans that are wrong on purpose.
  Walk(const Migrated& migrated, const plan::Plan& plan, Random& random, Tally& tally, bool quiet = false)
      : migrated_(migrated), plan_(plan), random_(random), tally_(tally), quiet_(quiet), state_(plan::before(migrated.manifest)) {
    questions_ = questions(migrated, 250, random);
  }

  /// There, and back again.
  void run() {
    ++tally_.plans;
    std::vector<kubeovn::Manifest> states;
    for (const plan::Step& step : plan_.steps) {
      states.push_back(state_);
      enforced_ |= step.kind == plan::StepKind::Verify;
      if (step.kind == plan::StepKind::RemovePolicies) remove_policies(step);
      take(step.id, single_objects(step.objects));
      plan::apply(step, state_);
      look(step.id);
    }
    for (std::size_t i = plan_.steps.size(); i-- > 0;) {
      const plan::Step& step = plan_.steps[i];
      if (step.kind == plan::StepKind::RemovePolicies) cilium_ = true;
      const std::vector<kubeovn::Manifest> objects = single_objects(step.undo_objects);
      enforced_ &= objects.empty();
      take(step.id + " undone", objects);
      plan::undo(step, state_);
      look(step.id + " undone");
      if (effect(state_) == effect(states[i])) continue;
      ++tally_.not_undone;
      if (!quiet_) FAIL_CHECK(migrated_.name << ": after undoing " << step.id << " the cluster is\n" << effect(state_) << "and was\n" << effect(states[i]));
    }
  }

 private:
  // In any order, looking in between.
  void take(const std::string& where, std::vector<kubeovn::Manifest> objects) {
    std::shuffle(objects.begin(), objects.end(), random_);
    const std::size_t looks = std::min<std::size_t>(3, objects.size());
    for (std::size_t i = 0; i < objects.size(); ++i) {
      plan::apply(objects[i], state_);
      if (random_() % objects.size() < looks) look(where + fmt::format(", {} of {}", i + 1, objects.size()));
    }
  }

  void look(const std::string& where) {
    ++tally_.moments;
    const verify::Judges judges(migrated_.input->policies, migrated_.input->cluster, migrated_.semantics, state_);
    for (const Question& question : questions_) {
      ++tally_.packets;
      const char now = judges.objects(question.asked.packet);
      if (question.at_end == 'd') ++tally_.closable;
      // What passes both before and afterwards passes at any time.
      if (question.by_policies && question.at_end == 'a' && now != 'a') ++tally_.closed, complain("CLOSED", where, question);
      // Once nothing is left to be bound the objects alone are what the plan leads to.
      if ((enforced_ || !cilium_) && question.at_end != now) ++tally_.loose, complain("DIFFERENT", where, question);
    }
  }

  // The policies go one by one; the objects decide. `passes` is what Cilium lets through of what is left.
  void remove_policies(const plan::Step& step) {
    conformance::Input more;
    const std::array<std::uint32_t, 1> file{more.sources.add("allow-all.yaml", step.files.empty() ? "" : step.files.front().text)};
    cilium::ParseOptions options;
    options.semantics = migrated_.semantics;
    const cilium::Policies allow_all = cilium::parse_policies(more.sources, file, options, more.diagnostics);
    REQUIRE_FALSE(more.diagnostics.has_errors());
    cilium::Policies left = migrated_.input->policies;
    const std::size_t policies = left.policies.size(), network_policies = left.network_policies.size();
    left.policies.insert(left.policies.end(), allow_all.policies.begin(), allow_all.policies.end());
    left.network_policies.insert(left.network_policies.end(), allow_all.network_policies.begin(), allow_all.network_policies.end());
    std::vector<std::size_t> order(policies + network_policies);
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random_);
    for (const std::size_t i : order) {
      if (i < policies) left.policies[i].rejected = "gone";
      else left.network_policies[i - policies].rejected = "gone";
      const verify::SourceMeaning cilium(left, migrated_.input->cluster, migrated_.semantics);
      ++tally_.moments;
      for (const Question& question : questions_) {
        ++tally_.packets;
        if (!question.by_policies || question.at_end != 'a' || cilium.decide(question.asked.flow) == Verdict::Allow) continue;
        ++tally_.closed;
        complain("CLOSED", "policies go", question);
      }
    }
    cilium_ = false;
  }

  /// What the API server would say of the objects of the plan.
  [[nodiscard]] std::string effect(const kubeovn::Manifest& state) const {
    std::string text = state.node_anchor ? "anchor\n" : "";
    for (const kubeovn::SecurityGroup& group : state.security_groups)
      text += group.name + "\n" + testing::text_of(group.ingress) + testing::text_of(group.egress);
    for (const kubeovn::SubnetPatch& wanted : migrated_.manifest.subnets) {
      text += wanted.subnet + "\n";
      const auto at = std::find_if(state.subnets.begin(), state.subnets.end(), [&](const auto& each) { return each.subnet == wanted.subnet; });
      for (const ExistingAcl& acl : at == state.subnets.end() ? wanted.before : at->kept) text += acl.match + " " + acl.action + "\n";
      if (at != state.subnets.end())
        for (const kubeovn::SubnetAcl& acl : at->acls) text += acl.match + "\n";
    }
    for (const kubeovn::Binding& wanted : migrated_.manifest.bindings) {
      const auto at = std::find_if(state.bindings.begin(), state.bindings.end(), [&](const auto& each) { return each.ns == wanted.ns && each.pod == wanted.pod; });
      text += fmt::format("{}/{} {}\n", wanted.ns, wanted.pod,
                          at == state.bindings.end() ? wanted.before.value_or("") : fmt::format("{}", fmt::join(at->groups, ",")));
    }
    return text;
  }

  void complain(const std::string& what, const std::string& where, const Question& question) const {
    const Cluster& cluster = migrated_.input->cluster;
    if (quiet_ || tally_.closed + tally_.loose > 15) return;
    const verify::Flow& flow = question.asked.flow;
    FAIL_CHECK(what << " " << migrated_.name << " at " << where << ": " << to_string(cluster, flow.from) << " -> "
                    << to_string(cluster, flow.to) << " " << to_string(flow.protocol) << "/" << flow.port);
  }

  const Migrated& migrated_;
  const plan::Plan& plan_;
  Random& random_;
  Tally& tally_;
  const bool quiet_;
  kubeovn::Manifest state_;
  std::vector<Question> questions_;
  bool enforced_ = false, cilium_ = true;
};

std::vector<std::string> namespaces_of_network_policies(const cilium::Policies& policies) {
  std::set<std::string> namespaces;
  for (const cilium::NetworkPolicy& policy : policies.network_policies) namespaces.insert(policy.ns);
  return {namespaces.begin(), namespaces.end()};
}

bool says_that_ranges_are_missing(const plan::Plan& plan) {
  return std::any_of(plan.notes.begin(), plan.notes.end(),
                     [](const std::string& note) { return note.starts_with("The dump does not tell the ranges"); });
}

}  // namespace

TEST_CASE("at no moment of a plan is anything closed that stays open, or open that stays closed") {
  Random random(7);
  Tally tally;
  for (const Migrated& migrated : mutations::victims()) {
    plan::Options options;
    options.admission = random() % 2 == 0;
    for (const kubeovn::Binding& binding : migrated.manifest.bindings)
      if (random() % 3 == 0) options.waves = {{binding.ns, "default"}};
    options.network_policies = namespaces_of_network_policies(migrated.input->policies);
    const plan::Plan made = plan::make(migrated.manifest, migrated.input->cluster, options);
    CHECK_FALSE(says_that_ranges_are_missing(made));
    Walk(migrated, made, random, tally).run();
  }
  WARN(tally.plans << " plans, " << tally.moments << " moments, " << tally.packets << " packets (" << tally.closable
                   << " closed in the end): " << tally.closed << " closed on the way, " << tally.loose << " different, "
                   << tally.not_undone << " steps not undone");
  CHECK(tally.plans > 50);
  CHECK(tally.closable > 1000);
  CHECK(tally.closed == 0);
  CHECK(tally.loose == 0);
  CHECK(tally.not_undone == 0);
}

namespace {

Migrated migrated(const std::string& policies, const std::string& cluster) {
  Migrated made;
  made.name = "small";
  *made.input = conformance::read({"small", cluster, policies, {}, {}});
  made.semantics = conformance::semantics();
  made.migrate(16);
  return made;
}

kubeovn::SecurityGroup helper(const std::string& name, kubeovn::Role role) {
  kubeovn::SecurityGroup group;
  group.name = name;
  group.vpc = "v";
  group.role = role;
  return group;
}

const plan::Step* find(const plan::Plan& plan, plan::StepKind kind) {
  const auto at = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& step) { return step.kind == kind; });
  return at == plan.steps.end() ? nullptr : &*at;
}

std::vector<std::string> ids_of(const plan::Plan& plan) {
  std::vector<std::string> ids;
  for (const plan::Step& step : plan.steps) ids.push_back(step.id);
  return ids;
}

/// Each of two pods lets the other in, and nobody else; the first by two policies.
const std::string two_policies = testing::cnp(R"(  endpointSelector: {matchLabels: {app: web}}
  ingress: [{fromEndpoints: [{matchLabels: {app: db}}]}])", "one") +
                                 testing::cnp(R"(  endpointSelector: {matchLabels: {app: web}}
  ingress: [{fromEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: ops}}]}])", "two") +
                                 testing::cnp(R"(  endpointSelector: {matchLabels: {app: db}}
  ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}])", "three");

}  // namespace

TEST_CASE("the walk sees what a wrong order closes") {
  Random random(8);
  const Migrated victim = migrated(two_policies, testing::small_cluster);
  const plan::Plan right = plan::make(victim.manifest, victim.input->cluster, {});
  Tally tally;
  for (int i = 0; i < 20; ++i) Walk(victim, right, random, tally).run();
  CHECK(tally.closed == 0);

  SECTION("without Join a pod does not find its peers in the address sets") {
    plan::Plan wrong = right;
    for (plan::Step& step : wrong.steps) {
      if (step.kind == plan::StepKind::Join) step.objects.bindings.clear();
      if (step.kind == plan::StepKind::Enforce) step.undo_objects.bindings.clear();
    }
    for (int i = 0; i < 20; ++i) Walk(victim, wrong, random, tally, true).run();
    CHECK(tally.closed > 0);
  }
  SECTION("without a policy that allows all, the first policy that goes takes its allows from a pod that the second isolates") {
    plan::Plan wrong = right;
    for (plan::Step& step : wrong.steps) step.files.clear();
    for (int i = 0; i < 20; ++i) Walk(victim, wrong, random, tally, true).run();
    CHECK(tally.closed > 0);
  }
}

TEST_CASE("where the cluster's ranges are not known, a deny by address may close peers that have not joined, and the plan says so") {
  const std::string cluster = R"(apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
- {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, status: {podIPs: [{ip: 10.16.0.5}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, status: {podIPs: [{ip: 10.16.0.6}]}}
)";
  const std::string policy = testing::cnp(R"(  endpointSelector: {matchLabels: {app: web}}
  ingressDeny: [{fromCIDR: [10.0.0.0/8]}]
  ingress: [{fromEndpoints: [{matchLabels: {app: db}}]}])");
  Random random(9);
  Tally tally;
  const Migrated victim = migrated(policy, cluster);
  REQUIRE(victim.manifest.bindings.size() == 2);
  const plan::Plan made = plan::make(victim.manifest, victim.input->cluster, {});
  for (int i = 0; i < 20; ++i) Walk(victim, made, random, tally, true).run();
  CHECK(tally.closed > 0);
  CHECK(tally.loose == 0);
  CHECK(says_that_ranges_are_missing(made));
}

TEST_CASE("groups that name each other are made empty first, unless they are there already (K§9.28)") {
  Migrated victim = migrated(two_policies, testing::small_cluster);
  const plan::Plan made = plan::make(victim.manifest, victim.input->cluster, {});
  const plan::Step* empty = find(made, plan::StepKind::EmptyGroups);
  REQUIRE(empty != nullptr);
  CHECK(empty->objects.security_groups.size() == 2);
  for (const kubeovn::SecurityGroup& group : empty->objects.security_groups) {
    CHECK((group.ingress.empty() && group.egress.empty()));
    victim.input->cluster.security_groups.push_back({group.name, true, {}});
  }
  const plan::Plan again = plan::make(victim.manifest, victim.input->cluster, {});
  CHECK(find(again, plan::StepKind::EmptyGroups) == nullptr);
  CHECK(find(again, plan::StepKind::Groups)->undo_groups.size() == victim.manifest.security_groups.size() - 2);
}

TEST_CASE("waves go in the order asked for, the rest by name and kube-system last") {
  kubeovn::Manifest manifest;
  manifest.security_groups.push_back(helper("pc-base-x", kubeovn::Role::Base));
  manifest.security_groups.push_back(helper("pc-open-in-x", kubeovn::Role::OpenIn));
  manifest.security_groups.push_back(helper("pc-open-out-x", kubeovn::Role::OpenOut));
  for (const char* ns : {"a", "b", "kube-system", "z"}) manifest.bindings.push_back({ns, "p", {"pc-base-x"}});
  manifest.bindings.push_back({"z", "both", {"theirs", "pc-base-x"}, "ovn", "theirs"});
  manifest.bindings.push_back({"z", "old", {}, "ovn", "pc-base-x, b"});
  plan::Options options;
  options.admission = true;
  options.waves = {{"z", "b"}, {"nobody", "b"}};
  const plan::Plan made = plan::make(manifest, {}, options);
  CHECK(ids_of(made) ==
        std::vector<std::string>{"00-preconditions", "01-groups", "02-join-b-and-1-more", "03-join-a", "04-join-kube-system",
                                 "05-join-beside-others", "06-admission", "07-enforce-b-and-1-more", "08-enforce-a",
                                 "09-enforce-kube-system", "10-enforce-leftovers", "11-verify", "12-remove-policies",
                                 "13-leave-chaining"});
  CHECK(made.steps[2].objects.bindings.front().groups == std::vector<std::string>{"pc-open-in-x", "pc-open-out-x", "pc-base-x"});
  CHECK(made.steps[5].objects.bindings.front().groups == std::vector<std::string>{"theirs", "pc-base-x"});
  CHECK(made.steps[5].undo_objects.bindings.front().groups == std::vector<std::string>{"theirs"});
  CHECK(made.steps[10].undo_objects.bindings.front().groups == std::vector<std::string>{"pc-base-x", " b"});
  CHECK(made.steps[7].undo_commands.front() == "kubectl delete --ignore-not-found -f 40-admission.yaml");
  CHECK(std::any_of(made.notes.begin(), made.notes.end(), [](const std::string& note) { return note.ends_with("no pod to bind: nobody."); }));
}

TEST_CASE("templates come before Enforce where nothing else binds new pods, and are optional where something does") {
  kubeovn::Manifest manifest;
  manifest.security_groups.push_back(helper("pc-base-x", kubeovn::Role::Base));
  manifest.security_groups.push_back(helper("pc-open-in-x", kubeovn::Role::OpenIn));
  manifest.bindings.push_back({"a", "p", {"pc-base-x"}});
  manifest.templates.push_back({"apps/v1", "Deployment", "a", "d", {"pc-base-x"}});
  const plan::Plan bare = plan::make(manifest, {}, {});
  CHECK(ids_of(bare) == std::vector<std::string>{"00-preconditions", "01-groups", "02-join-a", "03-templates", "04-enforce-a",
                                                 "05-verify", "06-remove-policies", "07-leave-chaining"});
  CHECK_FALSE(bare.steps[3].optional);
  plan::Options options;
  options.admission = true;
  const plan::Plan admitted = plan::make(manifest, {}, options);
  CHECK(ids_of(admitted) == std::vector<std::string>{"00-preconditions", "01-groups", "02-join-a", "03-admission", "04-enforce-a",
                                                     "05-verify", "06-remove-policies", "07-templates", "08-leave-chaining"});
  CHECK(admitted.steps[7].optional);
}

TEST_CASE("plan.json is as its schema says, the files of steps are all there, and 500 waves stay readable") {
  const testing::JsonSchema schema("docs/schemas/plan-1.schema.json", valijson::SchemaParser::kDraft7);
  const auto check = [&](const plan::Plan& made, const Catalog& catalog) {
    std::map<std::string, std::string> files;
    for (const kubeovn::OutputFile& file : plan::print(made, catalog)) {
      INFO(file.name);
      CHECK(kubeovn::is_output_name(file.name));
      CHECK(files.emplace(file.name, file.text).second);
    }
    const nlohmann::json json = nlohmann::json::parse(files.at("plan.json"));
    CHECK(schema.problem(json).empty());
    for (const plan::Step& step : made.steps)
      for (const std::string& name : {step.file, step.undo_file})
        if (name.starts_with("steps/")) CHECK(files.count(name) == 1);
    for (const auto& [name, text] : files)
      if (name.starts_with("steps/")) {
        INFO(name);
        CHECK(files.at("plan.json").find(name) != std::string::npos);
      }
    return files;
  };
  const Migrated shop = mutations::sample(POLICYCONV_SOURCE_DIR "/samples/shop");
  plan::Options options;
  options.policy_paths = {"my policies/", "it's", "-"};
  options.network_policies = {"shop"};
  const auto files = check(plan::make(shop.manifest, shop.input->cluster, options), shop.input->policies.catalog);
  CHECK(files.at("PLAN.md").find("--policies 'my policies/' --policies 'it'\\''s'") != std::string::npos);

  kubeovn::Manifest large;
  large.security_groups.push_back(helper("pc-base-x", kubeovn::Role::Base));
  large.security_groups.push_back(helper("pc-open-in-x", kubeovn::Role::OpenIn));
  for (int i = 0; i < 500; ++i) large.bindings.push_back({fmt::format("ns-{:03}", i), "p", {"pc-base-x"}});
  const auto many = check(plan::make(large, {}, options), {});
  const std::string& text = many.at("PLAN.md");
  CHECK(text.find("`0002-join-ns-000` to `0501-join-ns-499`") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') < 1400);
}
