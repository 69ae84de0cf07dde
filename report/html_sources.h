// Where policies and rules end in the files they were written in; only their beginnings are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "report/model.h"

namespace policyconv::report::html {

/// Lines `first` to `last` of a file, from 1; `last` < `first`: none.
struct LineRange {
  std::uint32_t first = 1, last = 0;
};

[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

class PolicySources {
 public:
  /// `report` must outlive the object.
  explicit PolicySources(const Report& report);

  /// nullptr: the report does not have that file.
  [[nodiscard]] const std::vector<std::string_view>* lines(const PolicyOutcome& policy) const;
  /// By indentation: what is less indented than the policy, or begins a document or the next policy, is no part of it.
  [[nodiscard]] LineRange range(const PolicyOutcome& policy) const;
  [[nodiscard]] LineRange range(const PolicyOutcome& policy, const RuleOutcome& rule) const;

 private:
  std::map<std::string_view, std::vector<std::string_view>> lines_;    // by file
  std::map<std::string_view, std::vector<std::uint32_t>> beginnings_;  // of policies, by file
};

}  // namespace policyconv::report::html
