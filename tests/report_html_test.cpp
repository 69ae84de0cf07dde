// The faces for people: HTML and Markdown. What a browser makes of the page is tested in tests/browser.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

#include "cli/report_extras.h"
#include "report/build.h"
#include "report/faces.h"
#include "report/html_assets.h"
#include "tests/compile.h"
#include "tests/sample_reports.h"

using namespace policyconv;
using report::Language;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

std::string html(const report::Report& report) {
  return report::to_html(report, Language::English);
}
std::string markdown(const report::Report& report) {
  return report::to_markdown(report, Language::English);
}

/// Without what the page brings along itself.
std::string without_assets(std::string page) {
  for (const std::string_view ours : {report::html::style_sheet.text(), report::html::script.text()}) {
    const std::size_t at = page.find(ours);
    REQUIRE(at != std::string::npos);
    page.erase(at, ours.size());
  }
  return page;
}

/// The tags of a page as the HTML standard's tokenizer sees them outside of scripts: from `<` and a letter to the next
/// `>` that is not inside quotes.
std::vector<std::string> tags(const std::string& page) {
  std::vector<std::string> found;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at)) {
    const std::size_t begin = at;
    for (char quote = 0; at < page.size(); ++at) {
      const char c = page[at];
      if (quote != 0)
        quote = c == quote ? '\0' : quote;
      else if (c == '"' || c == '\'')
        quote = c;
      else if (c == '>')
        break;
    }
    found.push_back(page.substr(begin, at + 1 - begin));
  }
  return found;
}

std::set<std::string> attributes(const std::string& tag) {
  std::set<std::string> names;
  const std::regex attribute(R"re(\s([^\s="'<>/]+)(?:="[^"]*")?)re");
  for (auto each = std::sregex_iterator(tag.begin(), tag.end(), attribute); each != std::sregex_iterator(); ++each)
    names.insert((*each)[1]);
  return names;
}

/// "sha256" of a text in base64, by the program of coreutils.
std::string hash_of(std::string_view text) {
  const std::string path = std::filesystem::temp_directory_path() / ("policyconv-hashed-" + std::to_string(::getpid()));
  std::ofstream(path, std::ios::binary) << text;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(("sha256sum " + path).c_str(), "r"), ::pclose);
  std::array<char, 65> hex{};
  REQUIRE(pipe != nullptr);
  REQUIRE(std::fread(hex.data(), 1, 64, pipe.get()) == 64);
  std::filesystem::remove(path);
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bits, base64;
  for (std::size_t at = 0; at < 64; ++at) {
    const int nibble = std::stoi(std::string(1, hex[at]), nullptr, 16);
    for (int bit = 3; bit >= 0; --bit) bits += ((nibble >> bit) & 1) != 0 ? '1' : '0';
  }
  bits += "00";
  for (std::size_t at = 0; at < bits.size(); at += 6) base64 += digits[std::stoul(bits.substr(at, 6), nullptr, 2)];
  return base64 + "=";
}

}  // namespace

TEST_CASE("the page lets nothing run but its own script, and asks no network for anything") {
  CHECK(report::html::style_hash.text() == hash_of(report::html::style_sheet.text()));
  CHECK(report::html::script_hash.text() == hash_of(report::html::script.text()));
  const std::string page = html(testing::hostile_report());
  CHECK(contains(page, "default-src &#39;none&#39;"));
  const std::set<std::string> loading = {"src", "srcset", "action", "style", "background", "poster", "data", "ping"};
  for (const std::string& tag : tags(without_assets(page)))
    for (const std::string& name : attributes(tag)) {
      INFO(tag.substr(0, 200));
      CHECK(loading.count(name) == 0);
      CHECK_FALSE(name.starts_with("on"));
      if (name == "href") CHECK(contains(tag, "href=\"#"));
    }
}

