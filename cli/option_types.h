// Options whose values have a type of their own: choices, versions, addresses, codes, packets. Each refuses what it cannot
// read with what is allowed.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/options.h"
#include "ir/address.h"

namespace policyconv::cli {

[[noreturn]] void refuse(const std::string& option, const std::string& problem);

template <typename T>
using Choice = std::pair<std::string_view, T>;

template <typename T, std::size_t Count, typename Value>
void add_choice(CLI::App& command, const std::string& name, const std::array<Choice<T>, Count>& choices, Value& value) {
  command.add_option_function<std::string>(name, [name, &choices, &value](const std::string& text) {
    const auto found = std::find_if(choices.begin(), choices.end(), [&](const auto& c) { return c.first == text; });
    std::vector<std::string_view> names;
    for (const auto& choice : choices) names.push_back(choice.first);
    if (found == choices.end()) refuse(name, fmt::format("`{}` is none of {}", text, fmt::join(names, ", ")));
    value = found->second;
  });
}

void add_minor_version(CLI::App& command, const std::string& name, int first, int last, int& value);
CLI::Option* add_list(CLI::App& command, const std::string& name,
                      std::function<void(const std::vector<std::string>&)> read);
void add_cidrs(CLI::App& command, const std::string& name, std::vector<Cidr>& value);
void add_addresses(CLI::App& command, const std::string& name, std::vector<Address>& value);
void add_codes(CLI::App& command, const std::string& name, std::vector<std::string>& value);
void add_packet(CLI::App& command, const std::string& name, PacketKind& value);
/// Comma lists, repeatable; each is one value.
void add_lists(CLI::App& command, const std::string& name, std::vector<std::vector<std::string>>& value);
template <typename Number>
void add_number(CLI::App& command, const std::string& name, std::size_t least, std::size_t most, Number& value) {
  command.add_option_function<std::string>(name, [=, &value](const std::string& text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
      refuse(name.substr(name.find("--")), fmt::format("`{}` is no number from {} to {}", text, least, most));
    value = static_cast<Number>(number);
  });
}
/// FACE=FILE, repeatable.
void add_report_files(CLI::App& command, const std::string& name, std::vector<ReportFile>& value);

}  // namespace policyconv::cli
