// The stages of `migrate`, one by one. Entrance: measure_phases().
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace policyconv::bench {

/// Of what is measured in one go. Read: YAML to trees. Decode: trees to policies and facts about the cluster. IR: what the
/// policies mean. Lower: Kube-OVN objects. Print: their text, with the admission policy and the plan. Write: into files.
/// Report: what the terminal shows. Verify: the proof for all packets, which is no part of a plain migrate. All in processor
/// time but Write, which mostly waits for the disk.
inline constexpr std::string_view phase_names[] = {"read", "decode", "IR", "lower", "print", "write", "report", "verify"};
using Phases = std::map<std::string, double>;  // seconds, by name

/// The arguments of `policyconv` for files that write_input() wrote.
[[nodiscard]] std::vector<std::string> migrate_arguments(const std::filesystem::path& input,
                                                         const std::filesystem::path& output, unsigned jobs);

/// On one thread, in processes that were small before. Verify is measured if it `is_proved` and has pods. Throws
/// std::runtime_error if the input has errors.
[[nodiscard]] Phases measure_phases(const std::filesystem::path& input, const std::filesystem::path& output, bool is_proved);

}  // namespace policyconv::bench
