// What a package was made of, as SPDX 2.3 in JSON. Entrances: read_parts(), spdx().
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace policyconv::packaging {

/// How a Debian package got into the program.
enum class Role : std::uint8_t {
  Static,   // an archive of it is linked
  Header,   // code from its headers is compiled in
  Bundled,  // its shared library is in the same package
  Dynamic,  // its shared library has to be there at run time
  Tool,     // it made or translated code
};

struct Part {
  Role role = Role::Tool;
  std::string package, version, architecture;
  std::string source, source_version;
  std::string licence;  // the words of Debian's copyright file for most of it; empty: unknown
};

/// A file of the package, by its path there.
struct File {
  std::string path, sha1, sha256;
};

struct Parts {
  std::string artefact, version;  // "policyconv_0.1.0_amd64.deb"
  std::string created;            // 2026-11-23T12:00:00Z, of the source and not of the build
  std::vector<File> files;
  std::vector<Part> parts;
};

/// Lines of words with tabs between, as packaging/parts prints them. Throws std::runtime_error on any other.
[[nodiscard]] Parts read_parts(std::istream& in);

/// The document; the same for the same parts in any order.
[[nodiscard]] std::string spdx(const Parts& parts);

}  // namespace policyconv::packaging
