// A help page as a manual page. Entrance: man_page().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "packaging/help_page.h"

namespace policyconv::packaging {

/// roff for man(7) of groff and mandoc. `all` are the pages to refer to; `version` stands in the footer. No date, which
/// would make two builds differ.
[[nodiscard]] std::string man_page(const HelpPage& page, const std::vector<HelpPage>& all, std::string_view version);

/// "policyconv migrate" as "policyconv-migrate", the name of its page; "policyconv report merge" as "policyconv-report".
[[nodiscard]] std::string man_name(const HelpPage& page);

}  // namespace policyconv::packaging
