#include "report/baseline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "report/explanations.h"
#include "yaml/decode.h"
#include "yaml/tree.h"
#include "yaml/writer.h"

namespace policyconv::report {
namespace {

constexpr std::string_view api_version = "policyconv.io/v1", object_kind = "Baseline";
constexpr std::string_view undecided = "TODO", no_reason = "TODO: why", no_owner = "TODO: who";
constexpr std::array<Effect, 3> acceptable = {Effect::Stricter, Effect::Looser, Effect::Refused};

using Key = std::pair<Kind, std::string>;

/// Words apart by one blank each, in lower case: for texts that are meant to differ in more than blanks.
std::string normal(std::string_view text) {
  std::string words;
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_blank) words += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    else if (!words.empty() && words.back() != ' ') words += ' ';
  }
  if (words.ends_with(' ')) words.pop_back();
  return words;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto number = [&](std::size_t from, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(from, count)) {
      if (c < '0' || c > '9') return -1;
      value = 10 * value + (c - '0');
    }
    return value;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  return year > 0 && month > 0 && day > 0 &&
         std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
             .ok();
}

bool is_fingerprint(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class Decoder {
 public:
  Decoder(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics)
      : sources_(sources), file_(file), diagnostics_(diagnostics) {
    for (std::size_t at = 0; at < std::size(definitions); ++at)
      kinds_.emplace(definitions[at].code, static_cast<Kind>(at));
  }

  Baseline read() && {
    baseline_.file = sources_.name(file_);
    yaml::each_document(sources_, yaml::Part(file_), [&](const yaml::Node& node) { document(node); }, diagnostics_);
    if (!found_list_ && !diagnostics_.has_errors())
      diagnostics_.report<Kind::BaselineFieldMissing>({file_, 0, 0}, "the baseline", "accepted");
    return std::move(baseline_);
  }

 private:
  void document(const yaml::Node& node) {
    std::string version, kind;
    const auto into = [&](std::string& value, std::string_view what) {
      return [&, what](const yaml::Node& text) { value = decode::string(text, what, diagnostics_).value_or(""); };
    };
    decode::mapping(node, "the baseline",
                    {{"apiVersion", into(version, "apiVersion")},
                     {"kind", into(kind, "kind")},
                     {"accepted",
                      [&](const yaml::Node& list) {
                        found_list_ = true;
                        decode::sequence(
                            list, "accepted", [&](const yaml::Node& item, std::size_t at) { add(item, at); },
                            diagnostics_);
                      }}},
                    diagnostics_);
    if (node.shape != yaml::Shape::Mapping) return;
    if (kind != object_kind) bad(node.loc, "kind", kind, fmt::format("`{}`", object_kind));
    else if (version != api_version) bad(node.loc, "apiVersion", version, fmt::format("`{}`", api_version));
  }

  void add(const yaml::Node& item, std::size_t number) {
    const std::string what = fmt::format("accepted[{}]", number);
    const std::size_t before = diagnostics_.all().size();
    std::map<std::string_view, Text> fields;
    std::vector<decode::Field> rows;
    for (const std::string_view name :
         {"code", "fingerprint", "effect", "policy", "rule", "file", "message", "reason", "owner", "expires"})
      rows.push_back({name, [&, name](const yaml::Node& value) {
                        // A fingerprint may happen to be a number.
                        const auto read = name == "fingerprint" ? decode::text_or_number : decode::text;
                        if (auto text = read(value, fmt::format("{}.{}", what, name), diagnostics_))
                          fields[name] = *std::move(text);
                      }});
    decode::mapping(item, what, rows, diagnostics_);
    if (diagnostics_.all().size() != before) return;
    for (const std::string_view name : {"code", "fingerprint", "effect", "reason", "owner"})
      if (normal(fields[name].value).empty()) diagnostics_.report<Kind::BaselineFieldMissing>(item.loc, what, name);
    if (diagnostics_.all().size() != before) return;
    BaselineEntry entry = checked(what, fields);
    entry.loc = item.loc;
    if (diagnostics_.all().size() == before) keep(std::move(entry));
  }

  BaselineEntry checked(const std::string& what, std::map<std::string_view, Text>& fields) {
    BaselineEntry entry;
    const auto refuse = [&](std::string_view name, std::string_view wanted) {
      bad(fields[name].loc, fmt::format("{}.{}", what, name), fields[name].value, wanted);
    };
    const auto kind = kinds_.find(fields["code"].value);
    if (kind == kinds_.end()) refuse("code", "a code that `policyconv explain` lists");
    else if (definition(kind->second).effect == Effect::Error)
      diagnostics_.report<Kind::BaselineOfError>(fields["code"].loc, fields["code"].value);
    else entry.kind = kind->second;
    entry.fingerprint = fields["fingerprint"].value;
    if (!is_fingerprint(entry.fingerprint)) refuse("fingerprint", "16 digits of 0-9 and a-f");
    const auto* effect = std::find_if(acceptable.begin(), acceptable.end(), [&](Effect candidate) {
      return to_string(candidate) == fields["effect"].value;
    });
    if (effect == acceptable.end()) refuse("effect", "stricter, looser or refused");
    else entry.effect = *effect;
    for (const std::string_view name : {"reason", "owner"})
      if (normal(fields[name].value).starts_with(normal(undecided)))
        diagnostics_.report<Kind::BaselineUndecided>(fields[name].loc, fmt::format("{}.{}", what, name),
                                                     yaml::excerpt(fields[name].value));
    entry.expires = fields["expires"].value;
    if (!entry.expires.empty() && !is_date(entry.expires)) refuse("expires", "a date like 2027-03-31");
    entry.reason = fields["reason"].value;
    entry.owner = fields["owner"].value;
    entry.reason_loc = fields["reason"].loc;
    entry.expires_loc = fields["expires"].loc;
    std::vector<std::string> about;
    for (const std::string_view name : {"policy", "rule", "file"})
      if (!fields[name].value.empty()) about.push_back((name == "file" ? "in " : "") + fields[name].value);
    entry.about = fmt::format("{}", fmt::join(about, " "));
    return entry;
  }

  void keep(BaselineEntry entry) {
    const auto [known, added] = lines_.emplace(Key{entry.kind, entry.fingerprint}, entry.loc.line);
    if (added) baseline_.entries.push_back(std::move(entry));
    else
      diagnostics_.report<Kind::BaselineTwice>(entry.loc, definition(entry.kind).code, entry.fingerprint, known->second);
  }

  void bad(Loc where, std::string_view what, std::string_view value, std::string_view wanted) {
    diagnostics_.report<Kind::BaselineBadValue>(where, what, yaml::excerpt(value), wanted);
  }

  const Sources& sources_;
  std::uint32_t file_;
  Diagnostics& diagnostics_;
  std::map<std::string_view, Kind> kinds_;
  std::map<Key, std::uint32_t> lines_;
  Baseline baseline_;
  bool found_list_ = false;
};

/// What an entry is about, behind a message; empty if it does not say.
std::string remembered(const BaselineEntry& entry) {
  return entry.about.empty() ? std::string() : fmt::format("; it was about {}", yaml::excerpt(entry.about));
}

class Applier {
 public:
  Applier(const Baseline& baseline, std::string_view today, Diagnostics& diagnostics)
      : baseline_(baseline), today_(today), diagnostics_(diagnostics), found_(baseline.entries.size()) {
    for (std::size_t at = 0; at < baseline.entries.size(); ++at) {
      const BaselineEntry& entry = baseline.entries[at];
      entries_.emplace(Key{entry.kind, entry.fingerprint}, at);
      reasons_[normal(entry.reason)].push_back(at);
    }
  }

  void accept(Finding& finding) {
    const auto entry = entries_.find({finding.kind, finding.fingerprint});
    if (entry == entries_.end() || finding.effect == Effect::Error) return;
    const BaselineEntry& accepting = baseline_.entries[entry->second];
    found_[entry->second] = true;
    if (is_expired(accepting)) return;
    if (finding.effect != accepting.effect) {
      diagnostics_.report<Kind::BaselineOtherEffect>(accepting.loc, code(accepting), accepting.fingerprint,
                                                     to_string(accepting.effect), to_string(finding.effect));
      return;
    }
    if (finding.effect == Effect::Looser && shares_its_reason(entry->second)) return;
    finding.accepted = {baseline_.file, accepting.reason, accepting.owner, accepting.expires};
  }

  void finish(bool knows_all) {
    for (std::size_t at = 0; at < baseline_.entries.size(); ++at) {
      const BaselineEntry& entry = baseline_.entries[at];
      if (is_expired(entry)) {
        const std::string still = found_[at] ? ", and the finding is still there" : knows_all ? ", and the finding is gone" : "";
        diagnostics_.report<Kind::BaselineExpired>(entry.expires_loc, code(entry), entry.fingerprint, entry.expires, still);
      } else if (!found_[at] && knows_all) {
        diagnostics_.report<Kind::BaselineStale>(entry.loc, code(entry), entry.fingerprint, remembered(entry));
      }
    }
  }

 private:
  static std::string_view code(const BaselineEntry& entry) { return definition(entry.kind).code; }
  [[nodiscard]] bool is_expired(const BaselineEntry& entry) const {
    return !entry.expires.empty() && entry.expires < today_;
  }

  bool shares_its_reason(std::size_t at) {
    const BaselineEntry& entry = baseline_.entries[at];
    const std::vector<std::size_t>& same = reasons_[normal(entry.reason)];
    if (same.size() < 2) return false;
    const BaselineEntry& other = baseline_.entries[same.front() == at ? same[1] : same.front()];
    diagnostics_.report<Kind::BaselineSharedReason>(entry.reason_loc, code(entry), entry.fingerprint, other.reason_loc.line);
    return true;
  }

  const Baseline& baseline_;
  std::string_view today_;
  Diagnostics& diagnostics_;
  std::vector<bool> found_;
  std::map<Key, std::size_t> entries_;
  std::map<std::string, std::vector<std::size_t>> reasons_;
};

}  // namespace

