// Which files of a directory are left out: the patterns of .policyconvignore, a part of what .gitignore can say.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace policyconv::cli {

inline constexpr std::string_view ignore_file_name = ".policyconvignore";

/// One pattern a line: `#` begins a comment, `!` takes back in, `*` and `?` stand for characters of one name, `**` for any
/// number of directories, a slash at the end for directories only, any other slash ties the pattern to the directory of
/// the file; `\` takes the meaning of the next character. `[` is an ordinary character, other than for git.
class IgnorePatterns {
 public:
  explicit IgnorePatterns(std::string_view text);

  /// What the last pattern that fits says: true to leave it out, false to take it back in, nullopt if none fits. `path` is
  /// relative to the directory of the file. What stands below a directory that is left out is not asked for.
  [[nodiscard]] std::optional<bool> decide(std::string_view path, bool is_directory) const;

 private:
  struct Pattern {
    std::vector<std::string> segments;  // "**" alone: any number of names
    bool leaves_out = true, directories_only = false;
  };
  static std::optional<Pattern> pattern(std::string_view line);

  std::vector<Pattern> patterns_;
};

/// The .policyconvignore files on the way from the directory that was named down to the one that is looked at.
class IgnoreStack {
 public:
  /// `directory` is relative to the one that was named, and empty for that one itself.
  void push(std::string directory, std::string_view text) { levels_.push_back({std::move(directory), IgnorePatterns(text)}); }
  void pop() { levels_.pop_back(); }
  /// The nearest file that says something decides.
  [[nodiscard]] bool leaves_out(std::string_view path, bool is_directory) const;

 private:
  struct Level {
    std::string directory;
    IgnorePatterns patterns;
  };
  std::vector<Level> levels_;
};

}  // namespace policyconv::cli
