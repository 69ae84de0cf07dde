// OVN without its datapath: northbound and southbound database and ovn-northd, in a temporary directory, reached by
// unix sockets only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/ovn/process.h"
#include "tests/ovn/rows.h"

namespace policyconv::real_ovn {

class Server {
 public:
  /// Throws, with what the programs said, if OVN is missing or does not start.
  Server();

  /// Returns once ovn-northd has compiled the rows into logical flows.
  void replace(const Rows& rows);

  /// A path in the directory of this server.
  [[nodiscard]] std::string file(const std::string& name) const { return directory_ / name; }
  [[nodiscard]] std::string southbound() const { return "unix:" + file("db.sock"); }

 private:
  nlohmann::json transact(const nlohmann::json& operations);

  TemporaryDirectory directory_;
  Process database_, northd_;
  long generation_ = 0;
};

/// "23.03.1": of the programs that are installed. Throws if there are none.
[[nodiscard]] std::string ovn_version();

}  // namespace policyconv::real_ovn
