// The program without its process: streams are passed in, so that tests need none.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace policyconv::cli {

/// What the program was called as decides how it calls itself.
enum class Invocation : std::uint8_t {
  Program,        // policyconv
  KubectlPlugin,  // kubectl-policyconv, which people type as `kubectl policyconv`
  Function,       // ends in -krm: `krm` without having to say so, for orchestrators that pass no arguments
};
/// `program` is argv[0].
[[nodiscard]] Invocation invocation_of(std::string_view program);

/// Does what `args` (without the program's name) ask for and returns the exit status.
int run(std::vector<std::string> args, std::istream& in, std::ostream& out, std::ostream& err,
        Invocation invocation = Invocation::Program);

}  // namespace policyconv::cli
