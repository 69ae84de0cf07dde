// Everything the user is told: input errors and what happens to the meaning of each rule. Collects, never prints.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "ir/source.h"

namespace policyconv {

/// What a diagnostic says about meaning, in the order of the exit status it causes (design.md section 2).
/// Note: nothing changes (exit 0). NoEffect: Cilium itself does not enforce this (exit 0). Error: input cannot be used
/// (exit 1). Stricter (3), Looser (4), Refused (5): the output differs from the source.
enum class Effect : std::uint8_t { Note, NoEffect, Error, Stricter, Looser, Refused };
[[nodiscard]] std::string_view to_string(Effect effect);
[[nodiscard]] int exit_status(Effect effect);

enum class Kind : std::uint16_t {
#define POLICYCONV_DIAGNOSTIC(name, code, effect, text, help) name,
#include "ir/diagnostics.def"
#undef POLICYCONV_DIAGNOSTIC
};

struct Definition {
  std::string_view name, code;
  Effect effect;
  std::string_view text;  // a fmt format string
  std::string_view help;  // what to do, one sentence; may be empty
};

inline constexpr Definition definitions[] = {
#define POLICYCONV_DIAGNOSTIC(name, code, effect, text, help) {#name, code, Effect::effect, text, help},
#include "ir/diagnostics.def"
#undef POLICYCONV_DIAGNOSTIC
};
[[nodiscard]] constexpr const Definition& definition(Kind kind) { return definitions[static_cast<std::size_t>(kind)]; }

/// The placeholder number `number` of a format string, e.g. "{:02X}".
[[nodiscard]] constexpr std::string_view placeholder(std::string_view text, std::size_t number) {
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at)) {
    if (text.substr(at, 2) == "{{") {
      at += 2;
      continue;
    }
    const std::size_t end = text.find('}', at) + 1;
    if (number-- == 0) return text.substr(at, end - at);
    at = end;
  }
  return "{}";
}

struct Diagnostic {
  Kind kind{};
  Loc where;
  RuleId rule = RuleId::None;      // the source rule whose meaning is concerned
  PolicyId policy = PolicyId::None;  // the policy as a whole (or the policy of `rule`)
  std::string message;
  std::string suggestion;          // "did you mean `ingress`?"; may be empty
  std::vector<std::string> arguments = {};  // what stands in the placeholders of `message`, for other languages
  auto operator<=>(const Diagnostic&) const = default;
};

class Diagnostics {
 public:
  /// Records a message; the number of arguments is checked at compile time against the table.
  template <Kind kind, typename... Args>
  Diagnostic& report(Loc where, const Args&... args) {
    constexpr std::string_view text = definition(kind).text;
    all_.push_back({kind, where, RuleId::None, PolicyId::None,
                    fmt::format(fmt::format_string<const Args&...>(text), args...), {}, arguments_of(text, args...)});
    return all_.back();
  }
  /// The same, about the meaning of source rule `rule`.
  template <Kind kind, typename... Args>
  Diagnostic& report_rule(RuleId rule, Loc where, const Args&... args) {
    Diagnostic& added = report<kind>(where, args...);
    added.rule = rule;
    return added;
  }
  /// The same, about a policy as a whole.
  template <Kind kind, typename... Args>
  Diagnostic& report_policy(PolicyId policy, Loc where, const Args&... args) {
    Diagnostic& added = report<kind>(where, args...);
    added.policy = policy;
    return added;
  }

  [[nodiscard]] bool has_errors() const;
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  [[nodiscard]] std::vector<Diagnostic>& all() { return all_; }
  /// Appends another collection, e.g. of a file that was read on another thread.
  void append(Diagnostics&& other);
  /// Orders by place, then code, then text, and drops exact repetitions, so that the output depends on nothing else.
  void sort();

 private:
  template <typename... Args>
  static std::vector<std::string> arguments_of([[maybe_unused]] std::string_view text, const Args&... args) {
    [[maybe_unused]] std::size_t number = 0;
    return {fmt::format(fmt::runtime(placeholder(text, number++)), args)...};
  }

  std::vector<Diagnostic> all_;
};

}  // namespace policyconv
