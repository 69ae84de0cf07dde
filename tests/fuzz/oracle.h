// What must be true of any result. Ends the program by abort() if it is not, after a line that says what.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/address.h"

namespace policyconv::fuzz {

[[noreturn]] void fail(std::string_view what);

/// minimal_cover() and subtract() against contains(), at both bounds of every prefix and beside them.
void check_cover(const std::vector<Cidr>& whole, const std::vector<Cidr>& holes);

/// The whole way of `migrate`: objects that are written read back as they were, the same input gives the same bytes, and
/// without a finding that says so nothing passes that the policies deny, between any two pods of the dump.
void check_migration(const std::string& policies, const std::string& cluster);

}  // namespace policyconv::fuzz
