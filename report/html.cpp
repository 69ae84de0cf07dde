// Entrance: to_html().
#include <fmt/format.h>

#include <algorithm>

#include "report/faces.h"
#include "report/headline.h"
#include "report/html_assets.h"
#include "report/html_parts.h"

namespace policyconv::report {
namespace {

using namespace html;

struct Share {
  Effect effect;
  std::size_t count;
};

std::vector<Share> shares_of(const Counts& counts) {
  return {{Effect::Note, counts.same},
          {Effect::NoEffect, counts.no_effect},
          {Effect::Stricter, counts.stricter},
          {Effect::Looser, counts.looser},
          {Effect::Refused, counts.refused}};
}

/// A section with a heading that others can link to; nothing if it is empty.
Html section(std::string_view id, std::string_view title, const Html& content) {
  if (content.empty()) return {};
  Html all = element("h2", text(title));
  all += content;
  return element("section", {{"id", std::string(id)}}, all);
}

class Builder {
 public:
  Builder(const Report& report, Language language) : page_(report, language), report_(report), language_(language) {}

  [[nodiscard]] Html page() const {
    Html main = section("totals", say("Totals", language_), totals());
    main += section("findings", say("Findings", language_), findings_part(page_));
    main += section("policies", say("Policies and objects", language_),
                    report_.policies.empty() ? Html() : policies_part(page_));
    main += section("groups", say("SecurityGroups to bind", language_), groups());
    main += section("matrix", say("Who reaches whom", language_), matrix_part(page_));
    main += section("codes", say("Codes", language_), codes_part(page_));
    main += section("files", say("Files", language_), files());
    Html body = link("findings", text(say("Skip to the findings", language_)), {{"class", "skip"}});
    body += element("header", header());
    body += navigation();
    body += element("main", main);
    body += element("footer", footer());
    body += element("script", literal(script));
    Html all = literal("<!DOCTYPE html>\n");
    Html document = element("head", head());
    document += element("body", body);
    all += element("html", {{"lang", language_ == Language::Chinese ? "zh-CN" : "en"}}, document);
    all += literal("\n");
    return all;
  }

 private:
  [[nodiscard]] std::string title() const { return fmt::format("policyconv {}", report_.command); }

