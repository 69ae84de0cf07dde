#include "cli/option_types.h"

#include <cctype>
#include <charconv>
#include <iterator>
#include <optional>

#include "report/explanations.h"

namespace policyconv::cli {
namespace {

using Protocols = std::array<Choice<Protocol>, 5>;
constexpr Protocols protocols = {{{"tcp", Protocol::Tcp},
                                                        {"udp", Protocol::Udp},
                                                        {"sctp", Protocol::Sctp},
                                                        {"icmp", Protocol::Icmp},
                                                        {"icmp6", Protocol::Icmp6}}};
constexpr std::array<Choice<Face>, 7> faces = {{{"text", Face::Text},
                                                {"markdown", Face::Markdown},
                                                {"html", Face::Html},
                                                {"json", Face::Json},
                                                {"sarif", Face::Sarif},
                                                {"junit", Face::Junit},
                                                {"gitlab", Face::Gitlab}}};

/// An approximation that may be accepted says so in its help.
bool is_acceptable(const Definition& definition) {
  return definition.help.find(fmt::format("--allow-looser {}", definition.code)) != std::string_view::npos;
}

std::optional<Protocol> protocol_named(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 128 ? std::tolower(c) : c); });
  for (const auto& [name, protocol] : protocols)
    if (name == text) return protocol;
  return std::nullopt;
}

/// "443/tcp", "tcp/443", "443" (tcp), "icmp/8", "icmp" (echo).
std::optional<PacketKind> packet_kind(const std::string& text) {
  const std::size_t slash = text.find('/');
  std::string number = text.substr(0, slash), name = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
  if (protocol_named(number)) std::swap(number, name);
  const std::optional<Protocol> protocol = protocol_named(name);
  if (!protocol) return std::nullopt;
  const bool is_icmp = *protocol == Protocol::Icmp || *protocol == Protocol::Icmp6;
  if (slash == std::string::npos && is_icmp)
    return PacketKind{*protocol, static_cast<std::uint16_t>(*protocol == Protocol::Icmp ? 8 : 128)};
  PacketKind kind{*protocol, 0};
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), kind.port);
  if (number.empty() || error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (is_icmp ? kind.port > 255 : kind.port == 0) return std::nullopt;
  return kind;
}

}  // namespace

void refuse(const std::string& option, const std::string& problem) {
  throw CLI::ValidationError(fmt::format("{}: {}", option, problem));
}

/// A version such as 1.18, v1.18 or 1.18.3, of which only the 18 counts.
void add_minor_version(CLI::App& command, const std::string& name, int first, int last, int& value) {
  command.add_option_function<std::string>(name, [=, &value](const std::string& text) {
    std::string_view rest = text;
    if (rest.starts_with('v')) rest.remove_prefix(1);
    for (int minor = first; minor <= last; ++minor) {
      const std::string wanted = fmt::format("1.{}", minor);
      if (rest != wanted && !rest.starts_with(wanted + ".")) continue;
      value = minor;
      return;
    }
    refuse(name, fmt::format("`{}` is not one of 1.{} to 1.{}", text, first, last));
  });
}

CLI::Option* add_list(CLI::App& command, const std::string& name,
                      std::function<void(const std::vector<std::string>&)> read) {
  return command.add_option_function<std::vector<std::string>>(name, std::move(read))
      ->delimiter(',')
      ->allow_extra_args(false);
}

void add_cidrs(CLI::App& command, const std::string& name, std::vector<Cidr>& value) {
  add_list(command, name, [name, &value](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      CidrError error;
      const std::optional<Cidr> cidr = parse_cidr(text, &error);
      if (!cidr) refuse(name, fmt::format("`{}` is no CIDR: {}", text, error.text));
      value.push_back(*cidr);
    }
  });
}

void add_addresses(CLI::App& command, const std::string& name, std::vector<Address>& value) {
  add_list(command, name, [name, &value](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const std::optional<Address> address = parse_address(text);
      if (!address) refuse(name, fmt::format("`{}` is no IP address", text));
      value.push_back(*address);
    }
  });
}

void add_codes(CLI::App& command, const std::string& name, std::vector<std::string>& value) {
  add_list(command, name, [name, &value](const std::vector<std::string>& texts) {
    for (std::string code : texts) {
      code = report::canonical_code(code);
      std::vector<std::string_view> valid;
      for (const Definition& definition : definitions)
        if (is_acceptable(definition)) valid.push_back(definition.code);
      if (std::find(valid.begin(), valid.end(), code) == valid.end())
        refuse(name, fmt::format("`{}` is no approximation that can be accepted; these are: {}", code,
                                 fmt::join(valid, ", ")));
      value.push_back(code);
    }
  });
}

void add_lists(CLI::App& command, const std::string& name, std::vector<std::vector<std::string>>& value) {
  const auto read = [name, &value](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      std::vector<std::string> list = CLI::detail::split(text, ',');
      if (std::find(list.begin(), list.end(), "") != list.end() || text.empty())
        refuse(name, fmt::format("`{}` has an empty name", text));
      value.push_back(std::move(list));
    }
  };
  command.add_option_function<std::vector<std::string>>(name, read)->allow_extra_args(false);
}

void add_packet(CLI::App& command, const std::string& name, PacketKind& value) {
  command
      .add_option_function<std::string>(name,
                                        [name, &value](const std::string& text) {
                                          const auto kind = packet_kind(text);
                                          if (!kind)
                                            refuse(name, fmt::format("`{}` is none of 443/tcp, 53/udp, 9/sctp, "
                                                                     "icmp/8, icmp6/128 and their like",
                                                                     text));
                                          value = *kind;
                                        })
      ->required();
}

void add_report_files(CLI::App& command, const std::string& name, std::vector<ReportFile>& value) {
  command
      .add_option_function<std::vector<std::string>>(
          name,
          [name, &value](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const std::size_t equals = text.find('=');
              const std::string_view face = std::string_view(text).substr(0, equals);
              const auto found = std::find_if(faces.begin(), faces.end(), [&](const auto& one) { return one.first == face; });
              std::vector<std::string_view> names;
              for (const auto& one : faces) names.push_back(one.first);
              if (found == faces.end()) refuse(name, fmt::format("`{}` is none of {}", face, fmt::join(names, ", ")));
              if (equals == std::string::npos || equals + 1 == text.size())
                refuse(name, fmt::format("`{}` names no file; write {}=FILE", text, face));
              value.push_back({found->second, text.substr(equals + 1)});
            }
          })
      ->allow_extra_args(false);
}

}  // namespace policyconv::cli
