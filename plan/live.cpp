// Entrance: read_objects().
#include "plan/live.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string_view>

#include "backends/kubeovn/annotations.h"
#include "backends/kubeovn/ownership.h"
#include "yaml/objects.h"
#include "yaml/text.h"
#include "yaml/view.h"

namespace policyconv::plan {
namespace {

using decode::ApiObject;
using decode::View;

constexpr std::string_view security_groups_key = "kubernetes.io/security_groups";
constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();

enum class Reading : std::uint8_t { Group, Subnet, Pod, Template, Whole };

struct ReadKind {
  std::string_view group, kind;
  Reading reading;
};
constexpr ReadKind read_kinds[] = {{"kubeovn.io", "SecurityGroup", Reading::Group},
                                   {"kubeovn.io", "Subnet", Reading::Subnet},
                                   {"", "Pod", Reading::Pod},
                                   {"apps", "Deployment", Reading::Template},
                                   {"apps", "StatefulSet", Reading::Template},
                                   {"apps", "DaemonSet", Reading::Template},
                                   {"apps", "ReplicaSet", Reading::Template},
                                   {"batch", "Job", Reading::Template},
                                   {"batch", "CronJob", Reading::Template},
                                   {"kubevirt.io", "VirtualMachine", Reading::Template},
                                   {"networking.k8s.io", "NetworkPolicy", Reading::Whole},
                                   {"admissionregistration.k8s.io", "MutatingAdmissionPolicy", Reading::Whole},
                                   {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", Reading::Whole},
                                   {"kyverno.io", "ClusterPolicy", Reading::Whole}};

bool is_ours(const View& metadata) {
  const Labels labels = metadata["labels"].labels();
  const auto at = labels.find("app.kubernetes.io/managed-by");
  return at != labels.end() && at->second == "policyconv";
}

/// The annotations about SecurityGroups, of whatever network (K§3.1).
Labels groups_of(const View& metadata) {
  Labels found;
  for (const auto& [key, value] : metadata["annotations"].labels())
    if (key.ends_with(security_groups_key)) found.emplace(key, value);
  return found;
}

SyncState state_of(const View& status, std::string_view revision, std::string_view succeeded) {
  return {status[revision].text(), status[succeeded].flag()};
}

class Reader {
 public:
  Reader(const kubeovn::Release& release, Diagnostics& diagnostics) : release_(release), diagnostics_(diagnostics) {}

  void read(const yaml::Node& document) {
    // An empty list of one kind tells that it was asked for.
    if (const yaml::Node* kind = document.find("kind"); kind && kind->scalar.ends_with("List"))
      objects_.kinds.insert(kind->scalar.substr(0, kind->scalar.size() - 4));
    decode::each_object(
        document, [&](const ApiObject& object) { read(object); }, diagnostics_);
  }

  [[nodiscard]] WrittenObjects take() { return std::move(objects_); }

 private:
  void read(const ApiObject& object) {
    objects_.kinds.insert(object.kind);
    const auto known = std::find_if(std::begin(read_kinds), std::end(read_kinds), [&](const ReadKind& each) {
      return each.kind == object.kind && each.group == object.group();
    });
    if (known == std::end(read_kinds)) return;
    const View metadata = View(object.node, object.kind, ' ', diagnostics_)["metadata"];
    const ObjectKey key{object.kind, metadata["namespace"].text(), metadata["name"].text()};
    const View view(object.node, title_of(key), ' ', diagnostics_);
    switch (known->reading) {
      case Reading::Group:
        return read_group(view, std::get<2>(key));
      case Reading::Subnet:
        return read_subnet(view, std::get<2>(key));
      case Reading::Pod:
        return read_pod(view, key);
      case Reading::Template:
        return read_template(view, key);
      case Reading::Whole: {
        WrittenObject whole{is_ours(view["metadata"]), view["spec"].node(), view.loc()};
        objects_.others.try_emplace(key, std::move(whole));
      }
    }
  }

  void read_group(const View& view, const std::string& name) {
    const View metadata = view["metadata"], spec = view["spec"], status = view["status"];
    WrittenGroup group;
    group.name = name;
    group.managed = is_ours(metadata);
    group.annotations = metadata["annotations"].labels();
    const std::string title = fmt::format("SecurityGroup {}", yaml::excerpt(name));
    group.ingress = kubeovn::read_rules(spec["ingressRules"], Direction::Ingress, title, release_, diagnostics_);
    group.egress = kubeovn::read_rules(spec["egressRules"], Direction::Egress, title, release_, diagnostics_);
    group.allow_same_group = spec["allowSameGroupTraffic"].flag();
    group.tier = spec["tier"].number(-any_number, any_number).value_or(0);
    group.ingress_state = state_of(status, "ingressMd5", "ingressLastSyncSuccess");
    group.egress_state = state_of(status, "egressMd5", "egressLastSyncSuccess");
    group.loc = view.loc();
    objects_.groups.try_emplace(name, std::move(group));
  }

  void read_subnet(const View& view, const std::string& name) {
    const View list = view["spec"]["acls"];
    if (list.node().shape == yaml::Shape::Null) return;
    WrittenAcls written{{}, view.loc()};
    for (const View& entry : list.items())
      written.acls.push_back({entry["direction"].text(), entry["match"].text(), entry["action"].text(),
                              static_cast<int>(entry["priority"].number(0, 32767).value_or(-1)), entry.loc()});
    objects_.subnets.try_emplace(name, std::move(written));
  }

  void read_pod(const View& view, const ObjectKey& key) {
    WrittenBinding binding{groups_of(view["metadata"]), view.loc()};
    objects_.pods.try_emplace({std::get<1>(key), std::get<2>(key)}, std::move(binding));
  }

  void read_template(const View& view, const ObjectKey& key) {
    const View spec = view["spec"];
    const View pod = std::get<0>(key) == "CronJob" ? spec["jobTemplate"]["spec"]["template"] : spec["template"];
    if (Labels groups = groups_of(pod["metadata"]); !groups.empty())
      objects_.templates.try_emplace(key, WrittenBinding{std::move(groups), view.loc()});
  }

  const kubeovn::Release& release_;
  Diagnostics& diagnostics_;
  WrittenObjects objects_;
};

}  // namespace

std::string title_of(const ObjectKey& key) {
  const auto& [kind, ns, name] = key;
  return yaml::excerpt(fmt::format("{} {}{}{}", kind, ns, ns.empty() ? "" : "/", name));
}

bool is_admission(const ObjectKey& key) {
  return std::get<0>(key) != "NetworkPolicy";
}

WrittenObjects read_objects(const Sources& sources, std::span<const std::uint32_t> files,
                            const kubeovn::Release& release, const yaml::Trees* known, Diagnostics& diagnostics) {
  Reader reader(release, diagnostics);
  for (const std::uint32_t file : files)
    yaml::each_document(
        known, sources, yaml::Part(file), [&](const yaml::Node& document) { reader.read(document); }, diagnostics);
  return reader.take();
}

kubeovn::Release target_of(const WrittenObjects& objects) {
  constexpr int oldest = 12;
  for (const auto& [name, group] : objects.groups)
    if (const auto at = group.annotations.find(kubeovn::target_annotation); at != group.annotations.end())
      for (kubeovn::Release release; release.minor >= oldest; --release.minor)
        if (kubeovn::target_text(release) == at->second) return release;
  return {};
}

std::vector<std::string> sorted_groups_in(std::string_view annotation) {
  std::vector<std::string> names = kubeovn::groups_in(annotation);
  std::sort(names.begin(), names.end());
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "none" : yaml::excerpt(fmt::format("{}", fmt::join(names, ",")));
}

}  // namespace policyconv::plan
