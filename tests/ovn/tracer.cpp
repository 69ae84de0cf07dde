#include "tests/ovn/tracer.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace policyconv::real_ovn {
namespace {

/// Every passage through the connection tracker uses up one `--ct`, over the whole life of the daemon; what comes after
/// the last one is established.
constexpr int tracker_passages = 2000;
constexpr std::string_view ran_out = "(use --ct to customize)";

/// Pieces of ovn-trace's detailed output.
constexpr std::string_view past_acls = " ls_in_l2_lkup ", egress_pipeline = "\negress(dp=", rejection = "reject {";
constexpr std::string_view output = "/* output to \"", no_patch_port = "\", type \"\"",
                           to_router = "\", type \"patch\"";

}  // namespace

bool Trace::reaches(std::string_view port) const {
  return std::find(outputs.begin(), outputs.end(), port) != outputs.end();
}

Tracer::Tracer(const Server& server, Conntrack conntrack) : server_(&server), conntrack_(conntrack) {
  adopt_orphans();
  start();
}

void Tracer::start() {
  const std::string name = fmt::format("trace-{}", flags_of(conntrack_)), pid_file = server_->file(name + ".pid");
  const std::string log = server_->file("log");
  control_ = {};
  daemon_ = {};
  std::vector<std::string> argv{"ovn-trace",
                                "--detach",
                                "--no-chdir",
                                "--overwrite-pidfile",
                                "--pidfile=" + pid_file,
                                "-vconsole:off",
                                "--db=" + server_->southbound(),
                                "--unixctl=" + server_->file(name + ".ctl"),
                                "--log-file=" + server_->file(name + ".log")};
  if (conntrack_ != Conntrack::Established)
    argv.insert(argv.end(), tracker_passages, fmt::format("--ct={}", flags_of(conntrack_)));
  // The parent returns once the child has read the database. The child ends by itself when that connection breaks.
  if (Process(argv, log).wait() != 0) throw std::runtime_error("ovn-trace does not start");
  pid_t pid = 0;
  if (!(std::ifstream(pid_file) >> pid)) throw std::runtime_error("no pid in " + pid_file);
  daemon_ = Process(pid);
  control_ = JsonRpc(server_->file(name + ".ctl"));
}

Trace Tracer::operator()(const std::string& microflow) {
  Trace trace;
  trace.text = control_.call("trace", {microflow});
  if (conntrack_ != Conntrack::Established && trace.text.find(ran_out) != std::string::npos) {
    start();
    trace.text = control_.call("trace", {microflow});
  }
  if (!trace.text.starts_with("# "))
    throw std::runtime_error(fmt::format("ovn-trace: {} in `{}`", trace.text, microflow));
  // A rejection is answered from within the trace, by a packet that goes the other way.
  const std::string_view way = std::string_view(trace.text).substr(0, trace.text.find(rejection));
  trace.left_port = way.find(past_acls) != way.npos || way.find(egress_pipeline) != way.npos;
  trace.left_switch = way.find(to_router) != way.npos;
  for (std::size_t at = way.find(output); at != way.npos; at = way.find(output, at)) {
    at += output.size();
    const std::size_t end = way.find('"', at);
    if (way.substr(end).starts_with(no_patch_port)) trace.outputs.emplace_back(way.substr(at, end - at));
  }
  return trace;
}

}  // namespace policyconv::real_ovn
