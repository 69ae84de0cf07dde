// Entrance: replay(). Equal records are counted while they are read and judged once afterwards, so that the work does
// not grow with their number.
#include "cli/replay.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <istream>
#include <map>
#include <ostream>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>

#include "cli/deliver.h"
#include "cli/files.h"
#include "cli/inputs.h"
#include "cli/json_reports.h"
#include "cli/observed_ends.h"
#include "cli/proof_findings.h"
#include "report/build.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

using verify::Flow;

/// Everything about a record that its judgement depends on, and by what it is merged.
struct Record {
  FoundEnd from, to;
  ObservedVerdict verdict = ObservedVerdict::Forwarded;
  Direction direction = Direction::Ingress;
  Protocol protocol = Protocol::Tcp;
  std::uint16_t port = 0;
  Family family = Family::V4;
};

class Tally {
 public:
  explicit Tally(const Cluster& cluster, const Semantics& semantics) : cluster_(cluster), ends_(cluster, semantics) {}

  void add(const ObservedFlow& flow) {
    auto from = ends_.find(flow.source, flow.destination);
    auto to = ends_.find(flow.destination, flow.source);
    for (const auto* end : {&from, &to})
      if (const auto* cause = std::get_if<NotJudged>(end)) return skip(*cause, 1);
    Record record{std::get<FoundEnd>(std::move(from)),
                  std::get<FoundEnd>(std::move(to)),
                  flow.verdict,
                  flow.direction,
                  flow.protocol,
                  flow.port,
                  flow.source.address->family};
    const auto& own = flow.direction == Direction::Egress ? record.from : record.to;
    if (!std::holds_alternative<verify::PodEnd>(own.end)) return skip(NotJudged::NoPod, 1);
    Key key{verify::to_string(cluster_, record.from.end),
            verify::to_string(cluster_, record.to.end),
            record.from.name,
            record.to.name,
            record.from.is_stand_in || record.to.is_stand_in,
            record.verdict,
            record.direction,
            record.protocol,
            record.port,
            record.family};
    ++records_.try_emplace(std::move(key), std::move(record), 0).first->second.second;
  }

  void skip(NotJudged cause, std::uint64_t count) { not_judged_[static_cast<std::size_t>(cause)] += count; }

  template <typename Function>
  void for_each(Function function) const {
    for (const auto& [key, counted] : records_) function(counted.first, counted.second);
  }
  [[nodiscard]] const auto& not_judged() const { return not_judged_; }

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string, bool, ObservedVerdict, Direction, Protocol,
                         std::uint16_t, Family>;
  const Cluster& cluster_;
  ObservedEnds ends_;
  std::map<Key, std::pair<Record, std::uint64_t>> records_;
  std::array<std::uint64_t, not_judged_causes> not_judged_ = {};
};

/// Rows by everything that the reader sees of them.
class Rows {
 public:
  void add(ReplayRow row, const Record& record, std::uint64_t count) {
    row.from = record.from.name;
    row.to = record.to.name;
    row.protocol = record.protocol;
    row.port = record.port;
    Key key{row.change,
            row.before,
            row.from,
            row.to,
            row.protocol,
            row.port,
            row.end.direction,
            row.end.policies.reason,
            row.end.policies.rules,
            row.end.objects.reason};
    ReplayRow& merged = rows_.try_emplace(std::move(key), std::move(row)).first->second;
    merged.records += count;
    if (record.verdict == ObservedVerdict::Audit) merged.audited += count;
    if (record.from.is_stand_in || record.to.is_stand_in) merged.stand_ins += count;
  }

  /// The most frequent first.
  [[nodiscard]] std::vector<ReplayRow> sorted() && {
    std::vector<ReplayRow> all;
    for (auto& [key, row] : rows_) all.push_back(std::move(row));
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.records > b.records; });
    return all;
  }

 private:
  using Key = std::tuple<Agreement, Verdict, std::string, std::string, Protocol, std::uint16_t, Direction, std::string,
                         std::vector<RuleId>, std::string>;
  std::map<Key, ReplayRow> rows_;
};

/// A recorded end, and the other one as the policies judge it.
class Replayer {
 public:
  Replayer(const Judge& judge, Replayed& replayed) : judge_(judge), replayed_(replayed) {}

