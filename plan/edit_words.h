// Words about edits that the report and the plan share.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace policyconv::plan {

/// "1 pod", "3 pods".
[[nodiscard]] inline std::string count_of(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// "a, b, c and 4 more".
[[nodiscard]] inline std::string first_of(const std::vector<std::string>& all) {
  const std::size_t shown = std::min<std::size_t>(3, all.size());
  std::string text = fmt::format("{}", fmt::join(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (all.size() > shown) text += fmt::format(" and {} more", all.size() - shown);
  return text;
}

}  // namespace policyconv::plan
