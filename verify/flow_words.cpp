// Entrances: condition_word(), traffic_word().
#include "verify/flow_words.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace policyconv::verify {
namespace {

std::optional<LabelTerm> with_plain_key(LabelTerm term) {
  return is_plain(term.key) ? std::optional(std::move(term)) : std::nullopt;
}

std::optional<std::uint16_t> number(std::string_view text, unsigned least, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

}  // namespace

bool is_plain(std::string_view name) {
  return !name.empty() && name.find_first_of("=!*:") == std::string_view::npos;
}

std::optional<LabelTerm> condition_word(const std::string& text) {
  using Op = LabelTerm::Op;
  if (text.starts_with('!')) return with_plain_key({text.substr(1), Op::DoesNotExist});
  const std::size_t sign = text.find_first_of("=!");
  if (sign == std::string::npos) return std::nullopt;
  const std::string key = text.substr(0, sign);
  const bool differs = text[sign] == '!', is_doubled = text.compare(sign, 2, "==") == 0;
  if (differs && text.compare(sign, 2, "!=") != 0) return std::nullopt;
  const std::string value = text.substr(sign + (differs || is_doubled ? 2 : 1));
  if (value == "*" && !differs) return with_plain_key({key, Op::Exists});
  if (!value.empty() && !is_plain(value)) return std::nullopt;
  return with_plain_key({key, differs ? Op::NotIn : Op::In, {value}});
}

std::optional<Traffic> traffic_word(std::string_view text, std::string& why) {
  if (text == "any") return all_traffic();
  const std::size_t slash = text.find('/');
  std::optional<Protocol> protocol;
  for (const Protocol each : {Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Icmp, Protocol::Icmp6})
    if (text.substr(0, slash) == policyconv::to_string(each)) protocol = each;
  if (!protocol) {
    why = "it must be any, tcp, udp, sctp, icmp or icmp6, with ports or types behind a `/`";
    return std::nullopt;
  }
  const bool is_icmp = *protocol == Protocol::Icmp || *protocol == Protocol::Icmp6;
  const unsigned least = is_icmp ? 0 : 1, most = is_icmp ? 255 : 65535;
  Packets found{*protocol, static_cast<std::uint16_t>(least), static_cast<std::uint16_t>(most)};
  if (slash != std::string_view::npos) {
    const std::string_view numbers = text.substr(slash + 1);
    const std::size_t dash = numbers.find('-');
    const auto first = number(numbers.substr(0, dash), least, most);
    const auto last = dash == std::string_view::npos ? first : number(numbers.substr(dash + 1), least, most);
    if (!first || !last || *first > *last) {
      why = fmt::format("{} must be a number from {} to {}, or a range such as {}", is_icmp ? "the type" : "the port",
                        least, most, is_icmp ? "0-8" : "5000-6000");
      return std::nullopt;
    }
    found.first = *first;
    found.last = *last;
  }
  Traffic traffic = common(all_traffic(), {found});
  if (traffic.empty()) {
    why = "neighbour discovery always passes, whatever policies and objects say";
    return std::nullopt;
  }
  return traffic;
}

}  // namespace policyconv::verify
