#include "cli/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/flow_ends.h"
#include "cli/inputs.h"
#include "cli/json_reports.h"
#include "cli/judgement.h"
#include "report/build.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

using verify::End;
using verify::Flow;

class Tracer {
 public:
  Tracer(const TraceOptions& options, Inputs& inputs, const kubeovn::Manifest& manifest)
      : options_(options),
        cluster_(inputs.cluster),
        diagnostics_(inputs.diagnostics),
        judge_(inputs.policies, manifest, inputs.cluster, options.input.semantics),
        selections_(inputs.policies, inputs.cluster, options.input.semantics) {}

  /// Empty, and reported, if there is nothing to judge.
  std::vector<Traced> trace(const TypedEnd& from, const TypedEnd& to) {
    std::vector<Traced> flows = to.service == nullptr ? direct(from.end, to.end) : through(from.end, *to.service);
    const bool any = std::any_of(flows.begin(), flows.end(), [](const Traced& t) { return !t.judgement.ends.empty(); });
    if (!any && !diagnostics_.has_errors()) diagnostics_.report<Kind::NoPodInFlow>({});
    return flows;
  }

 private:
  std::vector<Traced> direct(const End& from, const End& to) {
    std::vector<Traced> flows;
    const Flow flow{from, to, options_.packet.protocol, options_.packet.port};
    for (Judgement& judgement : judge_.judge(flow)) flows.push_back(traced(flow, std::move(judgement)));
    if (flows.empty())
      diagnostics_.report<Kind::NoCommonFamily>({}, verify::to_string(cluster_, from), verify::to_string(cluster_, to),
                                                policyconv::to_string(flow.protocol));
    return flows;
  }

  std::vector<Traced> through(const End& from, const Service& service) {
    const std::string name = service.ns + "/" + service.name;
    const std::vector<ServiceWay> ways = ways_through(service, options_.packet, cluster_);
    if (ways.empty())
      diagnostics_.report<Kind::NoServicePort>({}, name, packet_text(options_.packet.protocol, options_.packet.port));
    std::vector<Traced> flows;
    for (const ServiceWay& way : ways) {
      const Flow to_address{from, verify::AddressEnd{way.address}, options_.packet.protocol, way.port};
      const std::vector<verify::Packet> packets = judge_.packets(to_address);
      if (packets.empty()) continue;  // the sender has no address of that family
      for (const ServiceWay::Backend& backend : way.backends) {
        const Flow flow{from, backend.end, options_.packet.protocol, backend.port};
        for (Judgement& judgement : judge_.judge(flow)) {
          if (judgement.packet.source.family != way.address.family) continue;
          Traced& added = flows.emplace_back(traced(flow, std::move(judgement)));
          added.to_service = packets.front();
          if (packets.front().from_pod) added.first_packet = judge_.first_packet(packets.front());
        }
      }
    }
    if (flows.empty() && !ways.empty()) diagnostics_.report<Kind::NoBackends>({}, name);
    return flows;
  }

  [[nodiscard]] Traced traced(const Flow& flow, Judgement judgement) const {
    selections_.add_to(judgement);
    return {flow, std::move(judgement), {}, {}};
  }

  const TraceOptions& options_;
  const Cluster& cluster_;
  Diagnostics& diagnostics_;
  Judge judge_;
  Selections selections_;
};

std::string_view acts(std::optional<Verdict> verdict) {
  if (!verdict) return "is undefined";
  return *verdict == Verdict::Allow ? "allows" : "denies";
}

/// "[Cilium egress]    ", all as wide as the widest.
std::string label(std::string_view system, Direction direction) {
  return fmt::format("{:<20}", fmt::format("[{} {}]", system, policyconv::to_string(direction)));
}

