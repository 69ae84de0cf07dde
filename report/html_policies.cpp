// Entrance: policies_part(). Each policy beside the objects that came of it; lines that belong together share the
// numbers of their rules, and the first ones link to each other.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "report/build.h"
#include "report/headline.h"
#include "report/html_parts.h"
#include "report/html_sources.h"

namespace policyconv::report::html {
namespace {

/// Lines of code: on the page, and of one pane. What is beyond is said to be left out.
constexpr std::size_t most_lines = 40'000, most_pane_lines = 400;
/// Of one line; files of one line exist.
constexpr std::size_t most_characters = 400;

using Rules = std::set<std::size_t>;

/// What an artefact's lines belong to: "SecurityGroup pc-shop-web". Our own YAML, so two lines of each object tell.
struct Objects {
  std::vector<std::string_view> lines;
  std::vector<std::uint32_t> beginnings;
  std::vector<std::string> names;

  explicit Objects(const Artefact& artefact) : lines(lines_of(artefact.text)) {
    std::string kind;
    for (std::uint32_t line = 1; line <= lines.size(); ++line) {
      const std::string_view text = lines[line - 1];
      if (line == 1 || text == "---") {
        beginnings.push_back(line);
        names.emplace_back();
      }
      if (text.starts_with("kind: ")) kind = text.substr(6);
      if (text.starts_with("  name: ") && names.back().empty())
        names.back() = fmt::format("{} {}", kind, text.substr(8));
    }
  }
  [[nodiscard]] std::size_t at(std::uint32_t line) const {
    const auto next = std::upper_bound(beginnings.begin(), beginnings.end(), line);
    return static_cast<std::size_t>(next - beginnings.begin()) - 1;
  }
};

class Policies {
 public:
  explicit Policies(const Page& page) : page_(page), report_(page.report), sources_(page.report) {
    for (const Artefact& artefact : report_.artefacts) {
      for (const Artefact::Link& link : artefact.links)
        if (page.is_shown[link.policy]) made_[link.policy][objects_.size()][link.line].insert(link.rule);
      objects_.emplace_back(artefact);
    }
  }

  [[nodiscard]] Html part() {
    Html all, unchanged;
    for (std::size_t at = 0; at < page_.policies.size(); ++at)
      (at < page_.changed ? all : unchanged) += policy(page_.policies[at]);
    if (const std::size_t count = page_.policies.size() - page_.changed; count > 0) {
      Html more = element("summary", counted_text(count, "policy that keeps its meaning",
                                                  "policies that keep their meaning", page_.language));
      more += unchanged;
      const Attributes closed = {{"class", "more"}}, open = {{"class", "more"}, {"open", ""}};
      all += element("details", page_.changed == 0 ? open : closed, more);
    }
    if (const std::size_t left = report_.policies.size() - page_.policies.size(); left > 0)
      all += element("p", counted_text(left, "more policy is left out here",
                                       "more policies are left out here", page_.language));
    return all;
  }

 private:
  [[nodiscard]] Html policy(std::size_t number) {
    const PolicyOutcome& policy = report_.policies[number];
    const bool has_source = sources_.lines(policy) != nullptr, has_room = lines_ < most_lines;
    Html content = policy.findings.empty() ? Html() : element("p", findings_of(policy.findings));
    content += rules(number, has_source && has_room);
    if (has_source && has_room) content += panes(number);
    if (has_source && !has_room)
      content += classed("p", "muted", text(say("Source and objects are left out: the page is full.", page_.language)));
    Html all = element("summary", heading(policy));
    all += element("div", content);
    Attributes attributes = {{"class", "policy"}, {"id", policy_id(number)}};
    if (number == page_.policies.front()) attributes.push_back({"open", ""});
    return element("details", attributes, all);
  }

  [[nodiscard]] Html heading(const PolicyOutcome& policy) const {
    Html all = outcome_badge(worst(policy), page_.language);
    // A blank is where a narrow line may break.
    const auto add = [&](const Html& part) {
      all += text(" ");
      all += part;
    };
    add(element("strong", text(name_of(policy))));
    add(classed("span", "muted", text(policy.kind)));
    add(classed("span", "muted",
                counted_text(policy.rules.size(), "rule", "rules", page_.language)));
    if (!policy.enforced) add(classed("span", "muted", text(say("not enforced by Cilium", page_.language))));
    return all;
  }

  /// The codes, as links.
  [[nodiscard]] Html findings_of(const std::vector<std::size_t>& findings) const {
    Html all;
    for (const std::size_t finding : findings) {
      const Finding& about = report_.findings[finding];
      all += finding_badge(about.effect, page_.language);
      all += text(" ");
      all += link(finding_id(finding), text(definition(about.kind).code));
      all += text(" ");
    }
    return all;
  }

  // --- rules -----------------------------------------------------------------------------------------------------

  [[nodiscard]] Html rules(std::size_t number, bool has_source) const {
    const PolicyOutcome& policy = report_.policies[number];
    Html rows;
    for (std::size_t at = 0; at < policy.rules.size(); ++at) {
      const RuleOutcome& rule = policy.rules[at];
      const Html path = element("code", text(rule.path));
      Html cells = element("td", has_source ? link(source_id(number, at), path) : path);
      cells += element("td", text(fmt::format("{} {}", to_string(rule.direction), to_string(rule.verdict))));
      cells += element("td", outcome_badge(rule.effect, page_.language));
      cells += element("td", findings_of(rule.findings));
      rows += element("tr", {{"id", rule_id(number, at)}}, cells);
    }
    if (rows.empty()) return element("p", text(say("This policy has no rules.", page_.language)));
    return table({say("rule", page_.language), say("direction", page_.language), say("result", page_.language),
                  say("findings", page_.language)},
                 rows);
  }

