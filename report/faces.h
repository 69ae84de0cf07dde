// A Report as text of some format. Each face escapes names of users for its own reader.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "report/model.h"

namespace policyconv::report {

/// docs/schemas/report-1.schema.json describes it; the only face that holds everything.
[[nodiscard]] std::string to_json(const Report& report);
/// What to_json() wrote. nullopt: `problem` says what is wrong and where.
[[nodiscard]] std::optional<Report> from_json(std::string_view text, std::string& problem);

/// SARIF 2.1.0, for code scanning.
[[nodiscard]] std::string to_sarif(const Report& report, Language language);
/// A test case for each rule; fails if the rule's finding makes the exit status fail.
[[nodiscard]] std::string to_junit(const Report& report, Language language);
/// GitLab's code quality report.
[[nodiscard]] std::string to_gitlab(const Report& report, Language language);
/// Workflow commands of GitHub Actions, one a line.
[[nodiscard]] std::string to_github(const Report& report, Language language);
/// For a comment in a pull request: at most 65,536 characters; what had to be left out is said.
[[nodiscard]] std::string to_markdown(const Report& report, Language language);
/// One file that needs no other.
[[nodiscard]] std::string to_html(const Report& report, Language language);

}  // namespace policyconv::report
