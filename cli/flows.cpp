// Entrance: read_flows(). Records are the JSON of Hubble's protobuf messages: names are snake_case or camelCase,
// numbers may be strings, and fields that have their default value are left out or null.
#include "cli/flows.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <istream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ir/limits.h"
#include "report/terminal.h"

namespace policyconv::cli {
namespace {

using Json = nlohmann::json;

/// More bad lines than this have one cause that the first ones show.
constexpr std::size_t most_bad_lines = 100;
/// Of a bad line so much is kept for the message.
constexpr std::size_t most_of_a_line = 4096;
/// A record of Hubble has a few KiB.
constexpr std::size_t longest_line = megabyte;

/// What is wrong with a record. Caught in this file.
struct Misshapen {
  std::string field, seen, wanted;
};

std::string seen(const Json& value) {
  if (value.is_string()) return fmt::format("the text \"{}\"", report::printable(value.get_ref<const std::string&>()));
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return value.dump();
}

[[noreturn]] void refuse(const std::string& field, const Json& value, std::string wanted) {
  throw Misshapen{field, seen(value), std::move(wanted)};
}

/// "drop_reason_desc" to "dropReasonDesc"
std::string camel_case(std::string_view name) {
  std::string result;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const bool joint = name[at] == '_' && at + 1 < name.size();
    if (joint) ++at;
    result += joint && 'a' <= name[at] && name[at] <= 'z' ? static_cast<char>(name[at] - 'a' + 'A') : name[at];
  }
  return result;
}

/// nullptr if it is absent or null.
const Json* member(const Json& object, const std::string& name) {
  auto at = object.find(name);
  if (at == object.end()) at = object.find(camel_case(name));
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

const Json* object_at(const Json& object, const std::string& name) {
  const Json* found = member(object, name);
  if (found != nullptr && !found->is_object()) refuse(name, *found, "an object");
  return found;
}

std::string text_at(const Json& object, const std::string& name) {
  const Json* found = member(object, name);
  if (found == nullptr) return {};
  if (!found->is_string()) refuse(name, *found, "text");
  return found->get<std::string>();
}

std::optional<bool> flag_at(const Json& object, const std::string& name) {
  const Json* found = member(object, name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_boolean()) refuse(name, *found, "true or false");
  return found->get<bool>();
}

std::uint64_t number_at(const Json& object, const std::string& name, std::uint64_t most) {
  const Json* found = member(object, name);
  if (found == nullptr) return 0;
  std::uint64_t number = most;
  bool valid = false;
  if (found->is_number_unsigned()) {
    number = found->get<std::uint64_t>();
    valid = true;
  } else if (found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    valid = error == std::errc() && end == text.data() + text.size();
  }
  if (!valid || number > most) refuse(name, *found, fmt::format("a number from 0 to {}", most));
  return number;
}

std::optional<Address> address_at(const Json& ip, const std::string& name) {
  const std::string text = text_at(ip, name);
  if (text.empty()) return std::nullopt;
  const std::optional<Address> address = parse_address(text);
  if (!address) refuse(name, *member(ip, name), "an IP address");
  return address;
}

ObservedEnd end_at(const Json& flow, const std::string& name, std::optional<Address> address) {
  ObservedEnd end;
  end.address = address;
  const Json* written = object_at(flow, name);
  if (written == nullptr) return end;
  end.ns = text_at(*written, "namespace");
  end.pod = text_at(*written, "pod_name");
  if (const Json* labels = member(*written, "labels")) {
    if (!labels->is_array()) refuse("labels", *labels, "a list of texts");
    for (const Json& label : *labels) {
      if (!label.is_string()) refuse("labels", label, "text");
      end.labels.push_back(label.get<std::string>());
    }
    std::sort(end.labels.begin(), end.labels.end());
  }
  if (const Json* workloads = member(*written, "workloads")) {
    if (!workloads->is_array()) refuse("workloads", *workloads, "a list of objects");
    if (!workloads->empty()) {
      if (!workloads->front().is_object()) refuse("workloads", workloads->front(), "an object");
      end.workload = fmt::format("{} {}", text_at(workloads->front(), "kind"), text_at(workloads->front(), "name"));
    }
  }
  return end;
}

/// What layer 4 says.
struct Layer4 {
  Protocol protocol = Protocol::Any;  // Any: something else
  std::uint16_t port = 0;
  bool is_answer = false;  // SYN and ACK, or an echo reply: an answer even where Hubble does not say so
  bool is_icmp_error = false;
};

Layer4 layer_4(const Json& flow) {
  const Json* l4 = object_at(flow, "l4");
  if (l4 == nullptr) return {};
  const std::pair<const char*, Protocol> with_ports[] = {
      {"TCP", Protocol::Tcp}, {"UDP", Protocol::Udp}, {"SCTP", Protocol::Sctp}};
  for (const auto& [name, protocol] : with_ports)
    if (const Json* packet = object_at(*l4, name)) {
      Layer4 found{protocol, static_cast<std::uint16_t>(number_at(*packet, "destination_port", 65535)), false, false};
      if (const Json* flags = object_at(*packet, "flags"))
        found.is_answer = flag_at(*flags, "SYN").value_or(false) && flag_at(*flags, "ACK").value_or(false);
      return found;
    }
  if (const Json* packet = object_at(*l4, "ICMPv4")) {
    const auto type = static_cast<std::uint16_t>(number_at(*packet, "type", 255));
    return {Protocol::Icmp, type, type == 0 || type == 14,
            type == 3 || type == 4 || type == 5 || type == 11 || type == 12};
  }
  if (const Json* packet = object_at(*l4, "ICMPv6")) {
    const auto type = static_cast<std::uint16_t>(number_at(*packet, "type", 255));
    return {Protocol::Icmp6, type, type == 129, 1 <= type && type <= 4};
  }
  return {};
}

bool is_policy_drop(const Json& flow) {
  const std::string reason = text_at(flow, "drop_reason_desc");
  if (!reason.empty()) return reason == "POLICY_DENIED" || reason == "POLICY_DENY";
  const std::uint64_t number = number_at(flow, "drop_reason", 0xFFFFFFFF);
  return number == 133 || number == 181;  // POLICY_DENIED by default, POLICY_DENY by a deny rule
}

/// A record, or why it says nothing. The order of the checks is that of NotJudged.
std::variant<ObservedFlow, NotJudged> observed(const Json& flow) {
  ObservedFlow found;
  const std::string type = text_at(flow, "Type"), verdict = text_at(flow, "verdict");
  if (type == "L7" || member(flow, "l7") != nullptr) return NotJudged::Layer7;
  if (type == "SOCK" || verdict == "TRACED" || verdict == "TRANSLATED") return NotJudged::Socket;
  // Trace records of the way in say FORWARDED before any policy was asked.
  if (text_at(flow, "trace_observation_point").starts_with("FROM_")) return NotJudged::BeforePolicy;
  const Layer4 packet = layer_4(flow);
  const std::optional<bool> is_reply = flag_at(flow, "is_reply");
  if (is_reply.value_or(packet.is_answer)) return NotJudged::Reply;
  if (packet.is_icmp_error) return NotJudged::IcmpError;
  if (verdict == "DROPPED") {
    if (!is_policy_drop(flow)) return NotJudged::OtherDrop;
    found.verdict = ObservedVerdict::Dropped;
  } else if (verdict == "AUDIT") {
    found.verdict = ObservedVerdict::Audit;
  } else if (verdict != "FORWARDED" && verdict != "REDIRECTED") {
    return NotJudged::OtherVerdict;
  }
  const std::string direction = text_at(flow, "traffic_direction");
  if (direction != "INGRESS" && direction != "EGRESS") return NotJudged::NoDirection;
  found.direction = direction == "INGRESS" ? Direction::Ingress : Direction::Egress;
  if (packet.protocol == Protocol::Any) return NotJudged::NoProtocol;
  found.protocol = packet.protocol;
  found.port = packet.port;
  const Json* ip = object_at(flow, "IP");
  found.source = end_at(flow, "source", ip ? address_at(*ip, "source") : std::nullopt);
  found.destination = end_at(flow, "destination", ip ? address_at(*ip, "destination") : std::nullopt);
  if (!found.source.address || !found.destination.address) return NotJudged::NoAddress;
  return found;
}

/// The text of those lines that messages point into; all others are empty, so that memory does not grow with the file.
class BadLines {
 public:
  void add(std::size_t number, std::string_view line, std::size_t column, Misshapen problem) {
    if (problems_.size() == most_bad_lines) {
      ++more_;
      return;
    }
    text_.append(number - 1 - newlines_, '\n');
    newlines_ = number - 1;
    const std::size_t first = column > most_of_a_line ? column - most_of_a_line : 0;
    // The cut may not shift columns.
    text_.append(first, ' ').append(line.substr(first, 2 * most_of_a_line));
    problems_.push_back({number, column, std::move(problem)});
  }

  void report(const std::string& name, Sources& sources, Diagnostics& diagnostics) {
    if (problems_.empty()) return;
    const std::uint32_t file = sources.add(name, std::move(text_));
    for (const Problem& at : problems_) {
      const Loc where{file, static_cast<std::uint32_t>(at.line), static_cast<std::uint32_t>(at.column)};
      if (at.what.field.empty())
        diagnostics.report<Kind::FlowSyntax>(where, at.what.seen);
      else
        diagnostics.report<Kind::FlowShape>(where, at.what.field, at.what.seen, at.what.wanted);
    }
    if (more_ > 0) diagnostics.report<Kind::MoreBadLines>({file, 0, 0}, more_);
  }

 private:
  struct Problem {
    std::size_t line, column;
    Misshapen what;
  };
  std::string text_;
  std::size_t newlines_ = 0, more_ = 0;
  std::vector<Problem> problems_;
};

/// From 1; where the value of `field` is most likely written.
std::size_t column_of(std::string_view line, const std::string& field) {
  for (const std::string& name : {field, camel_case(field)})
    if (const std::size_t at = line.find("\"" + name + "\""); at != std::string_view::npos) return at + 1;
  return 1;
}

/// The library's own words, without its prefix: "[json.exception.parse_error.101] parse error at ...: syntax error ..."
std::string reason_of(const Json::parse_error& error) {
  const std::string text = error.what();
  const std::size_t at = text.find("syntax error");
  const std::size_t shown = text.find("; last read");
  return report::printable(at == std::string::npos ? text : text.substr(at, shown == std::string::npos ? shown : shown - at));
}

enum class Line : std::uint8_t { End, Whole, TooLong };

/// Of a line that is too long the beginning. `buffer` has longest_line + 1 characters.
Line next_line(std::istream& in, std::vector<char>& buffer, std::string& line) {
  in.getline(buffer.data(), static_cast<std::streamsize>(buffer.size()));
  const auto got = static_cast<std::size_t>(in.gcount());
  if (got == 0) return Line::End;
  const bool is_whole = !in.fail();
  line.assign(buffer.data(), got - (is_whole && !in.eof() ? 1 : 0));  // the line end counts
  if (is_whole) return Line::Whole;
  in.clear();
  in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  return Line::TooLong;
}

void read_line(const std::string& line, const FlowSink& sink) {
  if (is_deeper(line, Limits::most_depth))
    throw Misshapen{{}, fmt::format("it is nested deeper than {} levels", Limits::most_depth), {}};
  const Json record = Json::parse(line);
  if (!record.is_object()) throw Misshapen{"the line", seen(record), "an object"};
  const Json* wrapped = object_at(record, "flow");
  if (wrapped == nullptr && (member(record, "IP") == nullptr && member(record, "verdict") == nullptr)) {
    const Json* lost = object_at(record, "lost_events");
    if (lost != nullptr)
      return sink.not_judged(NotJudged::Lost, number_at(*lost, "num_events_lost", ~std::uint64_t(0)));
    return sink.not_judged(NotJudged::NoFlow, 1);
  }
  const auto result = observed(wrapped != nullptr ? *wrapped : record);
  if (const auto* flow = std::get_if<ObservedFlow>(&result))
    sink.flow(*flow);
  else
    sink.not_judged(std::get<NotJudged>(result), 1);
}

}  // namespace

std::string_view to_string(NotJudged cause) {
  switch (cause) {
    case NotJudged::NoFlow:
      return "no flow, but another message of Hubble";
    case NotJudged::Lost:
      return "lost by Hubble before it could be recorded";
    case NotJudged::Layer7:
      return "layer 7: Kube-OVN has no such rules";
    case NotJudged::Socket:
      return "translation at a socket, no packet yet";
    case NotJudged::BeforePolicy:
      return "recorded before policy was decided";
    case NotJudged::Reply:
      return "reply: passes with its connection";
    case NotJudged::IcmpError:
      return "ICMP error: passes with its connection";
    case NotJudged::OtherDrop:
      return "dropped, but not by policy";
    case NotJudged::OtherVerdict:
      return "verdict says nothing about policy";
    case NotJudged::NoDirection:
      return "direction not recorded";
    case NotJudged::NoProtocol:
      return "neither TCP, UDP, SCTP nor ICMP";
    case NotJudged::NoAddress:
      return "addresses not recorded";
    case NotJudged::NoPod:
      return "neither end is a pod";
    case NotJudged::UnknownPod:
      return "the pod is gone, and no other has its labels";
    case NotJudged::CiliumEndpoint:
      return "Cilium's own endpoint (health, ingress)";
    case NotJudged::UnknownNode:
      return "a node that the dump lacks";
    case NotJudged::ServiceAddress:
      return "to the address of a Service: policies judge its backends";
    case NotJudged::NoFamily:
      return "the pods found for it share no address family";
  }
  return {};
}

void read_flows(std::istream& in, const std::string& name, const FlowSink& sink, Sources& sources,
                Diagnostics& diagnostics) {
  BadLines bad;
  bool any = false;
  std::string line;
  std::vector<char> buffer(longest_line + 1);
  Line kind = next_line(in, buffer, line);
  for (std::size_t number = 1; kind != Line::End; ++number, kind = next_line(in, buffer, line)) {
    if (kind == Line::TooLong) {
      any = true;
      bad.add(number, line, 1, {{}, fmt::format("it has more than {} bytes", longest_line), {}});
      continue;
    }
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    any = true;
    try {
      read_line(line, sink);
    } catch (const Json::parse_error& error) {
      bad.add(number, line, std::max<std::size_t>(error.byte, 1), {{}, reason_of(error), {}});
    } catch (const Json::out_of_range&) {  // 1e999
      bad.add(number, line, 1, {{}, "one of its numbers is too large", {}});
    } catch (const Misshapen& problem) {
      bad.add(number, line, problem.field.empty() ? 1 : column_of(line, problem.field), problem);
    }
  }
  if (!any) diagnostics.report<Kind::NoFlows>({}, name);
  bad.report(name, sources, diagnostics);
}

}  // namespace policyconv::cli
