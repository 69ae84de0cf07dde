// The exit statuses of the program, which pipelines rely on (docs/exit-codes.md). No other file spells a number.
#pragma once

namespace policyconv::status {

inline constexpr int good = 0;      // nothing that --fail-on counts
inline constexpr int error = 1;     // bad input, a stale baseline, or reading or writing failed
inline constexpr int usage = 2;     // the command line cannot be understood
inline constexpr int stricter = 3;  // of assess: work to do
inline constexpr int looser = 4;    // or undefined
inline constexpr int refused = 5;   // of assess: blocked

}  // namespace policyconv::status
