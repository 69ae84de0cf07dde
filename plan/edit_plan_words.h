// What the steps of an edit are called and tell. Entrances: describe_edits(); edit_head and edit_tail of PLAN.md.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "backends/kubeovn/manifest.h"
#include "plan/edits.h"
#include "plan/plan.h"

namespace policyconv::plan {

using GroupsByName = std::map<std::string, const kubeovn::SecurityGroup*>;

struct EditCircumstances {
  const Edits& edits;
  const GroupsByName &before, &after;
  const std::set<std::string>& stand_ins;
  const Options& options;
  const Cluster& cluster;
  const kubeovn::Manifest& next;
};

/// Numbers the steps, names their files, and fills in words, commands and checks; what a step applies, deletes and
/// undoes is known.
void describe_edits(Plan& plan, const EditCircumstances& about);

extern const std::string_view edit_head, edit_tail;

}  // namespace policyconv::plan
