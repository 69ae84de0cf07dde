#include "tests/ovn/server.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "tests/ovn/json_rpc.h"

namespace policyconv::real_ovn {
namespace {

constexpr std::string_view packages = "Debian packages ovn-central ovn-common openvswitch-common";
constexpr std::string_view schemas = "/usr/share/ovn/";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool listens(const std::string& socket) {
  try {
    JsonRpc connection(socket);
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void run(const std::vector<std::string>& argv, const std::string& log) {
  if (Process(argv, log).wait() != 0)
    throw std::runtime_error(
        fmt::format("`{}` failed ({} are needed): {}", fmt::join(argv, " "), packages, text_of(log)));
}

}  // namespace

Server::Server() {
  const std::string log = file("log"), socket = file("db.sock");
  for (const char* name : {"nb", "sb"})
    run({"ovsdb-tool", "create", file(name), fmt::format("{}ovn-{}.ovsschema", schemas, name)}, log);
  database_ = Process({"ovsdb-server", "--remote=punix:" + socket, "--unixctl=" + file("database.ctl"), "--no-chdir",
                       "-vconsole:warn", file("nb"), file("sb")},
                      log);
  const auto alive = [&](Process& process, const char* name) {
    if (!process.is_running()) throw std::runtime_error(fmt::format("{} has ended: {}", name, text_of(log)));
  };
  wait_until("for ovsdb-server to listen", [&] {
    alive(database_, "ovsdb-server");
    return listens(socket);
  });

  // As Kube-OVN sets it (K§4.3). Its other options need Kube-OVN's patches.
  const Row global{{"options", map_of({{"use_ct_inv_match", "false"}})}};
  transact({"OVN_Northbound", {{"op", "insert"}, {"table", "NB_Global"}, {"row", global}}});
  northd_ = Process({"ovn-northd", "--ovnnb-db=unix:" + socket, "--ovnsb-db=unix:" + socket,
                     "--unixctl=" + file("northd.ctl"), "-vconsole:warn"},
                    log);
  replace({});
  alive(northd_, "ovn-northd");
}

void Server::replace(const Rows& rows) {
  ++generation_;
  nlohmann::json operations = rows.transaction();
  const nlohmann::json everywhere = nlohmann::json::array();
  operations.push_back(
      {{"op", "update"}, {"table", "NB_Global"}, {"where", everywhere}, {"row", {{"nb_cfg", generation_}}}});
  transact(operations);
  // northd copies nb_cfg to sb_cfg when the southbound database holds everything that came with it.
  transact({"OVN_Northbound",
            {{"op", "wait"},
             {"timeout", 30000},
             {"table", "NB_Global"},
             {"where", everywhere},
             {"columns", nlohmann::json::array({"sb_cfg"})},
             {"until", "=="},
             {"rows", nlohmann::json::array({{{"sb_cfg", generation_}}})}}});
}

/// A connection of its own each time: an idle one would have to answer the server's probes.
nlohmann::json Server::transact(const nlohmann::json& operations) {
  nlohmann::json results = JsonRpc(file("db.sock")).call("transact", operations);
  for (const nlohmann::json& result : results)
    if (result.is_object() && result.contains("error"))
      throw std::runtime_error(fmt::format("{}; {}", result.dump(), text_of(file("log"))));
  return results;
}

std::string ovn_version() {
  const TemporaryDirectory directory;
  run({"ovn-northd", "--version"}, directory / "version");
  const std::string text = text_of(directory / "version");  // "ovn-northd 23.03.1\n..."
  const std::size_t from = text.find(' ') + 1;
  return text.substr(from, text.find('\n') - from);
}

}  // namespace policyconv::real_ovn
