// OVN match expressions (ovn-sb(5), Logical_Flow): parsed with grammar/OvnMatch.g4, then evaluated on packets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/address.h"
#include "ir/cluster.h"

namespace policyconv::verify {

/// The fields of a packet that a match can ask for. Unset fields make a comparison false (a TCP port of a UDP packet).
struct MatchPacket {
  std::string inport, outport;  // logical port names; empty: not a pod's port
  Family family = Family::V4;
  Address source, destination;
  Protocol protocol = Protocol::Tcp;
  std::uint16_t source_port = 0, destination_port = 0;  // tcp, udp, sctp
  std::uint8_t icmp_type = 0, icmp_code = 0;
};

/// What names in a match refer to. A name that does not exist voids the whole match (K§10.1).
struct MatchNames {
  /// Is `port` a member of port group `name`? nullopt: no such group, or no member on this logical switch.
  std::function<std::optional<bool>(std::string_view name, std::string_view port)> port_group;
  /// The members of address set `name`, sorted. nullptr: no such set.
  std::function<const std::vector<Address>*(std::string_view name)> address_set;
};

struct MatchError {
  std::size_t column = 0;  // from 1
  std::string text;
};

struct MatchNode;   // verify/ovn_expression.h
struct Comparison;

class OvnMatch {
 public:
  /// nullopt and `error` if OVN would not parse `text` as the match of an ACL. Never throws.
  [[nodiscard]] static std::optional<OvnMatch> parse(std::string_view text, MatchError* error = nullptr);
  /// nullopt: a name it needs is missing, or holds addresses too wide for their field, so OVN ignores the ACL as a
  /// whole. That depends on `names` alone.
  [[nodiscard]] std::optional<bool> matches(const MatchPacket& packet, const MatchNames& names) const;
  /// The port group that field `port` ("inport" or "outport") of every matching packet is in; empty if none is
  /// required, or not by a plain `&& port == @group`. Lets a caller look only at the ACLs of one port.
  [[nodiscard]] std::string_view scope(std::string_view port) const;

  /// The parsed expression, for whoever evaluates it in another way than packet by packet.
  [[nodiscard]] const MatchNode& root() const;

  OvnMatch(OvnMatch&&) noexcept;
  OvnMatch& operator=(OvnMatch&&) noexcept;
  ~OvnMatch();

 private:
  struct Expression;
  explicit OvnMatch(std::unique_ptr<Expression> expression);
  std::unique_ptr<Expression> expression_;
};

/// One comparison of a match whose names all exist.
[[nodiscard]] bool holds(const Comparison& comparison, const MatchPacket& packet, const MatchNames& names);

}  // namespace policyconv::verify
