// `bench verify`: how long a proof of the production profile takes. Entrance: measure_verify().
#pragma once

#include <cstddef>

namespace policyconv::bench {

/// Prints one row for each part: 1/8, 1/4, 1/2 and the whole profile, and how they grow.
void measure_verify(unsigned jobs);

}  // namespace policyconv::bench
