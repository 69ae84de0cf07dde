// What a JSON report looks like (docs/schemas/report-1.schema.json). Each struct is described once, by a function
// fields(io, value); json.cpp writes and json_read.cpp reads along the same description, so that whatever is written is
// read, under the same name.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "report/language.h"
#include "report/model.h"

namespace policyconv::report::json {

inline constexpr std::string_view format = "policyconv/report-1";

// --- values of closed sets -------------------------------------------------------------------------------------------

[[nodiscard]] inline std::string_view name_of(Effect effect) {
  return to_string(effect);
}
[[nodiscard]] inline std::string_view name_of(Direction direction) {
  return to_string(direction);
}
[[nodiscard]] inline std::string_view name_of(Verdict verdict) {
  return to_string(verdict);
}
[[nodiscard]] inline std::string_view name_of(Kind kind) {
  return definition(kind).code;
}
[[nodiscard]] inline std::string_view name_of(Matrix::Reach reach) {
  switch (reach) {
    case Matrix::Reach::None:
      return "none";
    case Matrix::Reach::Some:
      return "some";
    case Matrix::Reach::All:
      return "all";
  }
  return {};
}

template <typename Enum>
inline constexpr std::size_t count_of = 0;
template <>
inline constexpr std::size_t count_of<Effect> = static_cast<std::size_t>(Effect::Refused) + 1;
template <>
inline constexpr std::size_t count_of<Direction> = static_cast<std::size_t>(Direction::Egress) + 1;
template <>
inline constexpr std::size_t count_of<Verdict> = static_cast<std::size_t>(Verdict::Deny) + 1;
template <>
inline constexpr std::size_t count_of<Matrix::Reach> = static_cast<std::size_t>(Matrix::Reach::All) + 1;
template <>
inline constexpr std::size_t count_of<Kind> = std::size(definitions);

// --- shapes ---------------------------------------------------------------------------------------------------------

template <typename T>
inline constexpr bool is_list = false;
template <typename T>
inline constexpr bool is_list<std::vector<T>> = true;
template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

using Pairs = std::vector<std::pair<std::string, std::string>>;

// --- the description -------------------------------------------------------------------------------------------------

template <typename T, typename U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

/// Sums, for readers who want no more; they follow from the rest.
struct Totals {
  std::size_t files = 0, policies = 0;
  Counts rules;
  std::optional<double> kept_share;  // nullopt: there are no rules
  std::vector<std::size_t> findings = std::vector<std::size_t>(count_of<Effect>);
  std::size_t accepted = 0;
};

[[nodiscard]] inline Totals totals_of(const Report& report) {
  Totals totals{report.files.size(), report.policies.size(), counts_of(report), std::nullopt};
  const Counts& rules = totals.rules;
  if (rules.rules() > 0)
    totals.kept_share = static_cast<double>(rules.same + rules.no_effect) / static_cast<double>(rules.rules());
  for (const Finding& finding : report.findings) {
    ++totals.findings[static_cast<std::size_t>(finding.effect)];
    if (finding.accepted) ++totals.accepted;
  }
  return totals;
}

void fields(auto& io, Is<Counts> auto& counts) {
  io("same", counts.same);
  io("no_effect", counts.no_effect);
  io("stricter", counts.stricter);
  io("looser", counts.looser);
  io("refused", counts.refused);
}

/// How many findings have each effect.
struct ByEffect {
  const Totals& totals;
};

void fields(auto& io, const ByEffect& by) {
  const auto of = [&](Effect effect) { return by.totals.findings[static_cast<std::size_t>(effect)]; };
  io("error", of(Effect::Error));
  io("refused", of(Effect::Refused));
  io("looser", of(Effect::Looser));
  io("stricter", of(Effect::Stricter));
  io("no_effect", of(Effect::NoEffect));
  io("note", of(Effect::Note));
  io("accepted", by.totals.accepted);
}

void fields(auto& io, const Totals& totals) {
  io("files", totals.files);
  io("policies", totals.policies);
  io("rules", totals.rules);
  io("kept_share", totals.kept_share);
  io("findings", ByEffect{totals});
}

void fields(auto& io, Is<Place> auto& place) {
  io("file", place.file);
  io("line", place.line);
  io("column", place.column);
  io("text", place.text);
  io("caret", place.caret);
  io("origin", place.origin);
}

void fields(auto& io, Is<Acceptance> auto& accepted) {
  io("by", accepted.by);
  io("reason", accepted.reason);
  io("owner", accepted.owner);
  io("expires", accepted.expires);
}

void fields(auto& io, Is<Finding> auto& finding) {
  io("code", finding.kind);
  io.shown("name", [&] { return definition(finding.kind).name; });
  io("effect", finding.effect);
  io("message", finding.message);
  io("suggestion", finding.suggestion);
  io.shown("help", [&] { return help_of(finding.kind, Language::English); });
  io("arguments", finding.arguments);
  io("place", finding.place);
  io("policy", finding.policy);
  io("rule", finding.rule);
  io("fingerprint", finding.fingerprint);
  io("accepted", finding.accepted);
}

void fields(auto& io, Is<RuleOutcome> auto& rule) {
  io("path", rule.path);
  io("direction", rule.direction);
  io("verdict", rule.verdict);
  io("line", rule.line);
  io("effect", rule.effect);
  io("findings", rule.findings);
}

void fields(auto& io, Is<PolicyOutcome> auto& policy) {
  io("kind", policy.kind);
  io("namespace", policy.ns);
  io("name", policy.name);
  io("place", policy.place);
  io("enforced", policy.enforced);
  io("effect", policy.effect);
  io("findings", policy.findings);
  io("rules", policy.rules);
}

void fields(auto& io, Is<FileOutcome> auto& file) {
  io("name", file.name);
  io("policies", file.policies);
  io("errors", file.errors);
  io("rules", file.rules);
}

void fields(auto& io, Is<Report::Generated> auto& generated) {
  io("security_groups", generated.security_groups);
  io("subnets", generated.subnets);
  io("bound_pods", generated.bound_pods);
}

void fields(auto& io, Is<Artefact::Link> auto& link) {
  io("line", link.line);
  io("policy", link.policy);
  io("rule", link.rule);
}

void fields(auto& io, Is<Artefact> auto& artefact) {
  io("name", artefact.name);
  io("text", artefact.text);
  io("links", artefact.links);
}

void fields(auto& io, Is<Matrix::Cell> auto& cell) {
  io("before", cell.before);
  io("after", cell.after);
  io("stricter", cell.stricter);
  io("looser", cell.looser);
}

void fields(auto& io, Is<Matrix> auto& matrix) {
  io("ends", matrix.ends);
  io("cells", matrix.cells);
  io("left_out", matrix.left_out);
}

void fields(auto& io, Is<Report> auto& report) {
  io.shown("schema", [] { return format; });
  io("command", report.command);
  io("version", report.version);
  io.pairs("settings", "name", "value", report.settings);
  io("status", report.status);
  io("fail_on", report.fail_on);
  io.shown("totals", [&] { return totals_of(report); });
  io("files", report.files);
  io("findings", report.findings);
  io("policies", report.policies);
  io("generated", report.generated);
  io.pairs("groups", "name", "selector", report.groups);
  io("artefacts", report.artefacts);
  io.pairs("sources", "name", "text", report.sources);
  io("matrix", report.matrix);
}

}  // namespace policyconv::report::json
