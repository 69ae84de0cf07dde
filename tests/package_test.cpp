// What packages hold beside the program: manual pages, completions, SBOM, and that nothing in them depends on when and
// where they were made. `./x package --check-reproducible` builds twice; here is what can be seen without a second build.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/version.h"
#include "packaging/completion.h"
#include "packaging/help_page.h"
#include "packaging/man.h"
#include "packaging/sbom.h"

using namespace policyconv;
using namespace policyconv::packaging;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

const fs::path source = POLICYCONV_SOURCE_DIR;

struct Result {
  int status = 0;
  std::string out;  // with standard error
};

Result shell(const std::string& command) {
  FILE* pipe = ::popen(("{ " + command + "\n} 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Result result;
  std::array<char, 4096> part{};
  for (std::size_t count; (count = std::fread(part.data(), 1, part.size(), pipe)) > 0;) result.out.append(part.data(), count);
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

bool installed(const std::string& program) { return shell("command -v " + program).status == 0; }

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string answer(std::vector<std::string> args) {
  const cli::Request request = cli::parse_command_line(std::move(args));
  const auto* said = std::get_if<cli::Answer>(&request);
  return said == nullptr ? "" : said->text;
}

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("policyconv-package-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directory(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// The words of a text, without the marks that a manual page shows in another way.
std::set<std::string> words_of(std::string text) {
  for (const char* mark : {"`", "·"})
    for (std::size_t at; (at = text.find(mark)) != std::string::npos;) text.erase(at, std::string(mark).size());
  std::istringstream in(text);
  std::set<std::string> words;
  for (std::string word; in >> word;) words.insert(word);
  return words;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// What a reader sees of roff, roughly: no requests, no fonts, characters by name.
std::string seen(std::string roff) {
  for (const auto& [name, character] : std::map<std::string, std::string>{
           {"\\fB", ""}, {"\\fI", ""}, {"\\fR", ""}, {"\\&", ""}, {"\\-", "-"}, {"\\(aq", "'"}, {"\\(dq", "\""},
           {"\\(ti", "~"}, {"\\(ha", "^"}, {"\\[u2026]", "…"}, {"\\e", "\\"}})
    roff = replaced(roff, name, character);
  return roff;
}

}  // namespace

// --- manual pages ----------------------------------------------------------------------------------------------------

TEST_CASE("a manual page says every word of the help") {
  const std::vector<HelpPage> pages = all_pages();
  REQUIRE(pages.size() == std::size(cli::commands) + 1);
  for (const HelpPage& page : pages) {
    const std::size_t space = page.name.find(' ');
    const std::string help = space == std::string::npos ? answer({"--help"}) : answer({split(page.name, " ").at(1), "--help"});
    const std::set<std::string> told = words_of(seen(man_page(page, pages, "1.2.3")));
    INFO(page.name);
    std::string lost;
    for (std::string word : words_of(help)) {
      const bool heading = word.ends_with(':') || word.ends_with(',');
      std::string bare = heading ? word.substr(0, word.size() - 1) : word;
      std::string upper = bare, capital = bare;
      std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
      capital.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(capital.front())));
      const bool found = told.count(word) > 0 || told.count(bare) > 0 || told.count(upper) > 0 || told.count(capital) > 0 ||
                         told.count(capital + ",") > 0 || told.count(word + ":") > 0 || told.count(word + ".") > 0 ||
                         word == "usage:" || word == "-";
      if (!found) lost += word + " ";
    }
    CHECK(lost == "");
  }
}

TEST_CASE("manual pages are good roff") {
  REQUIRE(installed("mandoc"));
  const Folder folder;
  const std::vector<HelpPage> pages = all_pages();
  for (const HelpPage& page : pages) {
    const fs::path path = folder / (man_name(page) + ".1");
    write(path, man_page(page, pages, "1.2.3"));
    // A date is left out on purpose: it would have to be that of the build.
    const Result lint = shell("mandoc -T lint -W warning " + path.string() + " | grep -v 'missing date'");
    INFO(lint.out);
    CHECK(lint.out.empty());
    const Result text = shell("mandoc -T utf8 " + path.string() + " | col -bx");
    for (const char* part : {"NAME\n", "SYNOPSIS\n", "OPTIONS\n", "EXAMPLES\n", "SEE ALSO\n", "-h, --help", "policyconv 1.2.3"}) {
      INFO(part);
      CHECK(text.out.find(part) != std::string::npos);
    }
    if (installed("groff")) CHECK(shell("groff -man -ww -Tutf8 " + path.string() + " > /dev/null").out.empty());
  }
}

TEST_CASE("what roff would take for its own is shown as it is") {
  HelpPage page = help_page("policyconv odd - it's \\odd\n\nusage: policyconv odd\n\n.SH no request\n\noptions:\n"
                            "  -x, --x A|B   'quoted' ~ ^ \"x\" `--code` …\n");
  const std::string roff = man_page(page, {page}, "1.0.0");
  CHECK(roff.find("it\\(aqs \\eodd\n") != std::string::npos);
  CHECK(roff.find("\n\\&.SH no request\n") != std::string::npos);
  CHECK(roff.find("\n\\(aqquoted\\(aq \\(ti \\(ha \\(dqx\\(dq \\fB\\-\\-code\\fR \\[u2026]\n") != std::string::npos);
}

// --- completions -----------------------------------------------------------------------------------------------------

TEST_CASE("completions know the options of the parser and no others") {
  const std::vector<Command> commands = commands_of(all_pages());
  REQUIRE(commands.size() == std::size(cli::commands));
  for (const Command& command : commands) {
    std::set<std::string> names;
    for (const Option& option : command.options) names.insert(option.names.back());
    const std::vector<std::string> declared = cli::options_of(command.name);
    INFO(command.name);
    CHECK(names == std::set<std::string>(declared.begin(), declared.end()));
  }
}

TEST_CASE("the parser takes every value that is offered") {
  std::map<std::string, std::size_t> count;
  for (const Command& command : commands_of(all_pages()))
    for (const Option& option : command.options)
      for (const std::string& word : option.value.words) {
        std::vector<std::string> args = {command.name};
        if (!command.task.empty()) args.push_back(command.task);
        args.insert(args.end(), {option.names.back(), word.ends_with('=') ? word + "file" : word});
        const std::string text = answer(args);
        INFO(command.name << " " << option.names.back() << " " << word << ": " << text);
        CHECK(text.find("` is n") == std::string::npos);
        ++count[command.name + option.names.back()];
      }
  CHECK(count["migrate--cilium"] == 7);
  CHECK(count["migrate--kube-ovn"] == 5);
  CHECK(count["migrate--report"] == 7);
  CHECK(count["migrate--color"] == 3);
  CHECK(count["migrate--allow-looser"] > 5);
  CHECK(count["trace--format"] == 2);
  CHECK(count["trace--port"] == 5);
}

TEST_CASE("bash completes what is typed") {
  const Folder folder;
  write(folder / "policyconv.bash", bash_completion(commands_of(all_pages())));
  write(folder / "work/policies.yaml", "");
  fs::create_directories(folder / "work/out dir");
  struct Row {
    std::string words;     // the last one is being typed
    std::string expected;  // a line each
  };
  const Row rows[] = {{"policyconv mig", "migrate\n"},
                      {"policyconv --v", "--version\n"},
                      {"kubectl-policyconv tr", "trace\n"},
                      {"policyconv migrate --kube", "--kube-ovn\n--kubernetes\n"},
                      {"policyconv migrate --kube-ovn 1.1", "1.12\n1.13\n1.14\n1.15\n1.16\n"},
                      {"policyconv migrate --color = n", "never\n"},
                      {"policyconv migrate --color =", "auto\nalways\nnever\n"},
                      {"policyconv trace --format ''", "text\njson\n"},
                      {"policyconv verify --format ''", "text\njson\nmarkdown\n"},
                      {"policyconv migrate --report j", "json=\njunit=\n"},
                      {"policyconv migrate --report json = po", "policies.yaml\n"},
                      {"policyconv migrate po", "policies.yaml\n"},
                      {"policyconv migrate -o ''", "out dir\n"},
                      {"policyconv migrate policies.yaml --cluster po", "policies.yaml\n"},
                      {"policyconv migrate --pod-cidr ''", ""},
                      {"policyconv explain PC030", "PC0301\n"},
                      {"policyconv nonsense ''", ""}};
  for (const Row& row : rows) {
    const Result result = shell("cd " + (folder / "work").string() + " && bash --norc -c 'source ../policyconv.bash; COMP_WORDS=(" +
                                replaced(row.words, "''", "\"\"") +
                                "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _policyconv; "
                                "if ((${#COMPREPLY[@]})); then printf \"%s\\n\" \"${COMPREPLY[@]}\"; fi'");
    INFO(row.words);
    CHECK(result.status == 0);
    CHECK(result.out == row.expected);
  }
}

TEST_CASE("zsh and fish read their scripts, where they are installed") {
  const Folder folder;
  const std::vector<Command> commands = commands_of(all_pages());
  write(folder / "_policyconv", zsh_completion(commands));
  write(folder / "policyconv.fish", fish_completion(commands));
  CHECK(zsh_completion(commands).starts_with("#compdef policyconv kubectl-policyconv\n"));
  if (installed("zsh")) CHECK(shell("zsh -n " + (folder / "_policyconv").string()).out.empty());
  if (!installed("fish")) return;
  const auto fish = [&](const std::string& typed) {
    return shell("HOME=" + (folder / "").string() + " fish --no-config -c 'source " + (folder / "policyconv.fish").string() +
                 "; complete -C \"" + typed + "\"'")
        .out;
  };
  CHECK(fish("policyconv expl").starts_with("explain\t"));
  CHECK(fish("policyconv trace --format ").find("text") != std::string::npos);
  CHECK(fish("policyconv trace --format ").find("markdown") == std::string::npos);
  CHECK(fish("policyconv migrate --ratch").starts_with("--ratchet\t"));
}

// --- version ---------------------------------------------------------------------------------------------------------

TEST_CASE("the version says what is modelled, as the parser takes it, and nothing of the machine") {
  const std::string text = answer({"--version"});
  const std::string cilium = answer({"migrate", "--cilium", "?"}), kube_ovn = answer({"migrate", "--kube-ovn", "?"});
  std::smatch range;
  REQUIRE(std::regex_search(cilium, range, std::regex("1\\.\\d+ to 1\\.\\d+")));
  CHECK(text.find("Cilium      " + range.str()) != std::string::npos);
  REQUIRE(std::regex_search(kube_ovn, range, std::regex("1\\.\\d+ to 1\\.\\d+")));
  CHECK(text.find("Kube-OVN    " + range.str()) != std::string::npos);
  CHECK(std::regex_search(text, std::regex("\nbuilt with (GCC|Clang) [0-9.]+ for [^/]+\n$")));
  CHECK(text.find('/' + source.filename().string()) == std::string::npos);
}

// --- SBOM ------------------------------------------------------------------------------------------------------------

namespace {

const std::string facts =
    "artefact\tpolicyconv_1.0.0_amd64.deb\t1.0.0\t2026-01-02T03:04:05Z\n"
    "file\tusr/bin/policyconv\t0123456789012345678901234567890123456789\t" + std::string(64, 'a') + "\n"
    "part\tdynamic\tlibc6\t2.36-9+deb12u9\tamd64\tglibc\t2.36-9+deb12u9\t\n"
    "part\theader\tlibfmt-dev\t9.1.0+ds1-2\tamd64\tfmtlib\t9.1.0+ds1-2\tExpat\n"
    "part\tstatic\tlibstdc++-12-dev\t12.2.0-14\tamd64\tgcc-12\t12.2.0-14\tstrange one\n"
    "part\theader\tlibstdc++-12-dev\t12.2.0-14\tamd64\tgcc-12\t12.2.0-14\tstrange one\n"
    "part\tbundled\tlibroaring0\t0.2.66\tamd64\tlibroaring\t0.2.66\tApache\n"
    "part\ttool\tcmake\t3.25.1-1\tamd64\tcmake\t3.25.1-1\tBSD-3-clause\n";

Parts parts_of(const std::string& text) {
  std::istringstream in(text);
  return read_parts(in);
}

}  // namespace

TEST_CASE("the SBOM is SPDX 2.3: what it requires is there, names are unique, references meet something") {
  const Json document = Json::parse(spdx(parts_of(facts)));
  CHECK(document.at("spdxVersion") == "SPDX-2.3");
  CHECK(document.at("dataLicense") == "CC0-1.0");
  CHECK(document.at("SPDXID") == "SPDXRef-DOCUMENT");
  CHECK(document.at("creationInfo").at("created") == "2026-01-02T03:04:05Z");
  CHECK(document.at("creationInfo").at("creators").size() == 1);
  const std::string space = document.at("documentNamespace");
  CHECK(std::regex_match(space, std::regex("https://[^#\\s]+")));
  const std::regex id("SPDXRef-[a-zA-Z0-9.-]+"), digest("[0-9a-f]{40}|[0-9a-f]{64}");
  std::set<std::string> ids = {"SPDXRef-DOCUMENT"};
  for (const Json& package : document.at("packages")) {
    for (const char* required : {"name", "SPDXID", "downloadLocation"}) CHECK(package.at(required).is_string());
    CHECK(package.at("filesAnalyzed") == false);
    CHECK(std::regex_match(package.at("SPDXID").get<std::string>(), id));
    CHECK(ids.insert(package.at("SPDXID")).second);
  }
  for (const Json& file : document.at("files")) {
    CHECK(file.at("fileName").get<std::string>().starts_with("./"));
    CHECK(std::regex_match(file.at("SPDXID").get<std::string>(), id));
    CHECK(ids.insert(file.at("SPDXID")).second);
    CHECK(file.at("checksums").at(0).at("algorithm") == "SHA1");
    for (const Json& sum : file.at("checksums")) CHECK(std::regex_match(sum.at("checksumValue").get<std::string>(), digest));
  }
  CHECK(ids.size() == 8);
  std::map<std::string, int> kinds;
  for (const Json& relation : document.at("relationships")) {
    CHECK(ids.count(relation.at("spdxElementId")) == 1);
    CHECK(ids.count(relation.at("relatedSpdxElement")) == 1);
    ++kinds[relation.at("relationshipType")];
  }
  CHECK(kinds == std::map<std::string, int>{
                     {"DESCRIBES", 2}, {"STATIC_LINK", 3}, {"DYNAMIC_LINK", 1}, {"CONTAINS", 1}, {"BUILD_TOOL_OF", 1}});

  // The schema allows no members but those it names; these are the ones that we use.
  const auto members = [](const Json& object) {
    std::set<std::string> names;
    for (const auto& [name, value] : object.items()) names.insert(name);
    return names;
  };
  const auto within = [](const std::set<std::string>& names, const std::set<std::string>& allowed) {
    return std::includes(allowed.begin(), allowed.end(), names.begin(), names.end());
  };
  CHECK(members(document) == std::set<std::string>{"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace",
                                                   "creationInfo", "packages", "files", "relationships"});
  CHECK(members(document.at("creationInfo")) == std::set<std::string>{"created", "creators"});
  for (const Json& package : document.at("packages"))
    CHECK(within(members(package),
                 {"name", "SPDXID", "versionInfo", "packageFileName", "supplier", "downloadLocation", "filesAnalyzed",
                  "sourceInfo", "licenseConcluded", "licenseDeclared", "licenseComments", "copyrightText", "externalRefs",
                  "primaryPackagePurpose"}));
  for (const Json& file : document.at("files"))
    CHECK(within(members(file), {"fileName", "SPDXID", "checksums", "licenseConcluded", "copyrightText"}));
  for (const Json& relation : document.at("relationships"))
    CHECK(within(members(relation), {"spdxElementId", "relationshipType", "relatedSpdxElement", "comment"}));
}

TEST_CASE("licences are declared only where Debian's name means one of SPDX's") {
  std::map<std::string, std::string> declared, locators;
  const Json document = Json::parse(spdx(parts_of(facts)));
  for (const Json& package : document.at("packages")) {
    declared[package.at("name")] = package.at("licenseDeclared");
    if (package.contains("externalRefs"))
      locators[package.at("name")] = package.at("externalRefs").at(0).at("referenceLocator");
  }
  CHECK(declared["libfmt-dev"] == "MIT");
  CHECK(declared["libroaring0"] == "Apache-2.0");
  CHECK(declared["cmake"] == "BSD-3-Clause");
  CHECK(declared["libstdc++-12-dev"] == "NOASSERTION");
  CHECK(declared["libc6"] == "NOASSERTION");
  CHECK(locators["libc6"] == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64");
  CHECK(locators["libstdc++-12-dev"] == "pkg:deb/debian/libstdc%2B%2B-12-dev@12.2.0-14?arch=amd64");
}

TEST_CASE("the SBOM does not depend on the order of the facts, and refuses what is none") {
  std::vector<std::string> lines = split(facts.substr(0, facts.size() - 1), "\n");
  std::reverse(lines.begin(), lines.end());
  std::string reversed;
  for (const std::string& line : lines) reversed += line + "\n";
  CHECK(spdx(parts_of(reversed)) == spdx(parts_of(facts)));
  CHECK_THROWS_WITH(parts_of("part\tnothing\ta\tb\tc\td\te\tf\nartefact\ta\tb\tc\n"), "no role `nothing`");
  CHECK_THROWS_WITH(parts_of("artefact\tx\n"), "cannot read `artefact\tx`");
  CHECK_THROWS_WITH(parts_of(""), "no artefact named");
}

// --- the same bytes --------------------------------------------------------------------------------------------------

TEST_CASE("a tree packed twice gives the same bytes, whatever its times, modes and order") {
  const Folder folder;
  const auto pack = [&](const std::string& place, const std::vector<std::string>& names, const std::string& mode,
                        const std::string& time) {
    for (const std::string& name : names) write(folder / (place + "/tree/" + name), "text of " + name);
    fs::create_symlink("a", folder / (place + "/tree/link"));
    const std::string tree = (folder / (place + "/tree")).string();
    const Result result = shell("cd / && chmod -R " + mode + " " + tree + " && find " + tree + " -exec touch -h -d '" + time +
                                "' {} + && SOURCE_DATE_EPOCH=86400 " + (source / "packaging/tarball").string() + " " + tree + " " +
                                (folder / (place + ".tar.gz")).string());
    INFO(result.out);
    REQUIRE(result.status == 0);
    return read(folder / (place + ".tar.gz"));
  };
  const std::string one = pack("one", {"a", "b/c", "d"}, "u=rwX,go=", "2001-02-03");
  CHECK(one == pack("two", {"d", "b/c", "a"}, "u=rwX,go=rX", "2020-02-03"));
  CHECK(one != pack("three", {"a", "b/c", "e"}, "u=rwX,go=rX", "2020-02-03"));
  const Result list = shell("tar --list --verbose --numeric-owner --utc --file " + (folder / "one.tar.gz").string());
  CHECK(list.out.find("-rw-r--r-- 0/0 ") != std::string::npos);
  CHECK(list.out.find(" 1970-01-02 00:00 tree/b/c\n") != std::string::npos);
}

TEST_CASE("the source asks for no time of the build, and an optimised program names no place of it") {
  const std::regex time("__(DATE|TIME|TIMESTAMP)__");
  for (const char* part : {"ir", "yaml", "frontend", "backends", "verify", "assess", "report", "cli", "packaging", "grammar"})
    for (const auto& entry : fs::recursive_directory_iterator(source / part))
      if (entry.is_regular_file()) {
        INFO(entry.path());
        CHECK_FALSE(std::regex_search(read(entry), time));
      }
#ifdef NDEBUG
  const std::string program = read(POLICYCONV_BINARY);
  CHECK(program.find(source.string() + "/") == std::string::npos);
  CHECK(program.find(fs::path(POLICYCONV_BINARY).parent_path().string() + "/") == std::string::npos);
#endif
}

// --- installing ------------------------------------------------------------------------------------------------------

TEST_CASE("what is installed runs, under both names, with its pages and completions") {
  const Folder folder;
  const std::string build = fs::path(POLICYCONV_BINARY).parent_path().string(), prefix = (folder / "usr").string();
  const Result install = shell("cmake --install " + build + " --prefix " + prefix);
  INFO(install.out);
  REQUIRE(install.status == 0);
  CHECK(fs::read_symlink(folder / "usr/bin/kubectl-policyconv") == "policyconv");
  for (const char* name : {"policyconv", "kubectl-policyconv"})
    CHECK(shell(prefix + "/bin/" + name + " --version").out == cli::version_text());
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(prefix))
    if (!entry.is_directory()) files.insert(entry.path().lexically_relative(prefix).string());
  std::set<std::string> expected = {"bin/kubectl-policyconv",
                                    "bin/policyconv",
                                    "share/bash-completion/completions/policyconv",
                                    "share/fish/vendor_completions.d/policyconv.fish",
                                    "share/man/man1/kubectl-policyconv.1",
                                    "share/man/man1/policyconv.1",
                                    "share/zsh/vendor-completions/_policyconv"};
  for (const std::string_view command : cli::commands) expected.insert("share/man/man1/policyconv-" + std::string(command) + ".1");
  CHECK(files == expected);
}
