// Entrance: print(). How YAML is quoted is the matter of yaml/writer.cpp.
#include "backends/kubeovn/print.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/kubeovn/annotations.h"
#include "backends/kubeovn/dependency_order.h"
#include "backends/kubeovn/print_bindings.h"
#include "ir/parallel.h"
#include "yaml/writer.h"

namespace policyconv::kubeovn {
namespace {

using yaml::Writer;

constexpr std::string_view managed_by = "policyconv";

/// Behind the line just written: which source rules a rule comes from.
void origin_comment(Writer& writer, const Catalog& catalog, std::string_view what, const std::vector<RuleId>& origins) {
  std::vector<std::string> names;
  for (const RuleId id : origins) names.push_back(catalog.display(id));
  constexpr std::size_t shown = 3;
  std::string text = fmt::format("{}{}{}", what, names.empty() ? "" : ": ",
                                 fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(shown, names.size())), "; "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  writer.comment(text);
}

/// A file while it is written.
struct File {
  Writer writer;
  std::vector<OutputFile::Origin> origins;

  /// Lines from `first` to the one just written come from these rules.
  void add(std::uint32_t first, const std::vector<RuleId>& rules) {
    const std::uint32_t last = writer.line();
    for (const RuleId rule : rules) origins.push_back({first, last, rule});
  }
};

/// One file of parts that each end a document. They may come in any order, from any thread; what has all before it is put in its
/// place at once, so that nobody waits for that in the end.
class Joining {
 public:
  Joining(std::string name, std::size_t parts) : whole_{std::move(name), {}}, waiting_(parts) {}

  void add(std::size_t number, OutputFile part) {
    const std::lock_guard lock(mutex_);
    waiting_[number] = std::move(part);
    for (; next_ < waiting_.size() && waiting_[next_]; ++next_) append(*std::exchange(waiting_[next_], {}));
  }

  [[nodiscard]] OutputFile take() { return std::move(whole_); }

 private:
  void append(const OutputFile& part) {
    std::string& text = whole_.text;
    if (!text.empty()) {
      text += "---\n";
      ++lines_;
    }
    // Parts have about the same size; growing by and by would copy everything several times.
    if (text.empty()) text.reserve((part.text.size() + part.text.size() / 8) * waiting_.size());
    for (const OutputFile::Origin& origin : part.origins)
      whole_.origins.push_back({origin.first + lines_, origin.last + lines_, origin.rule});
    lines_ += static_cast<std::uint32_t>(std::count(part.text.begin(), part.text.end(), '\n'));
    text += part.text;
  }

