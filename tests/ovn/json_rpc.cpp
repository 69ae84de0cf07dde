#include "tests/ovn/json_rpc.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace policyconv::real_ovn {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// The length of the JSON object that `text` starts with; 0 while it is incomplete. Nothing stands between messages.
class MessageEnd {
 public:
  std::size_t find(std::string_view text) {
    for (; at_ < text.size(); ++at_) {
      const char c = text[at_];
      if (escaped_) {
        escaped_ = false;
      } else if (in_string_) {
        escaped_ = c == '\\';
        in_string_ = c != '"';
      } else if (c == '"') {
        in_string_ = true;
      } else if (c == '{') {
        ++depth_;
      } else if (c == '}' && --depth_ == 0) {
        return at_ + 1;
      }
    }
    return 0;
  }

 private:
  std::size_t at_ = 0;
  int depth_ = 0;
  bool in_string_ = false, escaped_ = false;
};

}  // namespace

JsonRpc::JsonRpc(const std::string& path) : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (socket_ < 0) fail("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the path of a socket is too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  const int error = errno;
  close(socket_);
  throw std::system_error(error, std::generic_category(), path);
}

JsonRpc::~JsonRpc() {
  if (socket_ >= 0) close(socket_);
}

JsonRpc::JsonRpc(JsonRpc&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}

JsonRpc& JsonRpc::operator=(JsonRpc&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(received_, other.received_);
  return *this;
}

nlohmann::json JsonRpc::call(const std::string& method, const nlohmann::json& parameters) {
  send({{"method", method}, {"params", parameters}, {"id", 0}});
  for (;;) {
    nlohmann::json message = receive();
    if (message.contains("method")) {  // "echo": are you still there?
      send({{"id", message.at("id")}, {"result", message.at("params")}, {"error", nullptr}});
    } else if (!message.at("error").is_null()) {
      throw std::runtime_error(method + ": " + message.at("error").dump());
    } else {
      return std::move(message.at("result"));
    }
  }
}

void JsonRpc::send(const nlohmann::json& message) {
  const std::string text = message.dump();
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t count = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR) fail("send");
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
}

nlohmann::json JsonRpc::receive() {
  MessageEnd end;
  std::array<char, 1 << 16> chunk{};
  for (;;) {
    if (const std::size_t size = end.find(received_)) {
      nlohmann::json message = nlohmann::json::parse(received_.begin(), received_.begin() + static_cast<long>(size));
      received_.erase(0, size);
      return message;
    }
    const ssize_t count = recv(socket_, chunk.data(), chunk.size(), 0);
    if (count == 0) throw std::runtime_error("the other side closed the connection");
    if (count < 0 && errno != EINTR) fail("recv");
    if (count > 0) received_.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace policyconv::real_ovn
