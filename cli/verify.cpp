#include "cli/verify.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "cli/deliver.h"
#include "cli/files.h"
#include "cli/json_reports.h"
#include "cli/progress.h"
#include "cli/proof_findings.h"
#include "cli/report_extras.h"
#include "report/build.h"
#include "report/terminal.h"
#include "verify/assertions.h"
#include "verify/future.h"
#include "verify/space.h"
#include "verify/terms.h"

namespace policyconv::cli {
namespace {

using verify::Change;
using verify::EndClass;
using verify::EndKind;
using verify::Region;
using verify::Side;
using verify::Space;

/// More representatives cost time and hardly tell more: single selectors come first.
constexpr std::size_t most_future_pods = 4096;

/// An example that verify::compare() or verify::check() gave, as the evaluators see it.
Traced judged(const verify::Flow& flow, const verify::Packet& packet, bool through_service, const Judge& judge) {
  Traced traced{flow, {}, {}, {}};
  if (!through_service) {
    traced.judgement = judge.judge(flow, packet);
    return traced;
  }
  traced.to_service = packet;
  traced.first_packet = judge.first_packet(packet);
  for (const verify::Packet& later : judge.packets(flow))
    if (later.source.family == packet.source.family) traced.judgement = judge.judge(flow, later);
  return traced;
}

bool confirms(Change change, Agreement found) {
  switch (change) {
    case Change::Looser:
    case Change::Infrastructure:
      return found == Agreement::Looser;
    case Change::Undefined:
      return found == Agreement::Undefined;
    case Change::Stricter:
      return found == Agreement::Stricter;
  }
  return false;
}

/// Regions in words. `future`: pods that do not exist yet.
class Describer {
 public:
  Describer(const cilium::Policies& policies, const kubeovn::Manifest& manifest, const Cluster& cluster,
            const Semantics& semantics, const Space& space, const std::vector<std::size_t>& future)
      : cluster_(cluster),
        space_(space),
        judge_(policies, manifest, cluster, semantics),
        selections_(policies, cluster, semantics),
        naming_(cluster, future) {}

  [[nodiscard]] VerifiedRegion describe(const Region& region) const {
    VerifiedRegion told;
    told.change = region.change;
    told.from = naming_.describe(region.from, space_.ends(), Side::From);
    told.to = naming_.describe(region.to, space_.ends(), Side::To);
    told.traffic = region.traffic;
    told.v4 = region.v4;
    told.v6 = region.v6;
    if (region.service) {
      const Service& service = cluster_.services[*region.service];
      told.service = service.ns + "/" + service.name;
    }
    told.example = judged(region.example_flow, region.example, region.service.has_value(), judge_);
    selections_.add_to(told.example.judgement);
    told.is_confirmed = confirms(region.change, told.example.agreement());
    return told;
  }

  [[nodiscard]] CheckedAssertion::Failure describe(const verify::Counterexample& counterexample) const {
    Traced example = judged(counterexample.flow, counterexample.packet, false, judge_);
    selections_.add_to(example.judgement);
    return {std::move(example), counterexample.traffic, counterexample.is_undefined};
  }

