// What can be typed after `policyconv`, and the scripts by which shells complete it. The names come from the help, the
// values from the parser itself, so a script never offers what is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "packaging/help_page.h"

namespace policyconv::packaging {

/// What the shell offers where a value or an operand stands.
enum class Offer : std::uint8_t { Nothing, Files, Directories, Words };

struct Value {
  Offer offer = Offer::Nothing;
  std::vector<std::string> words;  // of Words; one that ends in `=` goes on with a file
};

/// One option under all its names.
struct Option {
  std::vector<std::string> names;  // "-o", "--output"
  std::string placeholder;         // "DIR"; empty for a flag
  std::string text;                // some words on what it is for
  Value value;
};

struct Command {
  std::string name, text;
  std::string task;  // "merge" of `report merge`; mostly empty
  std::vector<Option> options;
  Value operand;
};

/// The commands of `pages`, which are those of all_pages().
[[nodiscard]] std::vector<Command> commands_of(const std::vector<HelpPage>& pages);

[[nodiscard]] std::string bash_completion(const std::vector<Command>& commands);
[[nodiscard]] std::string zsh_completion(const std::vector<Command>& commands);
[[nodiscard]] std::string fish_completion(const std::vector<Command>& commands);

}  // namespace policyconv::packaging
