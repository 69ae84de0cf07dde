// OVN match expressions of Subnet ACLs, as text. Every match names exactly one port group (K§9.43, K§10.1).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/address.h"
#include "ir/program.h"

namespace policyconv::kubeovn {

/// Traffic of the members of SecurityGroup `sg` in `direction` with any of `remotes` (all of one family; a prefix of
/// length 0 stands for the whole family).
[[nodiscard]] std::string match_addresses(std::string_view sg, Direction direction, const ir::Traffic& traffic,
                                          Family family, const std::vector<Cidr>& remotes);
/// The same with the members of SecurityGroup `remote_sg`.
[[nodiscard]] std::string match_group(std::string_view sg, Direction direction, const ir::Traffic& traffic, Family family,
                                      std::string_view remote_sg);
/// Every SCTP packet of the members of `sg`.
[[nodiscard]] std::string match_sctp(std::string_view sg, Direction direction);

}  // namespace policyconv::kubeovn
