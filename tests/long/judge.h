// One line of the conformance format, judged by our evaluators: what the policies mean against what the Program and the
// objects for two releases of Kube-OVN mean.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "backends/kubeovn/manifest.h"
#include "ir/program.h"
#include "tests/verdicts.h"

namespace policyconv::long_tests {

enum class Against : std::uint8_t { Program, Objects16, Objects15 };
inline constexpr std::array all_against{Against::Program, Against::Objects16, Against::Objects15};

/// What must not happen. The first three as in conformance::Difference; Tie: ACLs of different actions at the priority
/// that decides.
enum class Fault : std::uint8_t { Looser, Unequal, Unexplained, Tie };

struct Symptom {
  Against against = Against::Program;
  Fault fault = Fault::Looser;
  auto operator<=>(const Symptom&) const = default;
};
[[nodiscard]] std::string to_string(Symptom symptom);  // "looser, objects for v1.16"

struct Failure {
  Symptom symptom;
  std::size_t flow = 0;  // index into the line's flows
  std::string words;
};

/// What tests put in the place of the compiler's mistakes. Called on what has been compiled, before it is judged.
struct Damage {
  std::function<void(ir::Program&)> program = {};
  std::function<void(kubeovn::Manifest&)> objects = {};
};

/// What to ask; everything by default.
struct Question {
  std::optional<Against> only = std::nullopt;
  Damage damage = {};
};

struct Judgement {
  bool usable = false;       // the input has no errors
  std::size_t flows = 0;     // packets of the cluster; others are passed over
  std::size_t verdicts = 0;  // comparisons
  std::size_t denied = 0, equal = 0, explained = 0;  // of these
  std::size_t same = 0;      // results for which nothing at all was reported lost
  std::vector<Failure> failures;
};

/// 20 for a line of 1.20; 20 if it does not say.
[[nodiscard]] int minor_of(const nlohmann::json& line);
[[nodiscard]] Judgement judge(const nlohmann::json& line, const Question& question = {});

/// The line with what our source evaluator and validation say: `rejected`, and the verdicts of every flow that is a packet
/// of the cluster. Others are dropped.
[[nodiscard]] nlohmann::json with_verdicts(const nlohmann::json& line);

}  // namespace policyconv::long_tests
