// `bench assess`: how long `policyconv assess` takes on a large cluster. Entrance: measure_assess().
#pragma once

namespace policyconv::bench {

/// Prints one row for each size, the last with 500 VPCs, 2,000 Subnets and 50,000 IPs: reading the dump, the whole
/// command, and the bytes of the dump.
void measure_assess();

}  // namespace policyconv::bench
