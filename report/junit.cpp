// Entrance: to_junit(). A suite for each file, a case for each rule of its policies.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <pugixml.hpp>
#include <tuple>

#include "report/build.h"
#include "report/faces.h"
#include "report/headline.h"
#include "report/language.h"
#include "report/machine.h"
#include "report/terminal.h"

namespace policyconv::report {
namespace {

/// XML 1.0 has no control characters, not even escaped ones; of those that printable() leaves it forbids two more.
std::string xml(std::string_view text) {
  std::string shown = printable(text);
  for (const auto& [bytes, escape] : {std::pair{"\xEF\xBF\xBE", "\\u{fffe}"}, std::pair{"\xEF\xBF\xBF", "\\u{ffff}"}})
    for (std::size_t at = shown.find(bytes); at != std::string::npos; at = shown.find(bytes, at))
      shown.replace(at, 3, escape);
  return shown;
}

struct Case {
  std::string classname, name;
  Effect effect = Effect::Note;
  std::vector<const Finding*> findings;  // in the order of the report
};

enum class Result : std::uint8_t { Passed, Skipped, Failed, Error };

class Suites {
 public:
  Suites(const Report& report, Language language)
      : report_(report), language_(language), is_taken_(report.findings.size()) {
    for (const FileOutcome& file : report.files) suites_[file.name];
    for (const PolicyOutcome& policy : report.policies) add_policy(policy);
    add_others();
  }

  [[nodiscard]] std::string text() const {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    pugi::xml_node all = document.append_child("testsuites");
    all.append_attribute("name") = xml(fmt::format("policyconv {}", report_.command)).c_str();
    std::map<Result, std::size_t> totals;
    std::size_t tests = 0;
    for (const auto& [file, cases] : suites_) {
      // Only what has no file stands under the empty name.
      pugi::xml_node suite = all.append_child("testsuite");
      suite.append_attribute("name") = file.empty() ? "policyconv" : xml(file).c_str();
      std::map<Result, std::size_t> counts;
      for (const Case& each : cases) ++counts[result_of(each)];
      add_counts(suite, cases.size(), counts);
      suite.append_attribute("skipped") = counts[Result::Skipped];
      for (const Case& each : cases) add_case(suite, each);
      for (const auto& [result, count] : counts) totals[result] += count;
      tests += cases.size();
    }
    add_counts(all, tests, totals);
    return printed(document);
  }

 private:
  void add_policy(const PolicyOutcome& policy) {
    std::vector<Case>& cases = suites_[policy.place.file];
    const std::string classname = fmt::format("{} {}", policy.kind, name_of(policy));
    if (!policy.findings.empty())
      cases.push_back(
          {classname, std::string(say("the policy as a whole", language_)), policy.effect, taken(policy.findings)});
    for (const RuleOutcome& rule : policy.rules)
      cases.push_back({classname, rule.path, rule.effect, taken(rule.findings)});
  }

  /// Findings about files, cluster objects and the run.
  void add_others() {
    for (std::size_t at = 0; at < report_.findings.size(); ++at) {
      if (is_taken_[at]) continue;
      const Finding& finding = report_.findings[at];
      suites_[finding.place.file].push_back(
          {finding.place.file.empty() ? "policyconv" : finding.place.file,
           fmt::format("{}: {}", definition(finding.kind).code, lines_of(finding, language_).front()),
           finding.effect,
           {&finding}});
    }
  }

  std::vector<const Finding*> taken(const std::vector<std::size_t>& numbers) {
    std::vector<const Finding*> findings;
    for (const std::size_t at : numbers) {
      is_taken_[at] = true;
      findings.push_back(&report_.findings[at]);
    }
    return findings;
  }

  [[nodiscard]] Result result_of(const Case& each) const {
    Result result = each.effect == Effect::Note ? Result::Passed : Result::Skipped;
    for (const Finding* finding : each.findings) {
      if (finding->effect == Effect::Error) return Result::Error;
      if (fails(*finding, report_.fail_on)) result = Result::Failed;
    }
    return result;
  }

  void add_case(pugi::xml_node& suite, const Case& each) const {
    pugi::xml_node node = suite.append_child("testcase");
    node.append_attribute("classname") = xml(each.classname).c_str();
    node.append_attribute("name") = xml(each.name).c_str();
    switch (result_of(each)) {
      case Result::Passed:
        return;
      case Result::Skipped:
        return explain(node.append_child("skipped"), each);
      case Result::Failed:
        return explain(node.append_child("failure"), each);
      case Result::Error:
        return explain(node.append_child("error"), each);
    }
  }

  /// The worst finding as the message, all of them as the text.
  void explain(pugi::xml_node node, const Case& each) const {
    if (each.findings.empty()) {
      node.append_attribute("message") = std::string(say("Cilium does not enforce this policy", language_)).c_str();
      return;
    }
    const Finding& worst = *worst_of(each.findings);
    node.append_attribute("type") = std::string(definition(worst.kind).code).c_str();
    node.append_attribute("message") = xml(lines_of(worst, language_).front()).c_str();
    std::string text;
    for (const Finding* finding : each.findings) {
      const std::string where = place_text(finding->place);
      text += fmt::format("\n{}{}{}[{}]", xml(where), where.empty() ? "" : ": ", name_of(finding->effect, language_),
                          definition(finding->kind).code);
      std::string_view before = ": ";
      for (const std::string& line : lines_of(*finding, language_)) {
        text += fmt::format("{}{}", before, xml(line));
        before = "\n    ";
      }
    }
    node.append_child(pugi::node_pcdata).set_value((text + "\n").c_str());
  }

  /// What fails comes before what does not, e.g. because somebody accepts it.
  [[nodiscard]] const Finding* worst_of(const std::vector<const Finding*>& findings) const {
    const auto weight = [&](const Finding& finding) {
      return std::tuple(finding.effect == Effect::Error, fails(finding, report_.fail_on), finding.effect);
    };
    return *std::max_element(findings.begin(), findings.end(),
                             [&](const Finding* a, const Finding* b) { return weight(*a) < weight(*b); });
  }

  static void add_counts(pugi::xml_node& node, std::size_t tests, std::map<Result, std::size_t>& counts) {
    node.append_attribute("tests") = tests;
    node.append_attribute("failures") = counts[Result::Failed];
    node.append_attribute("errors") = counts[Result::Error];
  }

  static std::string printed(const pugi::xml_document& document) {
    struct Text : pugi::xml_writer {
      std::string text;
      void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
    } writer;
    document.save(writer, "  ", pugi::format_default, pugi::encoding_utf8);
    return writer.text;
  }

  const Report& report_;
  Language language_;
  std::vector<bool> is_taken_;
  std::map<std::string, std::vector<Case>> suites_;  // by file
};

}  // namespace

std::string to_junit(const Report& report, Language language) {
  return Suites(report, language).text();
}

}  // namespace policyconv::report
