#include "packaging/completion.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "cli/options.h"
#include "ir/diagnostics.h"

namespace policyconv::packaging {
namespace {

/// What stands in `text` between `begin` and `end`, or to the end of the line.
std::optional<std::string> between(const std::string& text, std::string_view begin, std::string_view end) {
  const std::size_t first = text.find(begin);
  if (first == std::string::npos) return std::nullopt;
  const std::size_t from = first + begin.size();
  return text.substr(from, std::min(text.find(end, from), text.find('\n', from)) - from);
}

/// "1.14 to 1.20" as each of them.
std::vector<std::string> versions_of(const std::string& range) {
  constexpr std::string_view major = "1.";
  const std::vector<std::string> ends = split(range, " to ");
  std::vector<std::string> versions;
  for (int minor = std::stoi(ends.front().substr(major.size())); minor <= std::stoi(ends.back().substr(major.size())); ++minor)
    versions.push_back(std::string(major) + std::to_string(minor));
  return versions;
}

/// The parser names what it would have taken when it gets something that nobody can mean.
std::vector<std::string> words_taken(const std::string& command, const std::string& option) {
  const std::string nonsense = "?";
  std::vector<std::string> args = split(command, " ");
  args.insert(args.end(), {option, nonsense});
  const cli::Request request = cli::parse_command_line(std::move(args));
  const auto* answer = std::get_if<cli::Answer>(&request);
  if (answer == nullptr || answer->text.find("`" + nonsense + "` is n") == std::string::npos) return {};
  if (const auto range = between(answer->text, "` is not one of ", "\n")) return versions_of(*range);
  if (const auto codes = between(answer->text, "; these are: ", "\n")) return split(*codes, ", ");
  if (const auto words = between(answer->text, "` is none of ", " and their like")) return split(*words, ", ");
  return {};
}

Value files_or_nothing(std::string_view placeholder) {
  const std::string_view kind = placeholder.substr(0, placeholder.find("..."));
  if (kind == "PATH" || kind == "FILE" || kind == "FLOWS") return {Offer::Files, {}};
  if (kind == "DIR") return {Offer::Directories, {}};
  return {};
}

Value value_of(const std::string& command, const std::string& option, const std::string& placeholder) {
  std::vector<std::string> words = words_taken(command, option);
  if (words.empty()) return files_or_nothing(placeholder);
  if (placeholder.ends_with("=FILE"))
    for (std::string& word : words) word += '=';
  return {Offer::Words, std::move(words)};
}

/// So much of `text` as fits beside a name.
std::string in_short(const std::string& text) {
  constexpr std::size_t width = 60;
  std::string first = text.substr(0, std::min(text.find(" ("), text.find("; ")));
  if (first.size() > width) first = first.substr(0, first.rfind(' ', width)) + " ...";
  return first;
}

/// "-o, --output DIR" is one option; "--pod-cidr, --node-cidr CIDR; --node-local-dns IP" are three.
void add_options(const std::string& command, const Entry& entry, std::vector<Option>& options) {
  for (const std::string& part : split(entry.term, "; ")) {
    const std::size_t space = part.find(' ', part.rfind("--"));
    const std::string shared = space == std::string::npos ? "" : part.substr(space + 1);
    std::string other;  // "-o" of the next long name
    for (const std::string& item : split(part, ", ")) {
      const std::string name = item.substr(0, item.find(' '));
      if (!name.starts_with("--")) {
        other = name;
        continue;
      }
      Option option{{name}, shared, in_short(entry.text), {}};
      if (!other.empty()) option.names.insert(option.names.begin(), std::exchange(other, ""));
      if (!shared.empty()) option.value = value_of(command, name, shared);
      options.push_back(std::move(option));
    }
  }
}

Value operand_of(const HelpPage& page) {
  const std::vector<std::string> words = split(page.usages.front(), " ");
  const std::size_t at = static_cast<std::size_t>(std::count(page.name.begin(), page.name.end(), ' ')) + 1;
  if (at >= words.size()) return {};
  if (!words[at].starts_with("[CODE...")) return files_or_nothing(words[at]);
  Value codes{Offer::Words, {}};
  for (const Definition& definition : definitions) codes.words.emplace_back(definition.code);
  return codes;
}

}  // namespace

std::vector<Command> commands_of(const std::vector<HelpPage>& pages) {
  std::vector<Command> commands;
  for (const HelpPage& page : pages) {
    const std::size_t space = page.name.find(' ');
    if (space == std::string::npos) continue;
    const std::string typed = page.name.substr(space + 1);  // "migrate", "report merge"
    const std::vector<std::string> words = split(typed, " ");
    Command command{words.front(), in_short(page.summary), words.size() > 1 ? words.back() : "", {}, operand_of(page)};
    for (const Section& section : page.sections)
      for (const Entry& entry : section.entries)
        if (entry.term.starts_with('-')) add_options(typed, entry, command.options);
    commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace policyconv::packaging