TEST_CASE("what users wrote is text in HTML, wherever it stands") {
  const std::string page = without_assets(html(testing::hostile_report()));
  // Only tags that a page without any hostile text has, too, and those of the parts that it lacks.
  std::set<std::string> ours, seen;
  const auto names = [](const std::string& text, std::set<std::string>& into) {
    for (const std::string& tag : tags(text)) into.insert(tag.substr(0, tag.find_first_of(" >")));
  };
  names(without_assets(html(testing::large_report(3))), ours);
  names(page, seen);
  for (const char* known : {"<dl",   "</dl",   "<dt",   "</dt",    "<dd",      "</dd",        "<svg",
                            "</svg", "<g",     "</g",   "<figure", "</figure", "<figcaption", "</figcaption",
                            "<text", "</text", "<rect", "</rect",  "<title",   "</title"})
    ours.insert(known);
  for (const std::string& name : seen) {
    INFO(name);
    CHECK(ours.count(name) == 1);
  }
  for (const char* raw :
       {"<script>document", "<img", "<svg onload", "</style><style>", "\xE2\x80\xAE", "\x1b", "\xFF"}) {
    INFO(raw);
    CHECK_FALSE(contains(page, raw));
  }
  CHECK(contains(page, "&lt;script&gt;document.title=&#39;mark&#39;&lt;/script&gt;"));
  CHECK(contains(page, "&amp;lt;mark&amp;gt; &amp;amp;"));
  CHECK(contains(page, "\\u{202e} mark \xD7\xA9"));
  CHECK(contains(page, "\xF0\x9F\x94\xA5 mark"));
}

