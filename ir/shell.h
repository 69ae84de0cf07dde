// Words of commands that people paste into a shell.
#pragma once

#include <string>
#include <string_view>

namespace policyconv {

/// A word for a POSIX shell that no program takes for an option: in quotes, or behind `./`, where it needs them.
[[nodiscard]] inline std::string shell_word(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:,@%";
  if (!text.empty() && text.find_first_not_of(plain) == text.npos && text.front() != '-') return std::string(text);
  std::string word = text.starts_with('-') ? "'./" : "'";
  for (const char c : text) {
    if (c == '\'') word += "'\\''";
    else word += c;
  }
  return word + "'";
}

}  // namespace policyconv
