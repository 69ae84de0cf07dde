#include "assess/chain_files.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "assess/health_finding.h"
#include "assess/settings.h"
#include "yaml/tree.h"

namespace policyconv::assess {
namespace {

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool has_kube_ovn(const Dump& dump) {
  return kube_ovn_setting(dump, "kube-ovn-cni", "cni-conf-name", "") || !dump.subnets.empty();
}

bool has_multus(const Dump& dump) {
  return count_of(dump, "NetworkAttachmentDefinition") > 0 ||
         std::any_of(dump.components.begin(), dump.components.end(),
                     [](const Component& component) { return component.name.find("multus") != std::string::npos; });
}

/// The name of Kube-OVN's file. The priority is an argument of the install script; some charts pass it as environment.
std::optional<Setting> kube_ovn_file(const Dump& dump) {
  std::optional<Setting> found = kube_ovn_setting(dump, "kube-ovn-cni", "cni-conf-name", "01-kube-ovn.conflist");
  if (!found || found->given) return found;
  for (const Component& component : dump.components) {
    const auto priority = component.environment.find("CNI_CONFIG_PRIORITY");
    if (component.name == "kube-ovn-cni" && priority != component.environment.end())
      return Setting{priority->second + "-kube-ovn.conflist",
                     fmt::format("{} {}/{}: CNI_CONFIG_PRIORITY={}", component.kind, component.ns, component.name,
                                 priority->second),
                     component.loc};
  }
  return found;
}

/// The container runtime takes the file whose name is first (K§7.3).
void check_order(const Dump& dump, const Setting& written, std::vector<HealthFinding>& findings) {
  const std::optional<Setting> kube_ovn = kube_ovn_file(dump);
  const std::string cilium = file_name(written.value);
  if (!kube_ovn || cilium.empty() || cilium < file_name(kube_ovn->value)) return;
  const auto exclusive = cilium_setting(dump, "cni-exclusive", "false");
  std::string evidence = fmt::format("{}; {}", kube_ovn->evidence, written.evidence);
  // The agent renames foreign files whenever the directory changes, so the chain may hold; it races with each restart.
  const bool moved_away = known_on(exclusive);
  if (moved_away) evidence += fmt::format("; {} renames it as long as the agent runs", exclusive->evidence);
  add_finding<Kind::KubeOvnFileFirst>(findings, moved_away ? Severity::Warning : Severity::Blocker, kube_ovn->loc,
                                      evidence, file_name(kube_ovn->value), cilium);
}

void check_exclusive(const Dump& dump, std::vector<HealthFinding>& findings) {
  const auto exclusive = cilium_setting(dump, "cni-exclusive", "false");
  if (known_on(exclusive) && has_multus(dump))
    add_finding<Kind::OtherConfMovedAway>(findings, Severity::Warning, exclusive->loc, exclusive->evidence,
                                          "that of Multus included, which gateways need");
}

/// What `plugins` of a CNI configuration names, or nullopt with the reason in `problem`.
std::optional<std::vector<std::string>> plugins_of(const std::string& text, std::string& problem) {
  Sources sources;
  Diagnostics diagnostics;
  const std::uint32_t file = sources.add("cni-configuration", text);
  const std::vector<yaml::Node> documents = yaml::read_documents(sources, file, diagnostics);
  if (!diagnostics.all().empty()) {
    problem = diagnostics.all().front().message;
    return std::nullopt;
  }
  const yaml::Node* list = documents.size() == 1 ? documents.front().find("plugins") : nullptr;
  if (list == nullptr || list->shape != yaml::Shape::Sequence) {
    problem = "it has no list `plugins`";
    return std::nullopt;
  }
  std::vector<std::string> types;
  for (const yaml::Node& plugin : list->items) {
    const yaml::Node* type = plugin.find("type");
    types.push_back(type == nullptr ? "?" : type->scalar);
  }
  return types;
}

void check_plugins(const ConfigMap& map, const std::string& key, std::vector<HealthFinding>& findings) {
  const std::string where = fmt::format("ConfigMap {}/{}: {}", map.ns, map.name, key);
  const auto entry = map.data.find(key);
  if (entry == map.data.end()) {
    add_finding<Kind::ChainUnreadable>(findings, Severity::Blocker, map.loc, where, "the entry does not exist");
    return;
  }
  std::string problem;
  const auto types = plugins_of(entry->second.value, problem);
  const Loc loc = entry->second.loc;
  if (!types) {
    add_finding<Kind::ChainUnreadable>(findings, Severity::Blocker, loc, where, problem);
    return;
  }
  const std::string seen = fmt::format("{} lists {}", where, fmt::join(*types, ", "));
  const auto place = [&](std::string_view type) { return std::find(types->begin(), types->end(), type); };
  const auto kube_ovn = place("kube-ovn"), portmap = place("portmap"), cilium = place("cilium-cni"), end = types->end();
  if (kube_ovn == end)
    add_finding<Kind::ChainPluginMissing>(findings, Severity::Blocker, loc, seen, "kube-ovn",
                                          "pods get no address of a Subnet");
  if (portmap == end)
    add_finding<Kind::ChainPluginMissing>(findings, Severity::Note, loc, seen, "portmap",
                                          "hostPort of pods has no effect");
  if (cilium == end)
    add_finding<Kind::ChainPluginMissing>(findings, Severity::Blocker, loc, seen, "cilium-cni",
                                          "Cilium enforces nothing on new pods");
  const bool late_portmap = portmap != end && cilium != end && cilium < portmap;
  const bool early_cilium = kube_ovn != end && cilium != end && cilium < kube_ovn;
  const bool early_portmap = kube_ovn != end && portmap != end && portmap < kube_ovn;
  if (late_portmap || early_cilium || early_portmap)
    add_finding<Kind::ChainPluginOrder>(findings, early_cilium ? Severity::Blocker : Severity::Warning, loc, seen,
                                        fmt::format("{}", fmt::join(*types, ", ")));
}

}  // namespace

void check_chain_files(const Dump& dump, std::vector<HealthFinding>& findings) {
  std::optional<Setting> mode = cilium_setting(dump, "cni-chaining-mode", "none");
  if (!mode || !has_kube_ovn(dump)) return;
  const auto target = cilium_setting(dump, "cni-chaining-target", "");
  const bool has_target = target && !target->value.empty();
  // The agent: a target without a mode means generic-veth.
  if (mode->value.empty()) mode->value = has_target ? "generic-veth" : "none";
  if (mode->value != "generic-veth") {
    add_finding<Kind::NotChained>(findings, mode->value == "none" ? Severity::Blocker : Severity::Warning, mode->loc,
                                  mode->evidence, mode->value);
    return;
  }

  const auto written = cilium_setting(dump, "write-cni-conf-when-ready", "");
  const auto source = cilium_setting(dump, "read-cni-conf", "");
  const bool has_source = source && !source->value.empty();
  const auto custom = cilium_setting(dump, "custom-cni-conf", "false");
  if (!written || written->value.empty()) {
    // With custom-cni-conf somebody else places the file, and only the nodes know it.
    const std::string evidence =
        fmt::format("{}; {}", written ? written->evidence : mode->evidence, custom ? custom->evidence : "");
    add_finding<Kind::ChainNotWritten>(
        findings, known_on(custom) ? Severity::Warning : Severity::Blocker, mode->loc, evidence,
        "write-cni-conf-when-ready is not set, so only files that others placed on the nodes count");
  } else if (!has_source && !has_target) {
    add_finding<Kind::ChainNotWritten>(findings, Severity::Blocker, mode->loc,
                                       fmt::format("{}; {}", mode->evidence, source->evidence),
                                       "generic-veth needs read-cni-conf or cni-chaining-target");
  } else {
    check_order(dump, *written, findings);
  }
  const ConfigMap* map = config_map(dump, "cni-configuration");
  if (map != nullptr && (has_source || known_on(custom)))
    check_plugins(*map, has_source ? file_name(source->value) : "cni-config", findings);
  check_exclusive(dump, findings);
}

}  // namespace policyconv::assess