  [[nodiscard]] Html head() const {
    const std::string policy = fmt::format(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; "
        "base-uri 'none'; form-action 'none'",
        style_hash.text(), script_hash.text());
    Html all = opened("meta", {{"charset", "utf-8"}});
    all += opened("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", policy}});
    all += opened("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
    all += opened("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
    all += element("title", text(fmt::format("{}: {}", title(), verdict_of(report_, language_))));
    all += element("style", literal(style_sheet));
    return all;
  }

  [[nodiscard]] Html header() const {
    Html line = element("h1", text(title()));
    // The script shows it.
    line += element("button", {{"type", "button"}, {"id", "theme"}, {"aria-pressed", "false"}, {"hidden", ""}},
                    text(say("Dark", language_)));
    Html all = classed("div", "title", line);
    const Effect severity = severity_of(report_);
    Html verdict = element("strong", badge(class_of(severity), sign_of(severity), verdict_of(report_, language_)));
    verdict += element("span", text(fmt::format("{} {}", say("exit status", language_), report_.status)));
    if (const std::string kept = kept_text(report_, language_); !kept.empty()) verdict += element("span", text(kept));
    all +=
        classed("div", fmt::format("verdict {}", severity == Effect::Error ? "refused" : class_of(severity)), verdict);
    all += settings();
    return all;
  }

  [[nodiscard]] Html settings() const {
    Html all;
    for (const auto& [name, value] : report_.settings) {
      Html pair = element("dt", text(name));
      pair += element("dd", text(value));
      all += element("div", pair);
    }
    return all.empty() ? all : classed("dl", "settings", all);
  }

  [[nodiscard]] Html navigation() const {
    Html items;
    const auto item = [&](std::string_view id, std::string_view title) {
      items += element("li", link(id, text(title)));
    };
    item("totals", say("Totals", language_));
    item("findings", say("Findings", language_));
    if (!report_.policies.empty()) item("policies", say("Policies and objects", language_));
    if (report_.matrix) item("matrix", say("Who reaches whom", language_));
    if (!report_.findings.empty()) item("codes", say("Codes", language_));
    if (!report_.files.empty()) item("files", say("Files", language_));
    return element("nav", {{"aria-label", std::string(say("Sections", language_))}}, element("ul", items));
  }

  // --- totals ----------------------------------------------------------------------------------------------------

  [[nodiscard]] Html totals() const {
    const Counts counts = counts_of(report_);
    Html all;
    if (counts.rules() > 0) all += bar(counts);
    Html items;
    for (const Share& share : shares_of(counts)) {
      Html item = outcome_badge(share.effect, language_);
      item += text(fmt::format(" {}", share.count));
      items += element("li", item);
    }
    all += classed("ul", "legend", items);
    Html made = counted_text(report_.policies.size(), "policy", "policies", language_);
    made += text(", ");
    made += counted_text(counts.rules(), "rule", "rules", language_);
    if (report_.generated) {
      made += text(" → ");
      made += counted_text(report_.generated->security_groups, "SecurityGroup",
                           "SecurityGroups", language_);
      made += text(", ");
      made += counted_text(report_.generated->subnets, "Subnet", "Subnets", language_);
      made += text(", ");
      made += counted_text(report_.generated->bound_pods, "pod bound", "pods bound", language_);
    }
    if (has_errors(report_) && !report_.generated) made = text(say("no objects were made", language_));
    all += element("p", made);
    return all;
  }

  /// A picture of what the list below says in numbers.
  [[nodiscard]] static Html bar(const Counts& counts) {
    constexpr std::size_t width = 1000;
    Html all;
    std::size_t before = 0;
    for (const Share& share : shares_of(counts)) {
      if (share.count == 0) continue;
      const std::size_t x = width * before / counts.rules(), end = width * (before + share.count) / counts.rules();
      all += element("rect",
                     {{"class", std::string(class_of(share.effect))},
                      {"x", fmt::format("{}", x)},
                      {"y", "0"},
                      {"width", fmt::format("{}", end - x)},
                      {"height", "20"}},
                     {});
      before += share.count;
    }
    return element(
        "svg", {{"class", "bar"}, {"viewBox", "0 0 1000 20"}, {"preserveAspectRatio", "none"}, {"aria-hidden", "true"}},
        all);
  }

  // --- the rest --------------------------------------------------------------------------------------------------

  [[nodiscard]] Html files() const {
    if (report_.files.empty()) return {};
    Html rows;
    for (std::size_t at = 0; at < std::min(report_.files.size(), most_policies); ++at) {
      const FileOutcome& file = report_.files[at];
      std::vector<Html> cells = {element("code", text(file.name)), text(fmt::format("{}", file.policies))};
      for (const Share& share : shares_of(file.rules)) cells.push_back(text(fmt::format("{}", share.count)));
      cells.push_back(text(fmt::format("{}", file.errors)));
      rows += row("td", cells);
    }
    Html all = table(
        {say("file", language_), say("policies", language_), say("same", language_), say("no effect", language_),
         say("stricter", language_), say("looser", language_), say("refused", language_), say("errors", language_)},
        rows);
    if (report_.files.size() > most_policies)
      all +=
          element("p", counted_text(report_.files.size() - most_policies, "more file is left out here",
                                    "more files are left out here", language_));
    return all;
  }

  /// Where no cluster tells which pods to bind.
  [[nodiscard]] Html groups() const {
    if (report_.groups.empty()) return {};
    Html rows, about = text(say("For the pods' annotation", language_));
    about += text(" ");
    about += element("code", text("ovn.kubernetes.io/security_groups"));
    for (const auto& [name, selector] : report_.groups)
      rows += row("td", {element("code", text(name)), text(selector)});
    Html all = element("p", about);
    all += table({say("SecurityGroup", language_), say("pods", language_)}, rows);
    return all;
  }

  [[nodiscard]] Html footer() const {
    return classed("p", "small muted", text(fmt::format("policyconv {}", report_.version)));
  }

  Page page_;
  const Report& report_;
  Language language_;
};

}  // namespace

std::string to_html(const Report& report, Language language) {
  return Builder(report, language).page().markup();
}

}  // namespace policyconv::report