  std::mutex mutex_;
  OutputFile whole_;
  std::uint32_t lines_ = 0;
  std::vector<std::optional<OutputFile>> waiting_;
  std::size_t next_ = 0;  // the first that is not in its place
};

std::string_view action_of(Verdict verdict) { return verdict == Verdict::Allow ? "allow" : "drop"; }

void rules(File& file, const Catalog& catalog, std::string_view name, const std::vector<SgRule>& list) {
  if (list.empty()) return;
  Writer& writer = file.writer;
  writer.key(name);
  writer.begin_list();
  for (const SgRule& rule : list) {
    writer.begin_map();
    writer.pair("ipVersion", rule.family == Family::V4 ? "ipv4" : "ipv6");
    const std::uint32_t first = writer.line();
    origin_comment(writer, catalog, fmt::format("{} {}", rule.band, action_of(rule.policy)), rule.origins);
    writer.pair("priority", rule.priority);
    writer.pair("policy", action_of(rule.policy));
    writer.pair("protocol", to_string(rule.protocol));
    if (const auto* cidr = std::get_if<Cidr>(&rule.remote)) {
      writer.pair("remoteType", "address");
      writer.pair("remoteAddress", to_string(*cidr));
    } else {
      writer.pair("remoteType", "securityGroup");
      writer.pair("remoteSecurityGroup", std::get<SgName>(rule.remote).name);
    }
    if (rule.ports) {
      writer.pair("portRangeMin", rule.ports->first);
      writer.pair("portRangeMax", rule.ports->last);
    }
    file.add(first, rule.origins);
    writer.end_map();
  }
  writer.end_list();
}

void annotations(Writer& writer, const SecurityGroup& sg, const Release& release) {
  writer.key("annotations");
  writer.begin_map();
  if (const std::string isolates = isolates_text(sg); !isolates.empty()) writer.pair(isolates_annotation, isolates);
  if (sg.members) writer.json(members_annotation, members_text(*sg.members));
  if (sg.role != Role::Members) writer.pair(role_annotation, to_string(sg.role));
  writer.pair(selects_annotation, sg.about);
  writer.pair(target_annotation, target_text(release));
  if (!sg.unless.empty()) writer.json(unless_annotation, unless_text(sg.unless));
  writer.pair(vpc_annotation, sg.vpc);
  writer.end_map();
}

OutputFile security_groups(const Manifest& manifest, const Catalog& catalog, std::span<const std::size_t> indices) {
  File file;
  Writer& writer = file.writer;
  for (const std::size_t index : indices) {
    const SecurityGroup& sg = manifest.security_groups[index];
    writer.begin_document("kubeovn.io/v1", "SecurityGroup");
    writer.key("metadata");
    writer.begin_map();
    writer.pair("name", sg.name);
    writer.block("labels", {{"app.kubernetes.io/managed-by", managed_by}});
    annotations(writer, sg, manifest.release);
    writer.end_map();
    writer.key("spec");
    if (sg.ingress.empty() && sg.egress.empty()) {
      writer.empty_map();
    } else {
      writer.begin_map();
      rules(file, catalog, "ingressRules", sg.ingress);
      rules(file, catalog, "egressRules", sg.egress);
      writer.end_map();
    }
    writer.end_document();
  }
  return {{}, writer.take(), std::move(file.origins)};
}

OutputFile security_groups(const Manifest& manifest, const Catalog& catalog, unsigned jobs,
                           const std::vector<std::function<void()>>& meanwhile) {
  // kubectl applies from top to bottom, and Kube-OVN refuses a rule whose group does not exist yet (K§9.28).
  const std::vector<std::size_t> order = dependency_order(manifest.security_groups).order;
  constexpr std::size_t share = 256;  // groups of one part
  const std::size_t parts = (order.size() + share - 1) / share;
  Joining joining("00-security-groups.yaml", parts);
  in_parallel(meanwhile.size() + parts, jobs, [&](std::size_t i) {
    if (i < meanwhile.size()) return meanwhile[i]();  // what may take longest first
    const std::size_t part = i - meanwhile.size();
    const std::span<const std::size_t> rest = std::span(order).subspan(part * share);
    joining.add(part, security_groups(manifest, catalog, rest.first(std::min(share, rest.size()))));
  });
  return joining.take();
}

/// Returns the number of its first line.
std::uint32_t acl(Writer& writer, std::string_view direction, int priority, std::string_view match,
                  std::string_view action) {
  writer.pair("direction", direction);
  const std::uint32_t first = writer.line();
  writer.pair("priority", priority);
  writer.pair("match", match);
  writer.pair("action", action);
  return first;
}

OutputFile subnet_acls(const Manifest& manifest, const Catalog& catalog) {
  File file;
  Writer& writer = file.writer;
  for (const SubnetPatch& patch : manifest.subnets) {
    writer.begin_document("kubeovn.io/v1", "Subnet");
    writer.block("metadata", {{"name", patch.subnet}});
    writer.key("spec");
    writer.begin_map();
    writer.key("acls");
    writer.begin_list();
    for (const ExistingAcl& kept : patch.kept) {
      writer.begin_map();
      acl(writer, kept.direction, kept.priority, kept.match, kept.action);
      origin_comment(writer, catalog, "was there before", {});
      writer.end_map();
    }
    for (const SubnetAcl& entry : patch.acls) {
      writer.begin_map();
      const std::uint32_t first =
          acl(writer, entry.direction == Direction::Ingress ? "to-lport" : "from-lport", entry.priority, entry.match,
              entry.action == AclAction::AllowRelated ? "allow-related" : "drop");
      file.add(first, entry.origins);
      origin_comment(writer, catalog, entry.origins.empty() ? entry.about : "from", entry.origins);
      writer.end_map();
    }
    writer.end_list();
    writer.end_map();
    writer.end_document();
  }
  return {"10-subnet-acls.yaml", writer.take(), std::move(file.origins)};
}

// Selects nothing: its existence alone makes Kube-OVN keep the node ACL, which lets a pod's own node in (K§4.3).
std::string node_anchor() {
  Writer writer;
  writer.begin_document("networking.k8s.io/v1", "NetworkPolicy");
  writer.key("metadata");
  writer.begin_map();
  writer.pair("name", "policyconv-node-anchor");
  writer.pair("namespace", "kube-system");
  writer.block("labels", {{"app.kubernetes.io/managed-by", managed_by}});
  writer.end_map();
  writer.key("spec");
  writer.begin_map();
  writer.key("podSelector");
  writer.begin_map();
  writer.block("matchLabels", {{selects_annotation, "nothing"}});
  writer.end_map();
  writer.key("policyTypes");
  writer.begin_list();
  writer.value("Ingress");
  writer.end_list();
  writer.end_map();
  writer.end_document();
  return writer.take();
}

}  // namespace

std::vector<OutputFile> print(const Manifest& manifest, const Catalog& catalog, unsigned jobs,
                              const std::vector<std::function<void()>>& meanwhile) {
  std::vector<OutputFile> files;
  OutputFile groups = security_groups(manifest, catalog, jobs, meanwhile);
  if (!manifest.security_groups.empty()) files.push_back(std::move(groups));
  if (!manifest.subnets.empty()) files.push_back(subnet_acls(manifest, catalog));
  if (manifest.node_anchor) files.push_back({"20-node-anchor.yaml", node_anchor()});
  if (!manifest.bindings.empty()) files.push_back({"30-bindings.yaml", bindings_text(manifest)});
  if (!manifest.templates.empty()) files.push_back({"31-templates.yaml", templates_text(manifest)});
  return files;
}

std::vector<OutputFile> print_component(const Manifest& manifest) {
  if (manifest.templates.empty()) return {};
  return {{"component/kustomization.yaml", component_text(manifest)}};
}

}  // namespace policyconv::kubeovn
