// Single words of verify/flow_syntax.h. Part of verify/flow_parse.cpp, without the grammar.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verify/flow_syntax.h"
#include "verify/traffic.h"

namespace policyconv::verify {

/// A name, key or value: not empty, and without what has a meaning of its own.
[[nodiscard]] bool is_plain(std::string_view name);
/// "app=web", "app==web", "app!=web", "app=*", "!app"; nullopt for anything else.
[[nodiscard]] std::optional<LabelTerm> condition_word(const std::string& text);
/// "any", "tcp", "tcp/80", "udp/5000-6000", "icmp/8"; nullopt and why for anything else.
[[nodiscard]] std::optional<Traffic> traffic_word(std::string_view text, std::string& why);

}  // namespace policyconv::verify