  // --- code ------------------------------------------------------------------------------------------------------

  [[nodiscard]] Html panes(std::size_t number) {
    Rules linked;  // with a line of their own among the objects
    const Html made = objects(number, linked);
    Html all = source(number, linked);
    all += made;
    return classed("div", "pair", all);
  }

  [[nodiscard]] Html source(std::size_t number, const Rules& linked) {
    const PolicyOutcome& policy = report_.policies[number];
    const auto& text_lines = *sources_.lines(policy);
    const LineRange range = sources_.range(policy);
    std::map<std::uint32_t, Rules> rules, beginnings;
    for (std::size_t rule = 0; rule < policy.rules.size(); ++rule) {
      const LineRange lines = sources_.range(policy, policy.rules[rule]);
      beginnings[policy.rules[rule].line].insert(rule);
      for (std::uint32_t line = lines.first; line <= lines.last; ++line) rules[line].insert(rule);
    }
    Html all;
    const std::uint32_t last = std::min(range.last, range.first + static_cast<std::uint32_t>(most_pane_lines) - 1);
    for (std::uint32_t line = range.first; line <= last; ++line) {
      Anchor anchor;
      for (const std::size_t rule : beginnings[line]) {
        anchor.ids.push_back(source_id(number, rule));
        if (anchor.target.empty() && linked.count(rule) > 0) anchor.target = objects_id(number, rule);
      }
      all += code_line(line, text_lines[line - 1], rules[line], anchor);
    }
    return pane(policy.place.file, all, range.last - last);
  }

  [[nodiscard]] Html objects(std::size_t number, Rules& linked) {
    const auto made = made_.find(number);
    if (made == made_.end())
      return classed("p", "muted", text(say("Nothing was made of the rules of this policy.", page_.language)));
    Html all;
    for (const auto& [artefact, lines] : made->second) all += excerpt(number, artefact, lines, linked);
    return element("div", all);
  }

  /// Those lines of a file that come from a policy, each part below the name of its object.
  [[nodiscard]] Html excerpt(std::size_t number, std::size_t artefact, const std::map<std::uint32_t, Rules>& lines,
                             Rules& linked) {
    const Objects& objects = objects_[artefact];
    Html all;
    std::size_t shown = 0, object = objects.names.size();
    const std::pair<const std::uint32_t, Rules>* before = nullptr;
    for (const auto& each : lines) {
      const auto& [line, rules] = each;
      const bool continues = before != nullptr && line == before->first + 1;
      if (shown == most_pane_lines) break;
      if (objects.at(line) != object) {
        object = objects.at(line);
        all += classed("div", "head", text(objects.names[object]));
      } else if (!continues) {
        all += classed("div", "head", text("⋯"));
      }
      Anchor anchor;
      if (!continues || rules != before->second) anchor.target = source_id(number, *rules.begin());
      for (const std::size_t rule : rules)
        if (linked.insert(rule).second) anchor.ids.push_back(objects_id(number, rule));
      all += code_line(line, objects.lines[line - 1], rules, anchor);
      before = &each;
      ++shown;
    }
    return pane(report_.artefacts[artefact].name, all, lines.size() - shown);
  }

  struct Anchor {
    std::vector<std::string> ids = {};
    std::string target = {};  // what the number of the line links to
  };

  [[nodiscard]] Html code_line(std::uint32_t line, std::string_view written, const Rules& rules, const Anchor& anchor) {
    ++lines_;
    const Html number = text(fmt::format("{}", line));
    const Attributes numbered = {{"class", "n"}};
    Html content = anchor.target.empty() ? element("span", numbered, number) : link(anchor.target, number, numbered);
    std::string shown;
    for (const char c : written.substr(0, most_characters)) shown += c == '\t' ? "  " : std::string(1, c);
    if (written.size() > most_characters) shown += " …";
    Html words = text(shown);
    for (std::size_t at = 1; at < anchor.ids.size(); ++at) words += element("span", {{"id", anchor.ids[at]}}, {});
    content += element("code", words);
    Attributes attributes = {{"class", "l"}};
    if (!anchor.ids.empty()) attributes.push_back({"id", anchor.ids.front()});
    if (!rules.empty()) attributes.push_back({"data-r", fmt::format("{}", fmt::join(rules, " "))});
    return element("div", attributes, content);
  }

  [[nodiscard]] Html pane(std::string_view name, const Html& lines, std::size_t left_out) const {
    Html all = element("p", text(name));
    all += element("div", {{"class", "code"}, {"tabindex", "0"}, {"role", "group"}, {"aria-label", std::string(name)}},
                   lines);
    if (left_out > 0)
      all += classed("p", "muted",
                     counted_text(left_out, "more line is left out here",
                                  "more lines are left out here", page_.language));
    return classed("div", "pane", all);
  }

  const Page& page_;
  const Report& report_;
  PolicySources sources_;
  std::vector<Objects> objects_;                                                       // by artefact
  std::map<std::size_t, std::map<std::size_t, std::map<std::uint32_t, Rules>>> made_;  // by policy, artefact, line
  std::size_t lines_ = 0;                                                              // of code on the page
};

}  // namespace

Html policies_part(const Page& page) {
  return Policies(page).part();
}

}  // namespace policyconv::report::html
