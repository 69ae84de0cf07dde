// The result of `verify`, and its text and Markdown. JSON is in json_reports.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/judgement.h"
#include "cli/trace.h"
#include "ir/cluster.h"
#include "verify/flow_syntax.h"
#include "verify/space.h"
#include "verify/traffic.h"

namespace policyconv::cli {

/// A verify::Region in words, with its example judged by the evaluators.
struct VerifiedRegion {
  verify::Change change = verify::Change::Stricter;
  std::vector<std::string> from, to;
  verify::Traffic traffic;
  bool v4 = false, v6 = false;
  std::string service;        // "shop/db": on the way through its address only
  Traced example;             // without selections
  bool is_confirmed = false;  // the evaluators find the same difference; anything else is a bug of ours
};

struct CheckedAssertion {
  verify::Assertion assertion;
  struct Failure {
    Traced example;
    verify::Traffic traffic;  // everything between these ends that does not do what is asserted
    bool is_undefined = false;
  };
  std::optional<Failure> policies, objects;  // nullopt: holds
};

struct Verified {
  std::vector<VerifiedRegion> present, future;  // future: with a pod that does not exist yet at one end
  std::size_t pods = 0, pairs = 0;              // classes of pods, and pairs of classes that may differ
  std::optional<Cluster> future_cluster;        // what the examples of `future` are about; nullopt: not looked at
  std::size_t future_pods = 0, future_pairs = 0, over_budget = 0, without_address = 0;
  std::vector<CheckedAssertion> assertions;
  std::vector<std::string> not_told_apart;  // verify::Space::not_told_apart()
  bool one_family = false;                  // the cluster has addresses of one family only
  int status = 0;                           // the exit status; that of the findings unless the caller tolerates some
  std::size_t accepted = 0;                 // findings that a baseline accepts
};

[[nodiscard]] Agreement agreement_of(verify::Change change);  // Infrastructure counts as the same
[[nodiscard]] int exit_status(const Verified& verified);

/// "pod:shop/app=web -> pod:shop/app=db tcp 5433-5440: cilium deny, kube-ovn allow". Long lists of ends are cut.
[[nodiscard]] std::string region_text(const VerifiedRegion& region, bool one_family);
/// "equal for all packets", "1 looser, 2 stricter"
[[nodiscard]] std::string verdict_text(const Verified& verified);

[[nodiscard]] std::string verify_text(const Verified& verified, const Names& names, bool colour);
[[nodiscard]] std::string verify_markdown(const Verified& verified, const Names& names);

}  // namespace policyconv::cli
