// JSON-RPC over a unix socket, which both OVSDB servers (RFC 7047) and the control sockets of OVS daemons speak.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace policyconv::real_ovn {

class JsonRpc {
 public:
  JsonRpc() = default;
  /// Throws if nobody listens at `socket`.
  explicit JsonRpc(const std::string& socket);
  ~JsonRpc();
  JsonRpc(JsonRpc&& other) noexcept;
  JsonRpc& operator=(JsonRpc&& other) noexcept;

  /// The result; throws what the other side calls an error. Requests of the other side are answered while waiting.
  nlohmann::json call(const std::string& method, const nlohmann::json& parameters);

 private:
  void send(const nlohmann::json& message);
  nlohmann::json receive();

  int socket_ = -1;
  std::string received_;  // the beginning of the next message
};

}  // namespace policyconv::real_ovn
