// Entrance: cel_policy(). No expression may fail, since a failure keeps pods from being made at all: every field is
// asked for with has() or `in` first. Texts are plain ASCII, lists and maps are of strings only, as Kubernetes wants
// them.
#include "backends/kubeovn/admission_cel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "backends/kubeovn/admission_objects.h"
#include "backends/kubeovn/admission_text.h"
#include "backends/kubeovn/vpc.h"

namespace policyconv::kubeovn {
namespace {

// What Multus takes for the default network in its place (K§3.1), as far as it can become the key of an annotation.
constexpr std::string_view default_network = "v1.multus-cni.io/default-network";
constexpr std::string_view attachment_names =
    "^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/"
    ")?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?([.][a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?(@[-a-z0-9.]*)?$";

std::string list_of(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(cel_string(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

/// Is the text `value` one of these?
std::string one_of(std::string_view value, const std::vector<std::string>& texts) {
  return texts.size() == 1 ? fmt::format("{} == {}", value, cel_string(texts.front()))
                           : fmt::format("{} in {}", value, list_of(texts));
}

std::string negated(const Term& term, const std::string& condition) {
  return term.op == ir::Op::NotIn || term.op == ir::Op::DoesNotExist ? fmt::format("!({})", condition) : condition;
}

std::string condition(const Term& term) {
  const auto label_of = [&](std::string_view labels) {
    const std::string key = cel_string(term.key), exists = fmt::format("{} in {}", key, labels);
    if (term.op == ir::Op::Exists || term.op == ir::Op::DoesNotExist) return negated(term, exists);
    return negated(term, fmt::format("{} && {}", exists, one_of(fmt::format("{}[{}]", labels, key), term.values)));
  };
  switch (term.source) {
    case LabelSource::Pod:
      return label_of("variables.labels");
    case LabelSource::NamespaceLabels:
      return label_of("variables.namespace_labels");
    case LabelSource::NamespaceName:
      return negated(term, one_of("request.namespace", term.values));
    case LabelSource::ServiceAccount:
      return negated(term, one_of("variables.account", term.values));
  }
  return {};
}

std::string text_of(const Item& item) {
  std::vector<std::string> conditions;
  for (const Term& term : item.terms) conditions.push_back(condition(term));
  if (item.port) conditions.push_back(fmt::format("{} in variables.ports", cel_string(port_text(*item.port))));
  const std::string text = cel_string(item.text);
  return conditions.empty() ? text : fmt::format("{} ? {} : \"\"", fmt::join(conditions, " && "), text);
}

class Variables {
 public:
  explicit Variables(const Share& share) : share_(share) {}
  std::vector<Variable> all;

  void add(std::string name, std::string expression) { all.push_back({std::move(name), std::move(expression)}); }

  void pod() {
    add("labels", "has(object.metadata.labels) ? object.metadata.labels : {}");
    add("annotations", "has(object.metadata.annotations) ? object.metadata.annotations : {}");
    add("namespace_annotations",
        "has(namespaceObject.metadata.annotations) ? namespaceObject.metadata.annotations : {}");
    add("namespace_labels", "has(namespaceObject.metadata.labels) ? namespaceObject.metadata.labels : {}");
    add("account",
        R"(has(object.spec.serviceAccountName) && object.spec.serviceAccountName != "" ? object.spec.serviceAccountName : "default")");
    // Joined and split again: a list of lists cannot be made flat.
    add("ports",
        R"((has(object.spec.containers) ? object.spec.containers : []).map(c, (has(c.ports) ? c.ports : []))"
        R"(.filter(p, has(p.name) && has(p.containerPort)))"
        R"(.map(p, p.name + "/" + (has(p.protocol) ? p.protocol : "TCP") + "/" + string(p.containerPort)).join(",")).join(",").split(","))");
  }

  /// As provider_of() reads it. What cannot be read is left at the default network, where it does no harm.
  void network() {
    add("network",
        fmt::format("{0} in variables.annotations ? variables.annotations[{0}] : \"\"", cel_string(default_network)));
    add("attachment", R"(variables.network.split("@")[0].split("/"))");
    add("provider",
        fmt::format(
            "variables.network.matches({}) ? variables.attachment[size(variables.attachment) - 1] + \".\" + "
            "(size(variables.attachment) == 2 ? variables.attachment[0] : request.namespace) + \".ovn\" : \"ovn\"",
            cel_string(attachment_names)));
    add("key", R"(variables.provider + ".kubernetes.io/security_groups")");
  }

  void vpc(const Shares& shares) {
    if (!share_.several_vpcs) return;
    add("switch", R"(variables.provider + ".kubernetes.io/logical_switch")");
    add("own_subnet",
        R"(variables.switch in variables.annotations ? variables.annotations[variables.switch].trim() : "")");
    add("subnet",
        "variables.own_subnet == \"\" && \"ovn.kubernetes.io/logical_switch\" in variables.namespace_annotations ? "
        "variables.namespace_annotations[\"ovn.kubernetes.io/logical_switch\"].split(\",\")[0].trim() : "
        "variables.own_subnet");
    found_in("homes", share_.homes, "request.namespace");
    found_in("places", shares.subnets(), "variables.subnet");
    // "" is no VPC's name: the Subnet is not known. What holds by default does so for the default network only.
    add("vpc", fmt::format("variables.own_subnet == \"\" && variables.provider != \"ovn\" ? \"\" : variables.subnet == "
                           "\"\" ? (size(variables.homes) > 0 ? variables.homes[0] : {}) : "
                           "size(variables.places) > 0 ? variables.places[0] : \"\"",
                           cel_string(default_vpc)));
  }

  void groups(const Shares& shares) {
    std::vector<std::string> names;
    for (const VpcItems& vpc : share_.vpcs) {
      std::vector<std::string> texts;
      for (const Item& item : vpc.items) texts.push_back(text_of(item));
      for (const std::vector<std::string>& part : in_parts(std::move(texts))) {
        std::string some = fmt::format("[{}].filter(n, n != \"\").join(\",\")", fmt::join(part, ", "));
        if (share_.several_vpcs)
          some = fmt::format("variables.vpc in [{}, \"\"] ? {} : \"\"", cel_string(vpc.vpc), some);
        names.push_back(fmt::format("variables.groups{}", names.size()));
        add(fmt::format("groups{}", names.size() - 1), std::move(some));
      }
    }
    if (names.empty()) names.emplace_back("\"\"");
    add("found",
        fmt::format("[{}].filter(n, n != \"\").join(\",\").split(\",\").filter(n, n != \"\")", fmt::join(names, ", ")));
    add("isolated_in", R"(variables.found.exists(n, n.contains(" in")))");
    add("isolated_out", R"(variables.found.exists(n, n.contains(" out")))");
    helpers();
    std::string ours =
        R"(size(variables.found) == 0 ? [] : (variables.found.map(n, n.split(" ")[0]) + [variables.helpers[0]] + )"
        R"([variables.isolated_in ? "" : variables.helpers[1]] + [variables.isolated_out ? "" : variables.helpers[2]]))"
        R"(.filter(n, n != ""))";
    if (share_.several_vpcs)
      ours = fmt::format(
          R"(variables.vpc == "" ? [variables.found.exists(n, n.contains(" ")) ? {} : ""].filter(n, n != "") : {})",
          cel_string(shares.closed()), ours);
    add("ours", std::move(ours));
  }

  void annotation() {
    add("now", R"(variables.key in variables.annotations ? variables.annotations[variables.key] : "")");
    add("named", R"(variables.now.split(",").map(n, n.trim()).filter(n, n != ""))");
    add("others", fmt::format("variables.named.filter(n, !n.matches({}))", cel_string(our_names)));
    // CEL counts in no other way. Longer lists keep their duplicates, which do no harm.
    add("upto", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]");
    add("theirs",
        "size(variables.others) > size(variables.upto) ? variables.others : "
        "variables.upto.filter(i, i < size(variables.others) && "
        "!variables.upto.exists(j, j < i && variables.others[j] == variables.others[i])).map(i, variables.others[i])");
    add("wanted", R"((variables.theirs + variables.ours).join(","))");
    add("changes",
        "(size(variables.ours) > 0 || size(variables.others) < size(variables.named)) && variables.wanted != "
        "variables.now");
  }

 private:
  /// The value of `key` among `pairs`, as a list of one or none.
  void found_in(std::string_view name, const std::map<std::string, std::string>& pairs, std::string_view key) {
    // An empty list would have elements of no type, of which nothing could be asked.
    if (pairs.empty()) return add(std::string(name), "[\"\"].filter(n, false)");
    std::vector<std::string> entries, names;
    for (const auto& [each, value] : pairs) entries.push_back(cel_string(each) + ": " + cel_string(value));
    for (const std::vector<std::string>& part : in_parts(std::move(entries))) {
      names.push_back(fmt::format("variables.{}{}", name, names.size()));
      add(fmt::format("{}{}", name, names.size() - 1), fmt::format("{{{}}}", fmt::join(part, ", ")));
    }
    add(std::string(name), fmt::format("[{0}].filter(m, {1} in m).map(m, m[{1}])", fmt::join(names, ", "), key));
  }

  void helpers() {
    std::map<std::string, std::string> lists;
    for (const VpcItems& vpc : share_.vpcs) lists[vpc.vpc] = fmt::format("{}", fmt::join(vpc.helpers, ","));
    if (!share_.several_vpcs)
      return add("helpers", cel_string(lists.empty() ? ",," : lists.begin()->second) + ".split(\",\")");
    found_in("roles", lists, "variables.vpc");
    add("helpers", R"((size(variables.roles) > 0 ? variables.roles[0] : ",,").split(","))");
  }

  const Share& share_;
};

void match(yaml::Writer& writer, const Share& share) {
  writer.key("matchConstraints");
  writer.begin_map();
  namespace_selector(writer, share);
  writer.key("resourceRules");
  writer.begin_list();
  writer.begin_map();
  text_list(writer, "apiGroups", {""});
  text_list(writer, "apiVersions", {"v1"});
  text_list(writer, "operations", {"CREATE", "UPDATE"});
  text_list(writer, "resources", {"pods"});
  writer.end_map();
  writer.end_list();
  writer.end_map();

  std::vector<Variable> conditions{
      {"has-a-network-of-its-own", "!has(object.spec.hostNetwork) || object.spec.hostNetwork != true"}};
  // As topology.cpp knows them; labels count in kube-system only.
  if (share.has("kube-system"))
    conditions.push_back(
        {"is-no-infrastructure",
         R"(request.namespace != "kube-system" || !has(object.metadata.labels) || !()"
         R"("app" in object.metadata.labels && (object.metadata.labels["app"].startsWith("vpc-nat-gw-") || )"
         R"(object.metadata.labels["app"].startsWith("vpc-egress-gateway")) || )"
         R"("ovn.kubernetes.io/vpc-nat-gw" in object.metadata.labels || )"
         R"("k8s-app" in object.metadata.labels && object.metadata.labels["k8s-app"].startsWith("vpc-dns")))"});
  expressions(writer, "matchConditions", conditions);
}

void mutation(yaml::Writer& writer) {
  writer.key("mutations");
  writer.begin_list();
  writer.begin_map();
  writer.pair("patchType", "JSONPatch");
  writer.key("jsonPatch");
  writer.begin_map();
  writer.json(
      "expression",
      R"(!variables.changes ? [] : has(object.metadata.annotations) ? )"
      R"([JSONPatch{op: "add", path: "/metadata/annotations/" + variables.key.replace("/", "~1"), value: variables.wanted}] : )"
      R"([JSONPatch{op: "add", path: "/metadata/annotations", value: {variables.key: variables.wanted}}])");
  writer.end_map();
  writer.end_map();
  writer.end_list();
}

}  // namespace

std::string cel_policy(const Share& share, const Shares& shares, std::string_view name, std::string_view version) {
  const std::string api = fmt::format("admissionregistration.k8s.io/{}", version);
  yaml::Writer writer;
  writer.begin_document(api, "MutatingAdmissionPolicy");
  metadata(writer, name);
  writer.key("spec");
  writer.begin_map();
  writer.pair("failurePolicy", "Fail");
  // Other plugins may change labels after this one.
  writer.pair("reinvocationPolicy", "IfNeeded");
  match(writer, share);
  Variables variables(share);
  variables.pod();
  variables.network();
  variables.vpc(shares);
  variables.groups(shares);
  variables.annotation();
  expressions(writer, "variables", variables.all);
  mutation(writer);
  writer.end_map();
  writer.end_document();

  writer.begin_document(api, "MutatingAdmissionPolicyBinding");
  metadata(writer, name);
  writer.block("spec", {{"policyName", name}});
  writer.end_document();
  return writer.take();
}

}  // namespace policyconv::kubeovn
