// Who has which address: pods, gateways, Vips and IP objects put together, so that nobody is counted twice.
#pragma once

#include "assess/dump_objects.h"

namespace policyconv::assess {

/// Fills `dump.holders`, sorted, and the address of gateways that state none. `dump` holds everything else already; what
/// IP objects tell of nodes goes to its nodes.
void add_holders(const DumpFacts& facts, Dump& dump);

}  // namespace policyconv::assess
