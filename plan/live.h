// Objects as files have them: those that were emitted, or those of a dump. Entrance: read_objects().
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "backends/kubeovn/api_rules.h"
#include "backends/kubeovn/manifest.h"
#include "ir/cluster.h"
#include "ir/diagnostics.h"
#include "ir/source.h"
#include "yaml/tree.h"

namespace policyconv::plan {

/// What status tells of one direction (K§1.4).
struct SyncState {
  std::string revision;  // the MD5; empty: none
  bool succeeded = false;
};

struct WrittenGroup {
  std::string name;
  bool managed = false;  // has our label
  Labels annotations;
  std::vector<kubeovn::ApiRule> ingress, egress;  // in the order of the file
  bool allow_same_group = false;
  std::int64_t tier = 0;
  SyncState ingress_state, egress_state;
  Loc loc;
};

struct WrittenAcls {
  std::vector<ExistingAcl> acls;
  Loc loc;
};

/// What the metadata of a pod, or of the pods of a template, says about SecurityGroups: annotations by key.
struct WrittenBinding {
  Labels groups;
  Loc loc;
};

/// An object that is compared as a whole: a NetworkPolicy or an admission policy.
struct WrittenObject {
  bool managed = false;
  yaml::Node spec;
  Loc loc;
};

using ObjectKey = std::tuple<std::string, std::string, std::string>;  // kind, namespace, name

struct WrittenObjects {
  std::map<std::string, WrittenGroup, std::less<>> groups;
  std::map<std::string, WrittenAcls, std::less<>> subnets;  // those that have the list
  std::map<std::pair<std::string, std::string>, WrittenBinding> pods;
  std::map<ObjectKey, WrittenBinding> templates;
  std::map<ObjectKey, WrittenObject> others;
  std::set<std::string> kinds;  // of everything that was seen, also in lists without items
};

/// "Deployment shop/web", with what users wrote cut to a size for messages.
[[nodiscard]] std::string title_of(const ObjectKey& key);
[[nodiscard]] bool is_admission(const ObjectKey& key);

/// Reads what can be compared; other kinds are passed over. Of an object that is given twice the first counts. `known`:
/// files that were read already; null: none.
[[nodiscard]] WrittenObjects read_objects(const Sources& sources, std::span<const std::uint32_t> files,
                                          const kubeovn::Release& release, const yaml::Trees* known,
                                          Diagnostics& diagnostics);

/// The release that these objects were written for, as their annotations say; the newest one if none says so.
[[nodiscard]] kubeovn::Release target_of(const WrittenObjects& objects);

/// kubeovn::groups_in(), sorted.
[[nodiscard]] std::vector<std::string> sorted_groups_in(std::string_view annotation);
/// Names for a message, cut to a size; "none" if there are none.
[[nodiscard]] std::string listed(const std::vector<std::string>& names);

}  // namespace policyconv::plan