std::string text_of(const Traced& traced, const Names& names, bool colour) {
  const Judgement& judgement = traced.judgement;
  const verify::Packet& packet = judgement.packet;
  const auto name = [&](const End& end) { return report::printable(verify::to_string(names.cluster, end)); };
  const auto pod = [&](const EndJudgement& end) { return name(verify::PodEnd{end.pod}) + ": "; };

  std::string title =
      fmt::format("{} ({}) -> {} ({}), {}", name(traced.flow.from), to_string(packet.source), name(traced.flow.to),
                  to_string(packet.destination), packet_text(packet.protocol, packet.port));
  if (traced.to_service)
    title += fmt::format(" through {} port {}", to_string(traced.to_service->destination), traced.to_service->port);
  std::string text = report::paint(title, report::Style::Bold, colour) + "\n";
  for (const EndJudgement& end : judgement.ends) {
    text += label("Cilium", end.direction) + pod(end) + policies_text(end, names) + "\n";
    for (const Selection& selection : end.selections) {
      const SourcePolicy& policy = names.catalog.policy(selection.policy);
      text += fmt::format("{:20}selected by {} ({}){}\n", "", report::printable(policy.display()),
                          report::place_text(names.sources, policy.loc), selection.default_deny ? ", default deny" : "");
    }
  }
  if (traced.first_packet)
    text += label("Kube-OVN", Direction::Egress) + pod(*traced.first_packet) + "first packet, to the Service: " +
            objects_text(traced.first_packet->objects, traced.first_packet->tied, names) + "\n";
  for (const EndJudgement& end : judgement.ends)
    text += label("Kube-OVN", end.direction) + pod(end) + objects_text(end.objects, end.tied, names) + "\n";

  const Agreement agreement = traced.agreement();
  const std::string_view conclusion = agreement == Agreement::Same ? "they agree" : to_string(agreement);
  text += fmt::format("Cilium {}, Kube-OVN {}: {}\n", acts(judgement.policies()), acts(traced.objects()),
                      report::paint(std::string(conclusion), style_of(agreement), colour));
  const std::string command = trace_command(traced.to_service.value_or(packet), names.cluster);
  return command.empty() ? text : text + "the same in OVN: " + command + "\n";
}

}  // namespace

std::optional<Verdict> Traced::objects() const {
  if (!first_packet) return judgement.objects();
  Judgement first{judgement.packet, {*first_packet}};
  for (const EndJudgement& end : judgement.ends)
    if (end.direction == Direction::Ingress) first.ends.push_back(end);
  const std::optional<Verdict> of_first = first.objects();
  if (judgement.policies() == Verdict::Deny || of_first != Verdict::Allow) return of_first;
  return judgement.objects();
}

std::size_t Traced::deciding_end() const {
  const Agreement change = agreement();
  const auto decides = [&](const EndJudgement& end) {
    if (change == Agreement::Undefined) return end.tied;
    return (change == Agreement::Looser ? end.policies : end.objects).verdict == Verdict::Deny;
  };
  if (first_packet && change != Agreement::Looser && decides(*first_packet)) return judgement.ends.size();
  return static_cast<std::size_t>(std::find_if(judgement.ends.begin(), judgement.ends.end(), decides) -
                                  judgement.ends.begin());
}

int trace(const TraceOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  Inputs inputs;
  read_inputs(options.input, in, inputs);
  const std::optional<kubeovn::Manifest> manifest = objects_to_judge(options.input, inputs);
  std::optional<TypedEnd> from, to;
  if (!inputs.diagnostics.has_errors()) {
    from = find_end("--from", options.from, inputs.cluster, inputs.diagnostics);
    to = find_end("--to", options.to, inputs.cluster, inputs.diagnostics);
    if (from && from->service != nullptr) inputs.diagnostics.report<Kind::ServiceSends>({}, options.from);
  }
  if (inputs.diagnostics.has_errors()) return report_errors(inputs, options.colour, err);

  Tracer tracer(options, inputs, *manifest);
  const std::vector<Traced> flows = tracer.trace(*from, *to);
  if (inputs.diagnostics.has_errors()) return report_errors(inputs, options.colour, err);

  const Names names{inputs.sources, inputs.policies.catalog, inputs.cluster};
  int status = 0;
  for (const Traced& traced : flows) status = std::max(status, exit_status(traced.agreement()));
  if (status < policyconv::exit_status(options.fail_on)) status = status::good;
  std::vector<std::string> remarks;
  for (const auto& [typed, end] : {std::pair(&options.from, &*from), std::pair(&options.to, &*to)})
    if (!end->remark.empty())
      remarks.push_back(fmt::format("{} is {}: {}", *typed, verify::to_string(inputs.cluster, end->end), end->remark));

  std::string text;
  if (options.format == Format::Json) {
    text = trace_json(flows, remarks, names, status);
  } else {
    for (const std::string& remark : remarks) text += report::printable(remark) + "\n";
    for (const Traced& traced : flows)
      text += (text.empty() ? "" : "\n") + text_of(traced, names, report::wants_colour(options.colour, out));
  }
  write_stream(out, text, inputs.diagnostics);
  return inputs.diagnostics.has_errors() ? report_errors(inputs, options.colour, err) : status;
}

}  // namespace policyconv::cli
