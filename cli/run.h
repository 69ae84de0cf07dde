// The program without its process: streams are passed in, so that tests need none.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace policyconv::cli {

/// Does what `args` (without the program's name) ask for and returns the exit status.
int run(std::vector<std::string> args, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
