// Which CNI configuration pods are made with, and which plugins it names (K§7.3). Entrance: check_chain_files().
#pragma once

#include <vector>

#include "assess/dump.h"
#include "assess/findings.h"

namespace policyconv::assess {

void check_chain_files(const Dump& dump, std::vector<HealthFinding>& findings);

}  // namespace policyconv::assess
