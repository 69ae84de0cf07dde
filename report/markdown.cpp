// Entrance: to_markdown(). What matters most comes first, so that what does not fit is what matters least.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "report/build.h"
#include "report/document.h"
#include "report/faces.h"
#include "report/headline.h"
#include "report/language.h"

namespace policyconv::report {
namespace {

/// What a comment may hold. Counted in bytes, of which no character has less than one.
constexpr std::size_t most_bytes = 65'536;
/// Kept for the remark that something was left out.
constexpr std::size_t reserve = 400;
/// Findings that are shown without a click.
constexpr std::size_t most_open = 10;

/// Of a name and of a message: longer ones are cut, since one of them could fill the comment.
constexpr std::size_t most_name = 300, most_message = 1'500;

std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

/// The empty comment keeps GitHub from taking `@name` for somebody to call.
std::string plain(std::string_view raw) {
  std::string result;
  for (const char c : markdown(raw)) {
    result += c;
    if (c == '@') result += "<!-- -->";
  }
  return result;
}

/// What users wrote, as code if it can be: that shows text as it is and calls nobody. In a table it may hold no bar.
std::string quoted(std::string_view raw) {
  const std::string shown = printable(cut(raw, most_name)) + (raw.size() > most_name ? "…" : "");
  const bool can_be_code =
      !shown.empty() && shown.find_first_of("`|") == std::string::npos && shown.front() != ' ' && shown.back() != ' ';
  return can_be_code ? "`" + shown + "`" : plain(shown);
}

/// A message has what users wrote between backticks, which Markdown means for code, too.
std::string message_text(std::string_view whole) {
  std::string_view message = cut(whole, most_message);
  if (std::count(message.begin(), message.end(), '`') % 2 != 0) return plain(message);
  std::string text;
  for (bool is_code = false; !message.empty(); is_code = !is_code) {
    const std::size_t end = std::min(message.find('`'), message.size());
    text += is_code ? quoted(message.substr(0, end)) : plain(message.substr(0, end));
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return whole.size() > most_message ? text + "…" : text;
}

std::string row(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string head(const std::vector<std::string>& names) {
  return row(names) + row(std::vector<std::string>(names.size(), "---"));
}

class Comment {
 public:
  Comment(const Report& report, Language language) : report_(report), language_(language) {}

  [[nodiscard]] std::string text() {
    text_ =
        fmt::format("## policyconv {}: {} {}\n\n", markdown(report_.command), sign(), verdict_of(report_, language_));
    const std::string kept = kept_text(report_, language_);
    text_ += fmt::format("{} {}{}{}\n", say("exit status", language_), report_.status, kept.empty() ? "" : " · ", kept);
    add_totals();
    add_codes();
    add_findings();
    add_policies();
    add_files();
    if (left_out_ > 0)
      text_ += fmt::format(
          "\n_{} {}_\n", left_out_,
          say("lines did not fit into a comment and are left out; the JSON or HTML report has all of them", language_));
    return text_;
  }

 private:
  [[nodiscard]] std::string_view sign() const {
    switch (severity_of(report_)) {
      case Effect::Error:
      case Effect::Refused:
        return "❌";
      case Effect::Looser:
        return "🔺";
      case Effect::Stricter:
        return "🔻";
      case Effect::NoEffect:
      case Effect::Note:
        return "✅";
    }
    return {};
  }

  [[nodiscard]] static std::string name(std::string_view phrase) { return std::string(phrase); }

  /// One line of a table, if there is room for it and everything before it had room.
  void add_line(const std::string& line, std::size_t closing) {
    if (left_out_ == 0 && text_.size() + line.size() + closing + reserve <= most_bytes)
      text_ += line;
    else
      ++left_out_;
  }

  void add_table(const std::vector<std::string>& names, const std::vector<std::string>& lines, std::string_view title,
                 bool is_open = false) {
    constexpr std::string_view end = "\n</details>\n";
    if (lines.empty()) return;
    const std::string begin = fmt::format("\n<details{}><summary>{} ({})</summary>\n\n{}", is_open ? " open" : "",
                                          title, lines.size(), head(names));
    if (left_out_ > 0 || text_.size() + begin.size() + lines.front().size() + end.size() + reserve > most_bytes) {
      left_out_ += lines.size();
      return;
    }
    text_ += begin;
    for (const std::string& line : lines) add_line(line, end.size());
    text_ += end;
  }

  void add_totals() {
    const Counts counts = counts_of(report_);
    text_ += "\n" + head({name(say("policies", language_)), name(say("rules", language_)), name(say("same", language_)),
                          name(say("no effect", language_)), name(say("stricter", language_)),
                          name(say("looser", language_)), name(say("refused", language_))});
    text_ += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", report_.policies.size(), counts.rules(), counts.same,
                         counts.no_effect, counts.stricter, counts.looser, counts.refused);
    const auto accepted = std::count_if(report_.findings.begin(), report_.findings.end(),
                                        [](const Finding& finding) { return finding.accepted.has_value(); });
    if (accepted > 0)
      text_ += fmt::format("\n{} {}\n", accepted,
                           accepted == 1 ? say("finding accepted by the baseline", language_)
                                         : say("findings accepted by the baseline", language_));
  }

  /// A line for each code, which fits even where thousands of findings do not.
  void add_codes() {
    std::map<Kind, std::size_t> counts;
    for (const Finding& finding : report_.findings) ++counts[finding.kind];
    std::vector<std::string> lines;
    for (const Effect effect : by_urgency)
      for (const auto& [kind, count] : counts)
        if (definition(kind).effect == effect)
          lines.push_back(row({std::string(definition(kind).code), name(name_of(effect, language_)),
                               fmt::format("{}", count), message_text(help_of(kind, language_))}));
    add_table({name(say("code", language_)), name(say("effect", language_)), name(say("findings", language_)),
               name(say("what to do", language_))},
              lines, say("codes", language_));
  }

  // --- findings --------------------------------------------------------------------------------------------------

  [[nodiscard]] std::string finding_line(const Finding& finding) const {
    const std::string subject = finding.rule.empty() ? finding.policy : finding.policy + " " + finding.rule;
    std::string message = message_text(message_of(finding, language_));
    if (const std::string hint = suggestion_of(finding, language_); !hint.empty()) message += "<br>" + message_text(hint);
    if (finding.accepted)
      message += fmt::format("<br>{}: {}", say("accepted", language_), message_text(finding.accepted->reason));
    return row(
        {std::string(definition(finding.kind).code), quoted(place_text(finding.place)), quoted(subject), message});
  }

  void add_findings() {
    std::map<Effect, std::vector<std::string>> fresh, accepted;
    for (const std::size_t at : findings_by_urgency(report_)) {
      const Finding& finding = report_.findings[at];
      (finding.accepted ? accepted : fresh)[finding.effect].push_back(finding_line(finding));
    }
    const std::vector<std::string> names = {name(say("code", language_)), name(say("place", language_)),
                                            name(say("rule", language_)), name(say("finding", language_))};
    for (const Effect effect : by_urgency) {
      const bool matters = effect != Effect::NoEffect && effect != Effect::Note;
      add_table(names, fresh[effect], name_of(effect, language_), matters && fresh[effect].size() <= most_open);
    }
    std::vector<std::string> all;
    for (const Effect effect : by_urgency) all.insert(all.end(), accepted[effect].begin(), accepted[effect].end());
    add_table(names, all, say("accepted", language_));
  }

  // --- policies and files ----------------------------------------------------------------------------------------

  [[nodiscard]] std::string tally(const Counts& counts) const {
    const std::pair<std::size_t, std::string_view> all[] = {{counts.same, say("same", language_)},
                                                            {counts.no_effect, say("no effect", language_)},
                                                            {counts.stricter, say("stricter", language_)},
                                                            {counts.looser, say("looser", language_)},
                                                            {counts.refused, say("refused", language_)}};
    std::vector<std::string> parts;
    for (const auto& [count, what] : all)
      if (count > 0) parts.push_back(fmt::format("{} {}", count, what));
    return fmt::format("{}", fmt::join(parts, ", "));
  }

  void add_policies() {
    std::vector<std::string> changed, unchanged;
    for (const PolicyOutcome& policy : report_.policies)
      (worst(policy) == Effect::Note ? unchanged : changed)
          .push_back(row({quoted(name_of(policy)), quoted(policy.kind),
                          policy.effect == Effect::Note ? "" : name(outcome_of(policy.effect, language_)),
                          tally(counts_of(policy))}));
    const std::vector<std::string> names = {name(say("policy", language_)), name(say("kind", language_)),
                                            name(say("as a whole", language_)), name(say("rules", language_))};
    add_table(names, changed, say("policies that change", language_));
    add_table(names, unchanged, say("policies that keep their meaning", language_));
  }

  void add_files() {
    if (report_.files.size() < 2) return;
    std::vector<std::string> lines;
    for (const FileOutcome& file : report_.files)
      lines.push_back(row(
          {quoted(file.name), fmt::format("{}", file.policies), tally(file.rules), fmt::format("{}", file.errors)}));
    add_table({name(say("file", language_)), name(say("policies", language_)), name(say("rules", language_)),
               name(say("errors", language_))},
              lines, say("files", language_));
  }

  const Report& report_;
  Language language_;
  std::string text_;
  std::size_t left_out_ = 0;
};

}  // namespace

std::string to_markdown(const Report& report, Language language) {
  return Comment(report, language).text();
}

}  // namespace policyconv::report
