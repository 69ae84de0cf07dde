#include "cli/render.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "ir/shell.h"

namespace policyconv::cli {
namespace {

namespace fs = std::filesystem;

fs::path directory_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

/// Helm's name for the release: that of the directory, which is that of the chart by Helm's own rule.
std::string release_name(const fs::path& chart) {
  std::error_code error;
  const fs::path absolute = fs::canonical(chart, error);
  return error || absolute.filename().empty() ? "release" : absolute.filename().string();
}

bool has(const fs::path& directory, const char* name) {
  std::error_code error;
  return fs::is_regular_file(directory / name, error);
}

std::string helm_command(const fs::path& chart) {
  return fmt::format("helm template {} {} | policyconv migrate -", shell_word(release_name(chart)), shell_word(chart.string()));
}

std::string kustomize_command_for(const fs::path& directory) {
  return fmt::format("kubectl kustomize {} | policyconv migrate -", shell_word(directory.string()));
}

/// The directory above, in the user's words: "a/b" -> "a" -> "." -> ".." -> "../..".
fs::path above(const fs::path& shown) {
  if (shown == ".") return "..";
  return shown.filename() == ".." ? shown / ".." : directory_of(shown);
}

/// Of the nearest directory at or above the file that says what it is.
std::optional<std::string> command_for(const std::string& file) {
  std::error_code error;
  fs::path shown = directory_of(file);
  const fs::path absolute = fs::absolute(shown, error).lexically_normal();
  if (error) return std::nullopt;
  for (fs::path at = absolute; !at.empty(); at = at.parent_path()) {
    if (has(at, "Chart.yaml")) return helm_command(shown);
    if (has(at, "kustomization.yaml") || has(at, "kustomization.yml") || has(at, "Kustomization"))
      return kustomize_command_for(shown);
    if (at == at.root_path()) return std::nullopt;
    if (!at.filename().empty()) shown = above(shown);  // "/a/b/" has an empty name behind the last slash
  }
  return std::nullopt;
}

}  // namespace

std::string kustomize_command(const std::string& kustomization) { return kustomize_command_for(directory_of(kustomization)); }

void suggest_rendering(const Sources& sources, Diagnostics& diagnostics) {
  for (Diagnostic& found : diagnostics.all()) {
    if (found.kind != Kind::Template) continue;
    if (const auto command = command_for(std::string(sources.name(found.where.file))))
      found.suggestion = fmt::format("render it: `{}`", *command);
  }
}

}  // namespace policyconv::cli
