// What a run found out, for every reader: terminal, Markdown, HTML, JSON, SARIF, JUnit and so on. Data only. Texts are as
// users wrote them; each face escapes them for its own reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::report {

/// The language of everything that is no name, code or user text.
enum class Language : std::uint8_t { English, Chinese };

/// Where something was written.
struct Place {
  std::string file;                    // as the user named it; empty: the run as a whole
  std::uint32_t line = 0, column = 0;  // from 1, columns in bytes; 0: the file as a whole
  std::string text;                    // that line; of a very long one the part around `column`
  std::uint32_t caret = 0;             // `column` in `text`
  std::string origin;                  // what the text was rendered from, as Helm's `# Source:` says; mostly empty
  bool operator==(const Place&) const = default;
};

/// Why a finding is no reason to fail.
struct Acceptance {
  std::string by;                      // the baseline's file
  std::string reason, owner, expires;  // expires: "2026-12-31", or empty
  bool operator==(const Acceptance&) const = default;
};

struct Finding {
  Kind kind{};
  Effect effect = Effect::Note;        // after --allow-looser
  Place place;
  std::string policy, rule;            // "CiliumNetworkPolicy shop/web" and "spec.ingress[0]", either may be empty
  std::string message;                 // in English
  std::string suggestion;              // "did you mean `ingress`?", mostly empty
  std::vector<std::string> arguments;  // what stands in the placeholders of the message
  std::string fingerprint;             // 16 hex digits, unique in a report, the same after lines have moved
  std::optional<Acceptance> accepted;
  bool operator==(const Finding&) const = default;
};

/// What became of a rule. Effect::Note: its meaning is the same.
struct RuleOutcome {
  std::string path;                    // "spec.ingress[0]"
  Direction direction = Direction::Ingress;
  Verdict verdict = Verdict::Allow;
  std::uint32_t line = 0;              // in the policy's file
  Effect effect = Effect::Note;
  std::vector<std::size_t> findings;   // into Report::findings
  bool operator==(const RuleOutcome&) const = default;
};

struct PolicyOutcome {
  std::string kind, ns, name;          // ns is empty for cluster-scoped kinds
  Place place;
  bool enforced = true;                // false: Cilium rejects it
  Effect effect = Effect::Note;        // of the policy apart from its rules
  std::vector<std::size_t> findings;   // about it apart from its rules
  std::vector<RuleOutcome> rules;
  bool operator==(const PolicyOutcome&) const = default;
};

/// Rules by what became of them.
struct Counts {
  std::size_t same = 0, no_effect = 0, stricter = 0, looser = 0, refused = 0;
  [[nodiscard]] std::size_t rules() const { return same + no_effect + stricter + looser + refused; }
  void add(Effect effect, std::size_t count = 1);
  bool operator==(const Counts&) const = default;
};

/// One input file. Errors are findings with Effect::Error.
struct FileOutcome {
  std::string name;
  std::size_t policies = 0, errors = 0;
  Counts rules;
  bool operator==(const FileOutcome&) const = default;
};

/// A file that was written, for reports that show it beside its sources.
struct Artefact {
  std::string name, text;
  struct Link {                        // line `line` of `text` comes from rule `rule` of policy `policy`
    std::uint32_t line = 0;
    std::size_t policy = 0, rule = 0;
    bool operator==(const Link&) const = default;
  };
  std::vector<Link> links;             // sorted
  bool operator==(const Artefact&) const = default;
};

/// Who reaches whom, before and after: what share of all packets passes between two groups of ends.
struct Matrix {
  enum class Reach : std::uint8_t { None, Some, All };
  struct Cell {
    Reach before = Reach::None, after = Reach::None;
    bool stricter = false, looser = false;  // some packet fares so
    bool operator==(const Cell&) const = default;
  };
  std::vector<std::string> ends;       // "shop", "kube-system", "nodes", "outside"
  std::vector<std::vector<Cell>> cells;  // [from][to]
  std::size_t left_out = 0;            // ends beyond what a picture can hold
  bool operator==(const Matrix&) const = default;
};

struct Report {
  std::string command;                 // "migrate", "verify", "assess"
  std::string version;                 // of this program
  std::vector<std::pair<std::string, std::string>> settings;  // {"cilium", "1.18"}, {"kube-ovn", "1.16"} ...
  std::vector<FileOutcome> files;      // sorted by name
  std::vector<Finding> findings;       // sorted by (file, line, column, code, message)
  std::vector<PolicyOutcome> policies; // in the order of the catalog
  struct Generated {
    std::size_t security_groups = 0, subnets = 0, bound_pods = 0;
    bool operator==(const Generated&) const = default;
  };
  std::optional<Generated> generated;  // nullopt: no objects were made
  std::vector<std::pair<std::string, std::string>> groups;  // name and selector, where no cluster tells the pods to bind
  std::vector<Artefact> artefacts;     // only if a face asks for them
  std::vector<std::pair<std::string, std::string>> sources;  // name and text of the policy files, likewise
  std::optional<Matrix> matrix;        // likewise
  Effect fail_on = Effect::Stricter;   // findings below it leave the status at 0
  int status = 0;                      // the exit status
  bool operator==(const Report&) const = default;
};

/// Rules of all policies.
[[nodiscard]] Counts counts_of(const Report& report);
[[nodiscard]] Counts counts_of(const PolicyOutcome& policy);
/// Whether the input, or something that was read or written, has a mistake.
[[nodiscard]] bool has_errors(const Report& report);
/// The worst of what is not accepted.
[[nodiscard]] Effect worst(const Report& report);
/// What the findings make of the exit status (design.md section 2): errors 1; otherwise that of the worst finding that is
/// not accepted, or 0 if that is below `fail_on`.
[[nodiscard]] int exit_status(const std::vector<Finding>& findings, Effect fail_on);

}  // namespace policyconv::report
