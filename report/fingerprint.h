// What a finding is known by from run to run, in baselines and in the eyes of code scanners. Entrance: add_fingerprints().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/source.h"
#include "report/model.h"

namespace policyconv::report {

/// 16 hex digits, the same everywhere and for ever.
[[nodiscard]] std::string digest(std::string_view text);

/// The digest of what is written for the value that begins at `text` in column `column` (from 1): the rest of a block, or
/// all within the brackets; no more than the document. Comments in lines of their own, indentation and blank lines have no part in it.
[[nodiscard]] std::string digest_of_value(std::string_view text, std::uint32_t column);

/// Says the same of the same finding about the same rule as it is written, wherever that stands in its file. Two that are
/// equal in all of this are numbered in their order: nobody could tell them apart. `rules`: the digest of the rule of each
/// finding, of a looser one that of its policy, too; or empty.
void add_fingerprints(std::vector<Finding>& findings, const std::vector<std::string>& rules, const Sources& sources);

}  // namespace policyconv::report