TEST_CASE("every finding is on the page, up to a number that browsers bear") {
  const std::string page = html(testing::large_report(5000));
  for (std::size_t at = 0; at < 5000; ++at)
    if (!contains(page, fmt::format("finding number {}<", at))) FAIL("finding " << at << " is missing");
  CHECK_FALSE(contains(page, "more findings are left out"));
  const std::string larger = html(testing::large_report(10'500));
  CHECK(count(larger, "finding number ") == 10'000);
  CHECK(contains(larger, "… 500 more findings are left out here"));
  CHECK(contains(larger, "8500 more policies are left out here"));
  CHECK(larger.size() < 30'000'000);
}

TEST_CASE("links lead to elements that are there, and ids are unique") {
  const std::string page = html(testing::large_report(3));
  std::set<std::string> ids, targets;
  const std::regex id("\\sid=\"([^\"]+)\""), target("href=\"#([^\"]+)\"");
  for (auto each = std::sregex_iterator(page.begin(), page.end(), id); each != std::sregex_iterator(); ++each)
    CHECK(ids.insert((*each)[1]).second);
  for (auto each = std::sregex_iterator(page.begin(), page.end(), target); each != std::sregex_iterator(); ++each)
    targets.insert((*each)[1]);
  for (const char* wanted : {"f0", "p0", "p0r0", "p0r0s", "p0r0o"}) CHECK(ids.count(wanted) == 1);
  for (const std::string& each : targets) {
    INFO(each);
    CHECK(ids.count(each) == 1);
  }
}

TEST_CASE("a policy stands beside the objects that came of it, rule by rule") {
  const testing::Compiled run =
      testing::compile(testing::cnp("  endpointSelector: {matchLabels: {app: web}}\n"
                                    "  ingress:\n"
                                    "  - fromEndpoints: [{matchLabels: {app: db}}]\n"
                                    "    toPorts: [{ports: [{port: \"8080\", protocol: TCP}]}]\n"
                                    "  - fromCIDR: [192.0.2.0/24]\n",
                                    "web"),
                       testing::small_cluster);
  const std::vector<kubeovn::OutputFile> files = kubeovn::print(run.manifest, run.policies.catalog);
  report::Report made =
      report::make("migrate", {run.sources, run.policies.catalog, run.diagnostics, &run.manifest}, {});
  const std::array<std::uint32_t, 2> inputs{1, 2};
  cli::add_sources(made, run.sources, inputs);
  cli::add_artefacts(made, files, run.policies.catalog);
  REQUIRE(made.sources.size() == 1);  // the cluster has no policies
  CHECK(made.sources[0].first == "policies.yaml");

  // What a comment in the file says of a rule of an object, the links say of each of its lines.
  std::size_t linked = 0;
  for (const report::Artefact& artefact : made.artefacts) {
    std::vector<std::string> lines;
    std::istringstream text(artefact.text);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    std::size_t begin = 0;
    for (std::size_t at = 0; at < lines.size(); ++at) {
      const std::size_t first = lines[at].find_first_not_of(' ');
      if (lines[at].substr(std::min(first, lines[at].size())).starts_with("- ")) begin = at;
      const bool is_entry = lines[at].starts_with("      ") || lines[at].substr(first).starts_with("- ");
      std::string block;
      for (std::size_t line = begin; line < lines.size() && (line == begin || lines[line].starts_with("      "));
           ++line)
        block += lines[line] + "\n";
      for (std::size_t rule = 0; rule < 2; ++rule) {
        const bool is_linked = std::any_of(artefact.links.begin(), artefact.links.end(), [&](const auto& link) {
          return link.line == at + 1 && link.policy == 0 && link.rule == rule;
        });
        INFO(artefact.name << ":" << at + 1 << ": " << lines[at]);
        CHECK(is_linked == (is_entry && contains(block, fmt::format("spec.ingress[{}]", rule))));
        linked += is_linked;
      }
    }
  }
  CHECK(linked > 10);

  const std::string page = html(made);
  // The rule's two lines, the first of which leads to its objects.
  CHECK(contains(
      page, "<div class=\"l\" id=\"p0r0s\" data-r=\"0\"><a class=\"n\" href=\"#p0r0o\">7</a><code>  - fromEndpoints"));
  CHECK(contains(page, "<div class=\"l\" data-r=\"0\"><span class=\"n\">8</span><code>    toPorts"));
  CHECK(contains(page, "<div class=\"l\" id=\"p0r1s\" data-r=\"1\">"));
  CHECK(contains(page, "id=\"p0r0o\" data-r=\"0\"><a class=\"n\" href=\"#p0r0s\">"));
  CHECK(contains(page, "SecurityGroup "));
}

TEST_CASE("a comment fits, the worst comes first, and it says what it leaves out") {
  for (const std::size_t findings : {0U, 3U, 5000U}) {
    const std::string text = markdown(testing::large_report(findings));
    INFO(findings);
    CHECK(text.size() <= 65'536);
    CHECK(count(text, "<details") == count(text, "</details>"));
    CHECK(contains(text, "lines did not fit") == (findings == 5000));
    std::size_t last = 0;
    for (std::size_t at = 0; at < std::min<std::size_t>(findings, 3); ++at) {
      const std::size_t place = text.find(fmt::format("finding number {} |", at));  // refused, looser, stricter
      if (findings == 5000 && place == std::string::npos) break;
      REQUIRE(place != std::string::npos);
      CHECK(place > last);
      last = place;
    }
  }
  const std::string large = markdown(testing::large_report(5000));
  CHECK(large.size() > 60'000);
  std::smatch left_out;
  REQUIRE(std::regex_search(large, left_out, std::regex("_(\\d+) lines did not fit")));
  const std::size_t shown = count(large, "| finding number");
  CHECK(contains(large, "<summary>codes (5)</summary>"));
  CHECK(shown + std::stoul(left_out[1]) == 10'000);  // findings and policies
}

TEST_CASE("what users wrote is text in Markdown, and calls nobody") {
  const std::string text = markdown(testing::hostile_report());
  CHECK(text.size() <= 65'536);
  for (const char* part : {"\x1b", "\xFF", "\xE2\x80\xAE", "@mark", "](http", "\r"}) {
    // In code nothing is markup, and nobody is called.
    std::string outside;
    bool is_code = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '`')
        is_code = !is_code;
      else if (text[at] == '\\')
        ++at;  // escaped
      else if (!is_code)
        outside += text[at];
    }
    INFO(part);
    CHECK_FALSE(contains(outside, part));
    CHECK_FALSE(is_code);
  }
  const std::regex tag("(^|[^\\\\`])<(?!/?details|/?summary|br>|!-- -->)");
  std::istringstream lines(text);
  std::size_t columns = 0;
  for (std::string line; std::getline(lines, line);) {
    INFO(line.substr(0, 300));
    const std::string outside = std::regex_replace(line, std::regex("`[^`]*`"), "");
    CHECK_FALSE(std::regex_search(outside, tag));
    if (!line.starts_with("| ")) {
      columns = 0;
      continue;
    }
    // Nothing adds a cell.
    const std::string cells = std::regex_replace(line, std::regex("\\\\."), "");
    if (columns == 0) columns = count(cells, "|");
    CHECK(count(cells, "|") == columns);
  }
}

TEST_CASE("verdict and share kept come first") {
  report::Report report = testing::large_report(10);
  CHECK(markdown(report).starts_with(
      "## policyconv migrate: ❌ something was refused\n\nexit status 5 · 40.0 % of 10 rules kept "
      "identical\n"));
  CHECK(contains(html(report), "<title>policyconv migrate: something was refused</title>"));
  report = {};
  report.command = "verify";
  CHECK(markdown(report).starts_with("## policyconv verify: ✅ same meaning\n\nexit status 0\n"));
  CHECK(contains(html(report), "Nothing to tell"));
}

TEST_CASE("after errors the page counts no objects, and says why it has none") {
  report::Report report;
  report.command = "migrate";
  report.findings.emplace_back();
  report.findings.back().kind = testing::kind_with(Effect::Error);
  report.findings.back().effect = Effect::Error;
  report.status = 1;
  CHECK(contains(html(report), "<p>no objects were made</p>"));
  CHECK(contains(html(report), "bad input, or reading or writing failed"));
}
