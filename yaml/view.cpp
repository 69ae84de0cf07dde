#include "yaml/view.h"

#include <algorithm>
#include <utility>

#include "yaml/decode.h"

namespace policyconv::decode {

View View::operator[](std::string_view key) const {
  static const yaml::Node absent;
  if (present()) open_mapping(*node_, path_, {}, *diagnostics_);  // reports what is no mapping
  const yaml::Node* member = node_->find(key);
  return {member ? *member : absent, fmt::format("{}{}{}", path_, joint_, key), '.', *diagnostics_};
}

std::vector<View> View::items() const {
  std::vector<View> views;
  const auto add = [&](const yaml::Node& item, std::size_t index) {
    views.emplace_back(item, fmt::format("{}[{}]", path_, index), '.', *diagnostics_);
  };
  if (present()) sequence(*node_, path_, add, *diagnostics_);
  return views;
}

std::string View::text(std::string_view if_empty) const {
  auto text = present() ? string(*node_, path_, *diagnostics_) : std::nullopt;
  return text && !text->empty() ? std::move(*text) : std::string(if_empty);
}

std::string View::text_or_number() const {
  auto text = present() ? decode::text_or_number(*node_, path_, *diagnostics_) : std::nullopt;
  return text ? std::move(text->value) : std::string();
}

std::vector<std::string> View::texts() const {
  std::vector<std::string> texts;
  for (const View& item : items()) texts.push_back(item.text());
  return texts;
}

Labels View::labels() const {
  return present() ? string_map(*node_, path_, *diagnostics_) : Labels();
}

bool View::flag(bool if_absent) const {
  return present() ? boolean(*node_, path_, *diagnostics_).value_or(if_absent) : if_absent;
}

std::optional<std::int64_t> View::number(std::int64_t first, std::int64_t last) const {
  const auto number = present() ? integer(*node_, path_, *diagnostics_) : std::nullopt;
  if (!number || (*number >= first && *number <= last)) return number;
  diagnostics_->report<Kind::OutsideRange>(loc(), path_, *number, first, last);
  return std::nullopt;
}

std::optional<std::uint16_t> View::port() const {
  const auto port = number(1, 65535);
  return port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

std::optional<Protocol> View::protocol() const {
  const std::string name = text("TCP");
  if (name == "TCP") return Protocol::Tcp;
  if (name == "UDP") return Protocol::Udp;
  if (name == "SCTP") return Protocol::Sctp;
  diagnostics_->report<Kind::NoProtocol>(loc(), path_, yaml::excerpt(name));
  return std::nullopt;
}

void View::add_addresses(std::vector<Address>& into) const {
  each_part([&](std::string_view part) {
    if (const auto address = parse_address(part))
      into.push_back(*address);
    else
      diagnostics_->report<Kind::NoAddress>(loc(), path_, yaml::excerpt(part));
  });
}

void View::add_cidrs(std::vector<Cidr>& into) const {
  each_part([&](std::string_view part) {
    CidrError error;
    if (const auto cidr = parse_cidr(part, &error))
      into.push_back(*cidr);
    else
      diagnostics_->report<Kind::NoCidr>(loc(), path_, yaml::excerpt(part), error.text);
  });
}

void View::each_part(const std::function<void(std::string_view part)>& use) const {
  const std::string whole = text();
  for (std::string_view rest = whole; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    use(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
}

}  // namespace policyconv::decode
