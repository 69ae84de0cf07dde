#include "cli/collisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "backends/kubeovn/print.h"

namespace policyconv::cli {
namespace {

namespace fs = std::filesystem;

/// The same for all names of a file, which need not exist.
fs::path whole(const std::string& path) {
  std::error_code error;
  const fs::path known = fs::weakly_canonical(fs::absolute(path, error), error);
  const fs::path found = error ? fs::path(path).lexically_normal() : known;
  return found.has_filename() ? found : found.parent_path();  // without a slash at the end
}

bool is_below(const fs::path& file, const fs::path& directory) {
  const auto [end, at] = std::mismatch(directory.begin(), directory.end(), file.begin(), file.end());
  return end == directory.end() && at != file.end();
}

bool is_manifest(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.extension() == ".json";
}

}  // namespace

std::string collision(const std::vector<std::string>& written, const std::vector<std::string>& read,
                      const std::string& output) {
  for (const std::string& name : written) {
    if (name.empty() || name == "-") continue;
    const fs::path file = whole(name);
    for (const std::string& input : read) {
      if (input.empty() || input == "-") continue;
      const fs::path other = whole(input);
      std::error_code error;
      if (file == other) return fmt::format("`{}` is read and would be written over; name another file", name);
      if (fs::is_directory(other, error) && is_below(file, other) && is_manifest(file))
        return fmt::format("`{}` is below `{}`, where the next run would read it; name another file", name, input);
    }
    if (!output.empty() && kubeovn::is_output_name(file.lexically_relative(whole(output)).generic_string()))
      return fmt::format("`{}` is a file of the objects; name another file", name);
  }
  return {};
}

}  // namespace policyconv::cli