Baseline read_baseline(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  return Decoder(sources, file, diagnostics).read();
}

void apply(const Baseline& baseline, Report& report, std::string_view today, bool is_whole, Diagnostics& diagnostics) {
  Applier applier(baseline, today, diagnostics);
  for (Finding& finding : report.findings) applier.accept(finding);
  applier.finish(is_whole && !has_errors(report));
}

std::string print_baseline(const Report& report) {
  yaml::Writer writer;
  writer.remark("Findings of policyconv that are accepted. Each needs a reason and an owner; entries that are not found any");
  writer.remark("more, or have expired (expires: 2027-03-31), fail.");
  writer.begin_document(api_version, object_kind);
  writer.key("accepted");
  writer.begin_list();
  for (const Finding& finding : report.findings) {
    if (std::find(acceptable.begin(), acceptable.end(), finding.effect) == acceptable.end()) continue;
    if (finding.effect < report.fail_on && !finding.accepted) continue;
    const Acceptance accepted = finding.accepted.value_or(Acceptance{{}, std::string(no_reason), std::string(no_owner), {}});
    writer.begin_map();
    writer.pair("code", definition(finding.kind).code);
    const auto pair = [&](std::string_view name, std::string_view value) {
      if (!value.empty()) writer.pair(name, value);
    };
    pair("fingerprint", finding.fingerprint);
    pair("effect", to_string(finding.effect));
    pair("policy", finding.policy);
    pair("rule", finding.rule);
    pair("file", finding.place.file);
    pair("message", finding.message);
    pair("reason", accepted.reason);
    pair("owner", accepted.owner);
    pair("expires", accepted.expires);
    writer.end_map();
  }
  writer.end_list();
  writer.end_document();
  return writer.take();
}

}  // namespace policyconv::report
