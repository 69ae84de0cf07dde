#include "cli/batch_units.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "ir/digest.h"

namespace policyconv::cli {
namespace {

std::string folder_of(const NamedFile& file) {
  if (file.path == "-") return "stdin";
  return std::filesystem::path(file.relative).replace_extension().lexically_normal().generic_string();
}

}  // namespace

unsigned shard_of(std::string_view folder, unsigned count) {
  std::uint64_t value = fnv1a(folder);
  // Its low bits follow those of the text, and a count that is a power of two takes nothing else.
  value = (value ^ (value >> 33U)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33U)) * 0xc4ceb9fe1a85ec53;
  return static_cast<unsigned>((value ^ (value >> 33U)) % count);
}

std::vector<Unit> list_units(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::vector<Unit> units;
  std::set<std::string> known;
  std::map<std::string, std::string> by_folder;  // the first file of each
  for (NamedFile& file : list_files(paths, diagnostics)) {
    if (!known.insert(file.path == "-" ? file.path : resolved(file.path)).second) continue;
    Unit unit{std::move(file), {}};
    unit.folder = folder_of(unit.file);
    const auto [first, added] = by_folder.try_emplace(unit.folder, unit.file.path);
    if (!added) diagnostics.report<Kind::SameFolder>({}, first->second, unit.file.path, unit.folder);
    units.push_back(std::move(unit));
  }
  return units;
}

}  // namespace policyconv::cli
