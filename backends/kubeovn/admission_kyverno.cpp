// Entrance: kyverno_policy(). The same questions as in admission_cel.cpp, in JMESPath: what is missing is null, and
// false,
// "" and [] count as false. No result of a variable may be null, which Kyverno takes for an error.
#include "backends/kubeovn/admission_kyverno.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "backends/kubeovn/admission_objects.h"
#include "backends/kubeovn/admission_text.h"
#include "backends/kubeovn/ownership.h"
#include "backends/kubeovn/vpc.h"

namespace policyconv::kubeovn {
namespace {

using Texts = std::vector<std::string>;

std::string list_of(const Texts& texts) {
  Texts quoted;
  for (const std::string& text : texts) quoted.push_back(jmespath_string(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string one_of(std::string_view value, const Texts& texts) {
  return texts.size() == 1 ? fmt::format("{} == {}", value, jmespath_string(texts.front()))
                           : fmt::format("contains({}, {})", list_of(texts), value);
}

std::string condition(const Term& term) {
  const bool negative = term.op == ir::Op::NotIn || term.op == ir::Op::DoesNotExist;
  const auto asked = [&](const std::string& value) {
    if (term.op == ir::Op::Exists) return fmt::format("{} != `null`", value);
    if (term.op == ir::Op::DoesNotExist) return fmt::format("{} == `null`", value);
    const std::string listed = one_of(value, term.values);
    return negative ? fmt::format("!({})", listed) : listed;
  };
  switch (term.source) {
    case LabelSource::Pod:
      return asked("labels." + jmespath_field(term.key));
    case LabelSource::NamespaceLabels:
      return asked("namespace_labels." + jmespath_field(term.key));
    case LabelSource::NamespaceName:
      return asked("request.namespace");
    case LabelSource::ServiceAccount:
      return asked("account");
  }
  return {};
}

std::string text_of(const Item& item) {
  Texts conditions;
  for (const Term& term : item.terms) conditions.push_back(condition(term));
  if (item.port) conditions.push_back(fmt::format("contains(ports, {})", jmespath_string(port_text(*item.port))));
  const std::string text = jmespath_string(item.text);
  return conditions.empty() ? text : fmt::format("{} && {} || ''", fmt::join(conditions, " && "), text);
}

class Context {
 public:
  explicit Context(const Share& share) : share_(share) {}
  std::vector<Variable> all;

  void add(std::string name, std::string expression) { all.push_back({std::move(name), std::move(expression)}); }

  void pod() {
    add("labels", "request.object.metadata.labels || `{}`");
    add("namespace_labels", "namespace.labels || `{}`");
    add("account", "request.object.spec.serviceAccountName || 'default'");
    add("ports",
        "request.object.spec.containers[].ports[] | [?name && containerPort]"
        ".join('/', [name, protocol || 'TCP', to_string(containerPort)]) || `[]`");
    // As topology.cpp knows infrastructure; labels count in kube-system only.
    add("bindable",
        "request.object.spec.hostNetwork != `true` && (request.namespace != 'kube-system' || "
        "!(starts_with(labels.app || '', 'vpc-nat-gw-') || starts_with(labels.app || '', 'vpc-egress-gateway') || "
        "labels.\"ovn.kubernetes.io/vpc-nat-gw\" != `null` || starts_with(labels.\"k8s-app\" || '', 'vpc-dns')))");
  }

  void vpc(const Shares& shares) {
    if (!share_.several_vpcs) return;
    constexpr std::string_view key = "\"ovn.kubernetes.io/logical_switch\"";
    add("subnet", fmt::format("trim(request.object.metadata.annotations.{0} || '', ' ') || "
                              "trim(split(namespace.annotations.{0} || '', ',')[0], ' ')",
                              key));
    found_in("home", share_.homes, "request.namespace");
    found_in("place", shares.subnets(), "subnet");
    // '' is no VPC's name: the Subnet is not known.
    add("vpc",
        fmt::format("subnet == '' && (home || {}) || subnet != '' && place || ''", jmespath_string(default_vpc)));
  }

  void groups(const Shares& shares) {
    Texts names;
    for (const VpcItems& vpc : share_.vpcs) {
      Texts texts;
      for (const Item& item : vpc.items) texts.push_back(text_of(item));
      for (const Texts& part : in_parts(std::move(texts))) {
        std::string some = fmt::format("[{}] | [?@ != ''] | join(',', @)", fmt::join(part, ", "));
        if (share_.several_vpcs)
          some = fmt::format("contains([{}, ''], vpc) && ({}) || ''", jmespath_string(vpc.vpc), some);
        names.push_back(fmt::format("groups{}", names.size()));
        add(names.back(), std::move(some));
      }
    }
    add("found", names.empty() ? "`[]`"
                               : fmt::format("[{}] | [?@ != ''] | split(join(',', @), ',') | [?@ != '']",
                                             fmt::join(names, ", ")));
    helpers();
    // `!` binds closer than brackets do.
    std::string ours =
        "[map(&split(@, ' ')[0], found), [found && helpers[0] || '', "
        "found && !(found[?contains(@, ' in')]) && helpers[1] || '', "
        "found && !(found[?contains(@, ' out')]) && helpers[2] || '']]";
    if (share_.several_vpcs)
      ours = fmt::format("(vpc == '' && [[found[?contains(@, ' ')] && {} || '']] || {})",
                         jmespath_string(shares.closed()), ours);
    add("ours", ours + "[] | [?@ != '']");
  }

  void annotation() {
    const std::string is_ours = fmt::format("regex_match({}, @)", jmespath_string(our_names));
    add("now", fmt::format("request.object.metadata.annotations.\"{}\" || ''", security_groups_annotation));
    add("named", "map(&trim(@, ' '), split(now, ',')) | [?@ != '']");
    add("others", fmt::format("named[?!{}]", is_ours));
    // Kyverno would evaluate braces in an annotation; no SecurityGroup has such a name.
    add("theirs", fmt::format("others[?regex_match({}, @)]", jmespath_string("^[a-z0-9.-]+$")));
    add("wanted", "join(',', [theirs, ours][])");
    add("changes", "bindable && (ours || length(others) < length(named)) && wanted != now || `false`");
  }

 private:
  /// The value of `key` among `pairs`, or ''.
  void found_in(std::string_view name, const std::map<std::string, std::string>& pairs, std::string_view key) {
    std::map<std::string, Texts> keys;
    for (const auto& [each, value] : pairs) keys[value].push_back(jmespath_string(each));
    Texts clauses, names;
    for (auto& [value, some] : keys)
      for (const Texts& part : in_parts(std::move(some)))
        clauses.push_back(
            fmt::format("contains([{}], {}) && {} || ''", fmt::join(part, ", "), key, jmespath_string(value)));
    for (const Texts& part : in_parts(std::move(clauses))) {
      names.push_back(fmt::format("{}{}", name, names.size()));
      add(names.back(), fmt::format("[{}] | [?@ != ''] | [0] || ''", fmt::join(part, ", ")));
    }
    add(std::string(name), names.empty() ? "''" : fmt::format("[{}] | [?@ != ''] | [0] || ''", fmt::join(names, ", ")));
  }

  void helpers() {
    const std::string none = "['', '', '']";
    Texts clauses;
    for (const VpcItems& vpc : share_.vpcs) {
      const std::string list = list_of({vpc.helpers[0], vpc.helpers[1], vpc.helpers[2]});
      clauses.push_back(share_.several_vpcs ? fmt::format("vpc == {} && {}", jmespath_string(vpc.vpc), list) : list);
    }
    Texts names;
    for (const Texts& part : in_parts(std::move(clauses))) {
      names.push_back(fmt::format("helpers{}", names.size()));
      add(names.back(), fmt::format("[{}] | [?@] | [0] || {}", fmt::join(part, ", "), none));
    }
    add("helpers",
        names.empty() ? none : fmt::format("[{}] | [?@[0] || @[1] || @[2]] | [0] || {}", fmt::join(names, ", "), none));
  }

  const Share& share_;
};

void match(yaml::Writer& writer, const Share& share) {
  writer.key("match");
  writer.begin_map();
  writer.key("any");
  writer.begin_list();
  writer.begin_map();
  writer.key("resources");
  writer.begin_map();
  text_list(writer, "kinds", {"Pod"});
  namespace_selector(writer, share);
  text_list(writer, "operations", {"CREATE", "UPDATE"});
  writer.end_map();
  writer.end_map();
  writer.end_list();
  writer.end_map();
}

void context(yaml::Writer& writer, const std::vector<Variable>& variables) {
  writer.key("context");
  writer.begin_list();
  writer.begin_map();
  writer.pair("name", "namespace");
  writer.block("apiCall", {{"urlPath", "/api/v1/namespaces/{{ request.namespace }}"}, {"jmesPath", "metadata"}});
  writer.end_map();
  for (const auto& [name, expression] : variables) {
    writer.begin_map();
    writer.pair("name", name);
    writer.key("variable");
    writer.begin_map();
    writer.json("jmesPath", expression);
    writer.end_map();
    writer.end_map();
  }
  writer.end_list();
}

void mutation(yaml::Writer& writer) {
  writer.key("preconditions");
  writer.begin_map();
  writer.key("all");
  writer.begin_list();
  writer.begin_map();
  writer.pair("key", "{{ to_string(changes) }}");
  writer.pair("operator", "Equals");
  writer.pair("value", "true");
  writer.end_map();
  writer.end_list();
  writer.end_map();
  writer.key("mutate");
  writer.begin_map();
  writer.key("patchStrategicMerge");
  writer.begin_map();
  writer.key("metadata");
  writer.begin_map();
  writer.block("annotations", {{security_groups_annotation, "{{ wanted }}"}});
  writer.end_map();
  writer.end_map();
  writer.end_map();
}

}  // namespace

std::string kyverno_policy(const Share& share, const Shares& shares, std::string_view name) {
  yaml::Writer writer;
  writer.begin_document("kyverno.io/v1", "ClusterPolicy");
  writer.key("metadata");
  writer.begin_map();
  writer.pair("name", name);
  writer.block("labels", {{"app.kubernetes.io/managed-by", "policyconv"}});
  // Templates have a file of their own, and say nothing about where their pods will be.
  writer.block("annotations", {{"pod-policies.kyverno.io/autogen-controllers", "none"}});
  writer.end_map();
  writer.key("spec");
  writer.begin_map();
  yaml::Node off;
  off.shape = yaml::Shape::Scalar;
  off.scalar = "false";
  writer.pair("background", off);
  writer.pair("failurePolicy", "Fail");
  writer.key("rules");
  writer.begin_list();
  writer.begin_map();
  writer.pair("name", "security-groups");
  match(writer, share);
  Context variables(share);
  variables.pod();
  variables.vpc(shares);
  variables.groups(shares);
  variables.annotation();
  context(writer, variables.all);
  mutation(writer);
  writer.end_map();
  writer.end_list();
  writer.end_map();
  writer.end_document();
  return writer.take();
}

}  // namespace policyconv::kubeovn