 private:
  const Cluster& cluster_;
  const Space& space_;
  Judge judge_;
  Selections selections_;
  verify::Naming naming_;
};

/// How many pods of each class exist already.
std::vector<std::size_t> count_present(const std::vector<EndClass>& ends, const std::vector<std::size_t>& future) {
  std::vector<std::size_t> counts;
  for (const EndClass& end : ends)
    counts.push_back(static_cast<std::size_t>(std::count_if(end.pods.begin(), end.pods.end(), [&](std::size_t pod) {
      return !std::binary_search(future.begin(), future.end(), pod);
    })));
  return counts;
}

void prove_future(const InputOptions& options, const kubeovn::Manifest& manifest, const Inputs& inputs,
                  ProgressLine& progress, Verified& verified) {
  verify::Future future =
      verify::with_future_pods(inputs.policies, options.semantics, manifest, inputs.cluster, most_future_pods);
  verified.future_pods = future.future.size();
  verified.over_budget = future.over_budget;
  verified.without_address = future.without_address;
  if (!future.future.empty()) {
    const Space space(inputs.policies, options.semantics, future.manifest, future.cluster, options.jobs,
                      progress.of("future pods: reading rules"));
    const std::vector<EndClass>& ends = space.ends();
    const std::vector<std::size_t> present = count_present(ends, future.future);
    // Pairs of pods that exist were compared without the others.
    const auto is_new = [&](std::size_t end) { return ends[end].kind == EndKind::Pods && present[end] == 0; };
    const auto concerns_future = [&](std::size_t from, std::size_t to) {
      return is_new(from) || is_new(to) || (from == to && present[from] < 2);
    };
    const verify::Differences found = verify::compare(space, progress.of("future pods: comparing"), concerns_future);
    verified.future_pairs = found.pairs;
    if (!found.regions.empty()) {
      const Describer describer(inputs.policies, future.manifest, future.cluster, options.semantics, space,
                                future.future);
      for (const Region& region : found.regions) verified.future.push_back(describer.describe(region));
    }
  }
  verified.future_cluster = std::move(future.cluster);
}

bool has_one_family(const Cluster& cluster) {
  bool v4 = false, v6 = false;
  for (const Pod& pod : cluster.pods)
    for (const Address& address : pod.addresses) (address.family == Family::V4 ? v4 : v6) = true;
  return !(v4 && v6);
}

}  // namespace

Verified prove(const Proof& proof, const InputOptions& options, const kubeovn::Manifest& manifest, Inputs& inputs,
               std::ostream& err) {
  ProgressLine progress(err);
  Verified verified;
  verified.one_family = has_one_family(inputs.cluster);
  const Space space(inputs.policies, options.semantics, manifest, inputs.cluster, options.jobs,
                    progress.of("reading rules"));
  const verify::Differences found = verify::compare(space, progress.of("comparing"));
  verified.pods = found.pods;
  verified.pairs = found.pairs;
  verified.not_told_apart = space.not_told_apart();
  const std::vector<verify::Outcome> outcomes =
      verify::check(proof.assertions, space, inputs.cluster, {}, inputs.diagnostics);
  if (!found.regions.empty() || !outcomes.empty()) {  // a cluster of thousands of pods is not prepared for nothing
    const Describer describer(inputs.policies, manifest, inputs.cluster, options.semantics, space, {});
    for (const Region& region : found.regions) verified.present.push_back(describer.describe(region));
    for (const verify::Outcome& outcome : outcomes) {
      CheckedAssertion& checked = verified.assertions.emplace_back();
      checked.assertion = proof.assertions[outcome.assertion];
      if (outcome.policies) checked.policies = describer.describe(*outcome.policies);
      if (outcome.objects) checked.objects = describer.describe(*outcome.objects);
    }
  }
  if (proof.future) prove_future(options, manifest, inputs, progress, verified);
  verified.status = exit_status(verified);
  return verified;
}

int verify(const VerifyOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  Inputs inputs;
  read_inputs(options.input, in, inputs);
  Proof proof{options.future, {}};
  Reader reader(inputs.sources, in, inputs.diagnostics);
  for (const std::uint32_t file : reader.read(options.assertion_paths))
    for (verify::Assertion& assertion : verify::parse_assertions(inputs.sources, file, inputs.diagnostics))
      proof.assertions.push_back(std::move(assertion));
  const std::optional<kubeovn::Manifest> manifest = objects_to_judge(options.input, inputs);
  if (inputs.cluster.pods.empty() && !inputs.diagnostics.has_errors()) inputs.diagnostics.report<Kind::NoPods>({});
  const auto fail = [&] { return deliver_errors("verify", inputs, options.input, options.reports, options.colour, out, err); };
  if (inputs.diagnostics.has_errors()) return fail();

  Verified verified = prove(proof, options.input, *manifest, inputs, err);
  if (inputs.diagnostics.has_errors()) return fail();
  const Names names{inputs.sources, inputs.policies.catalog, inputs.cluster};
  Diagnostics found;
  add_findings(verified, names, found);
  found.sort();
  report::Report made = report::make(
      "verify", {inputs.sources, inputs.policies.catalog, found, nullptr, false, inputs.policy_files}, {{}, options.fail_on});
  made.settings = settings_of(options.input);
  if (shows_policies(options.reports)) {
    add_sources(made, inputs.sources, inputs.policy_files);
    add_matrix(made, inputs.policies, options.input.semantics, *manifest, inputs.cluster, options.input.jobs);
  }
  verified.status = deliver_beside_answer(made, options.reports, options.colour, out, err);
  verified.accepted = accepted_in(made);
  std::string text;
  switch (options.format) {
    case Format::Text:
      text = verify_text(verified, names, report::wants_colour(options.colour, out));
      break;
    case Format::Json:
      text = verify_json(verified, names);
      break;
    case Format::Markdown:
      text = verify_markdown(verified, names);
      break;
  }
  write_stream(out, text, inputs.diagnostics);
  return inputs.diagnostics.has_errors() ? report_errors(inputs, options.colour, err) : verified.status;
}

}  // namespace policyconv::cli
