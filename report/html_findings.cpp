// Entrances: findings_part(), codes_part().
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "report/build.h"
#include "report/headline.h"
#include "report/html_parts.h"

namespace policyconv::report::html {
namespace {

/// Rows that are shown at once; the others wait in closed chunks, which cost a browser little.
constexpr std::size_t first_chunk = 200, chunk = 500;
/// Of a line of the source; the rest tells no more.
constexpr std::size_t most_characters = 160;

class Findings {
 public:
  explicit Findings(const Page& page) : page_(page), report_(page.report), order_(findings_by_urgency(page.report)) {}

  [[nodiscard]] Html part() const {
    if (order_.empty())
      return element("p", text(say("Nothing to tell: everything keeps its meaning.", page_.language)));
    Html all = tools();
    const std::size_t shown = std::min(order_.size(), most_findings);
    Html tables = rows(0, std::min(shown, first_chunk));
    for (std::size_t first = first_chunk; first < shown; first += chunk) {
      const std::size_t last = std::min(first + chunk, shown);
      Html more = element("summary", text(fmt::format("{} {}–{}", say("findings", page_.language), first + 1, last)));
      more += rows(first, last);
      tables += classed("details", "more", more);
    }
    all += classed("div", "findings", tables);
    if (shown < order_.size())
      all += element(
          "p",
          text(fmt::format("… {} {}", order_.size() - shown,
                           say("more findings are left out here; the JSON report has all of them", page_.language))));
    return all;
  }

 private:
  /// Useless without the script, which shows it.
  [[nodiscard]] Html tools() const {
    const std::string search = std::string(say("Search findings (press /)", page_.language));
    Html content =
        opened("input", {{"type", "search"}, {"id", "search"}, {"placeholder", search}, {"aria-label", search}});
    for (const Effect effect : by_urgency) {
      const auto count = std::count_if(report_.findings.begin(), report_.findings.end(),
                                       [&](const Finding& finding) { return finding.effect == effect; });
      if (count == 0) continue;
      Html label =
          opened("input", {{"type", "checkbox"}, {"checked", ""}, {"value", std::string(class_of_finding(effect))}});
      label += text(" ");
      label += finding_badge(effect, page_.language);
      label += text(fmt::format(" {}", count));
      content += element("label", label);
    }
    content += element("span", {{"id", "count"}, {"class", "muted"}, {"role", "status"}, {"aria-live", "polite"}}, {});
    return element("div", {{"class", "tools"}, {"role", "search"}, {"hidden", ""}}, content);
  }

  [[nodiscard]] Html rows(std::size_t first, std::size_t last) const {
    Html all;
    for (std::size_t at = first; at < last; ++at) all += finding_row(order_[at]);
    return table({say("effect", page_.language), say("code", page_.language), say("place", page_.language),
                  say("finding", page_.language)},
                 all, "rows");
  }

  [[nodiscard]] Html finding_row(std::size_t number) const {
    const Finding& finding = report_.findings[number];
    Html effect = finding_badge(finding.effect, page_.language);
    if (finding.accepted) effect += classed("div", "small muted", text(say("accepted", page_.language)));
    const std::string_view code = definition(finding.kind).code;
    Html cells = element("td", effect);
    cells += element("td", link(code_id(code), text(code)));
    cells += element("td", place(finding));
    cells += element("td", words(number));
    return element("tr", {{"id", finding_id(number)}, {"data-effect", std::string(class_of_finding(finding.effect))}},
                   cells);
  }

  [[nodiscard]] Html place(const Finding& finding) const {
    Html all = element("code", text(finding.place.line == 0 ? finding.place.file
                                                            : fmt::format("{}:{}:{}", finding.place.file,
                                                                          finding.place.line, finding.place.column)));
    if (!finding.place.origin.empty()) all += remark(say("rendered from", page_.language), finding.place.origin);
    return all;
  }

  [[nodiscard]] Html words(std::size_t number) const {
    const Finding& finding = report_.findings[number];
    Html all = with_code(message_of(finding, page_.language));
    if (!finding.policy.empty()) all += classed("div", "small", subject(number));
    if (const std::string hint = suggestion_of(finding, page_.language); !hint.empty())
      all += remark(say("help", page_.language), hint);
    if (finding.effect == Effect::Looser && definition(finding.kind).effect == Effect::Refused)
      all += remark(say("accepted", page_.language), fmt::format("--allow-looser {}", definition(finding.kind).code));
    if (finding.accepted) {
      const Acceptance& accepted = *finding.accepted;
      std::string why = fmt::format("{}: {}", accepted.by, accepted.reason);
      if (!accepted.owner.empty()) why += fmt::format(" ({})", accepted.owner);
      if (!accepted.expires.empty()) why += fmt::format(", {} {}", say("until", page_.language), accepted.expires);
      all += remark(say("accepted", page_.language), why);
    }
    if (const std::string_view line = finding.place.text; line.find_first_not_of(" \t") != std::string_view::npos) {
      const std::string_view shown = line.substr(line.find_first_not_of(" \t"));
      all += classed("div", "small muted", element("code", text(shown.substr(0, most_characters))));
    }
    return all;
  }

  [[nodiscard]] Html remark(std::string_view what, std::string_view words) const {
    return classed("div", "small muted", with_code(fmt::format("{}: {}", what, words)));
  }

  /// The policy and rule that the finding is about, with a link to what the page has of it.
  [[nodiscard]] Html subject(std::size_t number) const {
    const Finding& finding = report_.findings[number];
    const Html name = text(finding.rule.empty() ? finding.policy : fmt::format("{} {}", finding.policy, finding.rule));
    const auto& about = page_.rule_of[number];
    if (!about || !page_.is_shown[about->policy]) return name;
    return link(about->rule ? rule_id(about->policy, *about->rule) : policy_id(about->policy), name);
  }

  const Page& page_;
  const Report& report_;
  std::vector<std::size_t> order_;
};

}  // namespace

Html findings_part(const Page& page) {
  return Findings(page).part();
}

Html codes_part(const Page& page) {
  std::map<std::string_view, std::pair<Kind, std::size_t>> codes;
  for (const Finding& finding : page.report.findings) {
    auto& [kind, count] = codes[definition(finding.kind).code];
    kind = finding.kind;
    ++count;
  }
  Html rows;
  for (const auto& [code, entry] : codes) {
    const auto& [kind, count] = entry;
    Html cells = element("td", element("code", text(code)));
    cells += element("td", text(fmt::format("{}", count)));
    cells += element("td", with_code(help_of(kind, page.language)));
    rows += element("tr", {{"id", code_id(code)}}, cells);
  }
  if (rows.empty()) return {};
  Html all =
      table({say("code", page.language), say("findings", page.language), say("what to do", page.language)}, rows);
  Html hint = text(say("At length, without a network:", page.language));
  hint += text(" ");
  hint += element("code", text(fmt::format("policyconv explain {}", codes.begin()->first)));
  all += classed("p", "small muted", hint);
  return all;
}

}  // namespace policyconv::report::html
