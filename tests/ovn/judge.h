// What real OVN says about packets once Kube-OVN has programmed some objects: per end, and on the whole way.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/cluster.h"
#include "tests/ovn/microflow.h"
#include "tests/ovn/network.h"
#include "tests/ovn/tracer.h"
#include "verify/decide_manifest.h"

namespace policyconv::real_ovn {

struct Judged {
  std::optional<Verdict> egress;   // of the ACLs of the sender's switch; nullopt: the sender is no pod
  std::optional<Verdict> ingress;  // of the ACLs of the receiver's switch; nullopt: the receiver is no pod
  bool delivered = false;          // one trace led from the one port to the other
  bool from_router = false;        // `ingress` is about a packet that came to the switch from its router
  [[nodiscard]] Verdict verdict() const {
    const bool denied = egress == Verdict::Deny || ingress == Verdict::Deny;
    return denied ? Verdict::Deny : Verdict::Allow;
  }
};

class Judge {
 public:
  /// Programs `server` with the cluster and the objects, as Kube-OVN 1.`minor` does. The arguments must outlive it.
  Judge(Server& server, const Cluster& cluster, int minor, const std::vector<std::string>& yaml);
  /// The same with a network that has been programmed, and completed.
  Judge(Server& server, Network network);

  /// ovn-trace carries the conntrack state of one switch to the next, which the datapath does not (K§10.7), so the
  /// receiver's end is traced on its own whenever the sender is elsewhere, and when it does not let the packet out.
  Judged operator()(const verify::Packet& packet, Conntrack conntrack);

  /// The whole way from the port that the packet starts at.
  const Trace& trace(const verify::Packet& packet, Conntrack conntrack);
  /// Only the last switch: the packet comes from its router.
  const Trace& trace_arrival(const verify::Packet& packet, Conntrack conntrack);
  /// Programs the same network anew and forgets all answers, once in its life; false if it has been done. What is then answered
  /// otherwise was no answer about this network: that happens on a loaded machine (docs/ovn.md).
  bool renew();
  /// For a shell; asks about the whole way.
  [[nodiscard]] std::string command(const verify::Packet& packet, Conntrack conntrack) const;
  [[nodiscard]] std::size_t traces() const { return traces_; }

 private:
  const Trace& ask(const std::string& microflow, Conntrack conntrack);
  [[nodiscard]] const std::string& vpc_of(const verify::Packet& packet) const;
  [[nodiscard]] const Port& port_of(const Address& address, std::optional<std::size_t> pod,
                                    const std::string& vpc) const;
  [[nodiscard]] std::string departure(const verify::Packet& packet, Conntrack conntrack) const;
  [[nodiscard]] std::string arrival(const verify::Packet& packet, Conntrack conntrack) const;

  struct Asked {
    std::optional<Tracer> tracer;
    std::unordered_map<std::string, Trace> answers;
  };
  Server& server_;
  Network network_;
  Asked asked_[3];  // by Conntrack
  std::size_t traces_ = 0;
  bool renewed_ = false;
};

}  // namespace policyconv::real_ovn
