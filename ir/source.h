// Where things were written: files, places in them, and the rules of the source policies.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/limits.h"

namespace policyconv {

/// A place in an input file. Lines and columns count from 1; line 0 means the file as a whole, file 0 no file at all.
struct Loc {
  std::uint32_t file = 0, line = 0, column = 0;
  auto operator<=>(const Loc&) const = default;
};

/// A scalar as written. `number`: written as a plain (unquoted) integer.
struct Text {
  std::string value;
  Loc loc;
  bool number = false;
};

/// Every text that was read, by the number that `Loc::file` holds. Number 0 is reserved for "no file".
class Sources {
 public:
  Sources() = default;
  /// Begins with the texts of `shared`, which outlives it and gets no more, and has its limits.
  explicit Sources(const Sources* shared) : shared_(shared), limits_(shared->limits_) {}
  /// What whoever reads the texts keeps to.
  [[nodiscard]] const Limits& limits() const { return limits_; }
  void set_limits(const Limits& limits) { limits_ = limits; }
  /// Takes ownership of `text` and returns its file number (from 1).
  std::uint32_t add(std::string name, std::string text);
  /// The name as the user gave it; empty for file 0 or an unknown number.
  [[nodiscard]] std::string_view name(std::uint32_t file) const;
  [[nodiscard]] std::string_view text(std::uint32_t file) const;
  /// Line `line` (from 1) without its line end; empty if there is none.
  [[nodiscard]] std::string_view line(std::uint32_t file, std::uint32_t line) const;
  [[nodiscard]] std::uint32_t count() const { return base() + static_cast<std::uint32_t>(files_.size()); }

 private:
  struct File {
    std::string name, text;
  };
  [[nodiscard]] std::uint32_t base() const { return shared_ == nullptr ? 0 : shared_->count(); }
  /// nullptr for file 0 or an unknown number.
  [[nodiscard]] const File* find(std::uint32_t file) const;

  const Sources* shared_ = nullptr;
  Limits limits_;
  std::vector<File> files_;
};

enum class Direction : std::uint8_t { Ingress, Egress };
enum class Verdict : std::uint8_t { Allow, Deny };

/// "ingress" or "egress".
[[nodiscard]] std::string_view to_string(Direction direction);
/// "allow" or "deny".
[[nodiscard]] std::string_view to_string(Verdict verdict);

/// Index into `Catalog::rules`: one element of ingress/egress/ingressDeny/egressDeny, or of a NetworkPolicy's lists.
enum class RuleId : std::uint32_t { None = 0xFFFFFFFF };
/// Index into `Catalog::policies`.
enum class PolicyId : std::uint32_t { None = 0xFFFFFFFF };

struct SourcePolicy {
  std::string kind, ns, name;  // ns is empty for cluster-scoped kinds
  Loc loc;
  bool enforced = true;        // false: Cilium rejects the object, so nothing of it counts (C§10)
  [[nodiscard]] std::string display() const;  // "CiliumNetworkPolicy shop/web"
};

struct SourceRule {
  PolicyId policy = PolicyId::None;
  std::string path;            // "spec.ingress[0]", "specs[1].egressDeny[2]"
  Direction direction = Direction::Ingress;
  Verdict verdict = Verdict::Allow;
  Loc loc;
};

/// The source policies and their rules, in the stable order in which everything else numbers them.
struct Catalog {
  std::vector<SourcePolicy> policies;
  std::vector<SourceRule> rules;
  [[nodiscard]] const SourcePolicy& policy(PolicyId id) const { return policies[static_cast<std::size_t>(id)]; }
  [[nodiscard]] const SourceRule& rule(RuleId id) const { return rules[static_cast<std::size_t>(id)]; }
  /// "CiliumNetworkPolicy shop/web spec.ingress[0]"; empty for RuleId::None.
  [[nodiscard]] std::string display(RuleId id) const;
};

}  // namespace policyconv