  void add(const Record& record, std::uint64_t count) {
    const Flow flow{record.from.end, record.to.end, record.protocol, record.port};
    const std::vector<verify::Packet> packets = judge_.packets(flow);
    if (packets.empty()) {
      replayed_.not_judged[static_cast<std::size_t>(NotJudged::NoFamily)] += count;
      return;
    }
    const auto same_family = std::find_if(packets.begin(), packets.end(), [&](const verify::Packet& packet) {
      return packet.source.family == record.family;
    });
    const Judgement judgement = judge_.judge(flow, same_family == packets.end() ? packets.front() : *same_family);
    replayed_.judged += count;

    const Verdict recorded = record.verdict == ObservedVerdict::Forwarded ? Verdict::Allow : Verdict::Deny;
    const Verdict happened = record.verdict == ObservedVerdict::Dropped ? Verdict::Deny : Verdict::Allow;
    Verdict before = happened;
    for (const EndJudgement& end : judgement.ends)
      if (end.direction != record.direction && end.policies.verdict == Verdict::Deny) before = Verdict::Deny;
    for (const EndJudgement& end : judgement.ends)
      if (end.direction == record.direction && end.policies.verdict != recorded)
        unexplained_.add(row(Agreement::Same, recorded, end, judgement, record), record, count);

    const Agreement change = agreement_of(before, judgement.objects());
    if (change == Agreement::Same)
      replayed_.same += count;
    else
      changed_.add(row(change, before, deciding(judgement, change, record, happened), judgement, record), record,
                   count);
  }

  void finish() && {
    replayed_.changed = std::move(changed_).sorted();
    replayed_.unexplained = std::move(unexplained_).sorted();
  }

 private:
  static ReplayRow row(Agreement change, Verdict before, const EndJudgement& end, const Judgement& judgement,
                       const Record& record) {
    ReplayRow row;
    row.change = change;
    row.before = before;
    row.end = end;
    row.is_recorded = end.direction == record.direction;
    row.packet = judgement.packet;
    return row;
  }

  /// Of something stricter the end that denies now, of something looser the end that denied before.
  static const EndJudgement& deciding(const Judgement& judgement, Agreement change, const Record& record,
                                      Verdict happened) {
    const auto found = std::find_if(judgement.ends.begin(), judgement.ends.end(), [&](const EndJudgement& end) {
      if (change == Agreement::Undefined) return end.tied;
      if (change == Agreement::Stricter) return end.objects.verdict == Verdict::Deny;
      return (end.direction == record.direction ? happened : end.policies.verdict) == Verdict::Deny;
    });
    return found == judgement.ends.end() ? judgement.ends.front() : *found;
  }

  const Judge& judge_;
  Replayed& replayed_;
  Rows changed_, unexplained_;
};

void read(const std::string& path, std::istream& in, Tally& tally, Inputs& inputs) {
  const FlowSink sink{[&](const ObservedFlow& flow) { tally.add(flow); },
                      [&](NotJudged cause, std::uint64_t count) { tally.skip(cause, count); }};
  if (path == "-") return read_flows(in, "<stdin>", sink, inputs.sources, inputs.diagnostics);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (file) return read_flows(file, path, sink, inputs.sources, inputs.diagnostics);
  const int reason = errno == 0 ? EIO : errno;
  inputs.diagnostics.report<Kind::CannotRead>({}, path, std::generic_category().message(reason));
}

}  // namespace

int replay(const ReplayOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  Inputs inputs;
  read_inputs(options.input, in, inputs);
  const std::optional<kubeovn::Manifest> manifest = objects_to_judge(options.input, inputs);
  Tally tally(inputs.cluster, options.input.semantics);
  read(options.flows, in, tally, inputs);
  if (inputs.diagnostics.has_errors())
    return deliver_errors("replay", inputs, options.input, options.reports, options.colour, out, err);

  Replayed replayed;
  replayed.not_judged = tally.not_judged();
  const Judge judge(inputs.policies, *manifest, inputs.cluster, options.input.semantics);
  Replayer replayer(judge, replayed);
  tally.for_each([&](const Record& record, std::uint64_t count) { replayer.add(record, count); });
  std::move(replayer).finish();
  const Selections selections(inputs.policies, inputs.cluster, options.input.semantics);
  for (auto* rows : {&replayed.changed, &replayed.unexplained})
    for (ReplayRow& row : *rows) row.end.selections = selections.of(row.end.pod, row.end.direction);

  const Names names{inputs.sources, inputs.policies.catalog, inputs.cluster};
  Diagnostics found;
  add_findings(replayed, names, found);
  found.sort();
  report::Report made = report::make(
      "replay", {inputs.sources, inputs.policies.catalog, found, nullptr, false, inputs.policy_files}, {{}, options.fail_on});
  made.settings = settings_of(options.input);
  replayed.status = deliver_beside_answer(made, options.reports, options.colour, out, err);
  replayed.accepted = accepted_in(made);
  std::string text;
  switch (options.format) {
    case Format::Text:
      text = replay_text(replayed, names, report::wants_colour(options.colour, out));
      break;
    case Format::Json:
      text = replay_json(replayed, names);
      break;
    case Format::Markdown:
      text = replay_markdown(replayed, names);
      break;
  }
  write_stream(out, text, inputs.diagnostics);
  return inputs.diagnostics.has_errors() ? report_errors(inputs, options.colour, err) : replayed.status;
}

}  // namespace policyconv::cli
