// ovn-trace as a daemon: what happens to one packet in the logical network, as the logical flows have it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/ovn/json_rpc.h"
#include "tests/ovn/microflow.h"
#include "tests/ovn/process.h"
#include "tests/ovn/server.h"

namespace policyconv::real_ovn {

/// What a trace came to.
struct Trace {
  std::string text;
  bool left_port = false;            // it passed the from-lport ACLs of the switch where it started
  bool left_switch = false;          // it left that switch for a router
  std::vector<std::string> outputs;  // ports that are no patch ports
  [[nodiscard]] bool reaches(std::string_view port) const;
};

/// Reads the southbound database once, when it starts: make a new one for each content (K§10.7).
class Tracer {
 public:
  Tracer(const Server& server, Conntrack conntrack);
  /// Throws if ovn-trace does not understand `microflow`.
  Trace operator()(const std::string& microflow);

 private:
  void start();
  const Server* server_;
  Conntrack conntrack_;
  Process daemon_;
  JsonRpc control_;
};

}  // namespace policyconv::real_ovn
