// A KRM function: the network policies of a ResourceList to objects for Kube-OVN, within a package of kustomize or kpt.
#pragma once

#include <iosfwd>

namespace policyconv::cli {

/// Reads a ResourceList from `in` and writes it to `out`, with `results`; returns the exit status of the migration. If
/// that is not 0, the items are those of the input, and the report goes to `err`, too. Of input that is no ResourceList
/// nothing is written to `out`.
int krm(std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace policyconv::cli
