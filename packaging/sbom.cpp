#include "packaging/sbom.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

#include "packaging/help_page.h"

namespace policyconv::packaging {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<std::string_view, Role>, 5> roles = {{{"static", Role::Static},
                                                                     {"header", Role::Header},
                                                                     {"bundled", Role::Bundled},
                                                                     {"dynamic", Role::Dynamic},
                                                                     {"tool", Role::Tool}}};

/// Debian's short names that mean one licence of SPDX's list, whatever the file.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> licences = {{{"Expat", "MIT"},
                                                                                    {"MIT", "MIT"},
                                                                                    {"Apache", "Apache-2.0"},
                                                                                    {"Apache-2.0", "Apache-2.0"},
                                                                                    {"BSD-3-clause", "BSD-3-Clause"},
                                                                                    {"BSD-3-Clause", "BSD-3-Clause"},
                                                                                    {"BSD-2-clause", "BSD-2-Clause"}}};

Role role_named(std::string_view name) {
  for (const auto& [word, role] : roles)
    if (word == name) return role;
  throw std::runtime_error(fmt::format("no role `{}`", name));
}

/// The letters, digits, dots and hyphens that SPDX allows in an identifier; the others as their number.
std::string identifier(std::string_view kind, std::string_view name) {
  std::string id = fmt::format("SPDXRef-{}-", kind);
  for (const char c : name)
    id += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-'
              ? std::string(1, c)
              : fmt::format(".{:02x}", static_cast<unsigned char>(c));
  return id;
}

std::string declared(const std::string& licence) {
  for (const auto& [debian, name] : licences)
    if (debian == licence) return std::string(name);
  return "NOASSERTION";
}

/// RFC 3986, as package URLs want it.
std::string url_encoded(std::string_view text) {
  std::string url;
  for (const char c : text)
    url += std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-._~").find(c) != std::string_view::npos
               ? std::string(1, c)
               : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return url;
}

Json package_of(const Part& part) {
  Json json = {{"name", part.package},
               {"SPDXID", identifier("Package", part.package)},
               {"versionInfo", part.version},
               {"supplier", "Organization: Debian"},
               {"downloadLocation", "NOASSERTION"},
               {"filesAnalyzed", false},
               {"sourceInfo", fmt::format("built from Debian source package {} {}", part.source, part.source_version)},
               {"licenseConcluded", "NOASSERTION"},
               {"licenseDeclared", declared(part.licence)},
               {"copyrightText", "NOASSERTION"}};
  if (!part.licence.empty()) json["licenseComments"] = "Debian's copyright file says: " + part.licence;
  json["externalRefs"] = {{{"referenceCategory", "PACKAGE-MANAGER"},
                           {"referenceType", "purl"},
                           {"referenceLocator", fmt::format("pkg:deb/debian/{}@{}?arch={}", url_encoded(part.package),
                                                            url_encoded(part.version), part.architecture)}}};
  return json;
}

Json relationship(const std::string& from, std::string_view type, const std::string& to, std::string_view comment = "") {
  Json json = {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}};
  if (!comment.empty()) json["comment"] = comment;
  return json;
}

Json relationship_of(const Part& part, const std::string& program) {
  const std::string id = identifier("Package", part.package);
  switch (part.role) {
    case Role::Static: return relationship(program, "STATIC_LINK", id);
    case Role::Header: return relationship(program, "STATIC_LINK", id, "code of its headers is compiled in");
    case Role::Bundled: return relationship(program, "CONTAINS", id, "its shared library");
    case Role::Dynamic: return relationship(program, "DYNAMIC_LINK", id);
    case Role::Tool: return relationship(id, "BUILD_TOOL_OF", program);
  }
  return {};
}

Json file_of(const File& file) {
  return {{"fileName", "./" + file.path},
          {"SPDXID", identifier("File", file.path)},
          {"checksums",
           {{{"algorithm", "SHA1"}, {"checksumValue", file.sha1}}, {{"algorithm", "SHA256"}, {"checksumValue", file.sha256}}}},
          {"licenseConcluded", "NOASSERTION"},
          {"copyrightText", "NOASSERTION"}};
}

Json program_of(const Parts& parts) {
  return {{"name", "policyconv"},
          {"SPDXID", "SPDXRef-policyconv"},
          {"versionInfo", parts.version},
          {"packageFileName", parts.artefact},
          {"supplier", "NOASSERTION"},
          {"downloadLocation", "NOASSERTION"},
          {"filesAnalyzed", false},
          {"licenseConcluded", "NOASSERTION"},
          {"licenseDeclared", "NOASSERTION"},
          {"copyrightText", "NOASSERTION"},
          {"primaryPackagePurpose", "APPLICATION"}};
}

auto key(const Part& part) { return std::tie(part.package, part.role); }

}  // namespace

Parts read_parts(std::istream& in) {
  Parts parts;
  for (std::string line; std::getline(in, line);) {
    const std::vector<std::string> words = split(line, "\t");
    const auto is = [&](std::string_view name, std::size_t count) { return words[0] == name && words.size() == count; };
    if (is("artefact", 4)) {
      parts.artefact = words[1], parts.version = words[2], parts.created = words[3];
    } else if (is("file", 4)) {
      parts.files.push_back({words[1], words[2], words[3]});
    } else if (is("part", 8)) {
      parts.parts.push_back({role_named(words[1]), words[2], words[3], words[4], words[5], words[6], words[7]});
    } else {
      throw std::runtime_error(fmt::format("cannot read `{}`", line));
    }
  }
  if (parts.artefact.empty()) throw std::runtime_error("no artefact named");
  return parts;
}

std::string spdx(const Parts& parts) {
  const std::string program = "SPDXRef-policyconv";
  Json packages = {program_of(parts)}, files = Json::array();
  Json relationships = {relationship("SPDXRef-DOCUMENT", "DESCRIBES", program)};
  std::vector<Part> sorted = parts.parts;
  std::sort(sorted.begin(), sorted.end(), [](const Part& a, const Part& b) { return key(a) < key(b); });
  for (const Part& part : sorted) {
    // One package may come in by several ways.
    if (packages.back().at("name") != part.package) packages.push_back(package_of(part));
    relationships.push_back(relationship_of(part, program));
  }
  for (const File& file : parts.files) {
    files.push_back(file_of(file));
    // Not CONTAINS: a package whose files are not all listed must contain none.
    relationships.push_back(relationship("SPDXRef-DOCUMENT", "DESCRIBES", identifier("File", file.path)));
  }
  const std::string digest = parts.files.empty() ? "" : "-" + parts.files.front().sha256;
  const Json document = {
      {"spdxVersion", "SPDX-2.3"},
      {"dataLicense", "CC0-1.0"},
      {"SPDXID", "SPDXRef-DOCUMENT"},
      {"name", parts.artefact},
      {"documentNamespace", fmt::format("https://policyconv.io/spdx/{}{}", parts.artefact, digest)},
      {"creationInfo",
       {{"created", parts.created}, {"creators", {fmt::format("Tool: policyconv-packaging-{}", parts.version)}}}},
      {"packages", packages},
      {"files", files},
      {"relationships", relationships}};
  return document.dump(2) + "\n";
}

}  // namespace policyconv::packaging
