// What objects of both kinds of admission policies have in common.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "backends/kubeovn/admission_share.h"
#include "yaml/writer.h"

namespace policyconv::kubeovn {

struct Variable {
  std::string name, expression;
};

/// An object must stay below etcd's 1.5 MiB with whatever the API server adds.
inline constexpr std::size_t largest_object = 1'000'000;

/// Neighbours together, up to a few thousand characters: lines that a person can still read, and far from the 100,000
/// characters that an expression of CEL may have.
[[nodiscard]] std::vector<std::vector<std::string>> in_parts(std::vector<std::string> texts);

/// "http/TCP/8080".
[[nodiscard]] std::string port_text(const ContainerPort& port);

/// Our label tells the objects of an earlier run.
void metadata(yaml::Writer& writer, std::string_view name);
void namespace_selector(yaml::Writer& writer, const Share& share);
void text_list(yaml::Writer& writer, std::string_view name, const std::vector<std::string>& texts);
/// A list of names with expressions.
void expressions(yaml::Writer& writer, std::string_view name, const std::vector<Variable>& list);

}  // namespace policyconv::kubeovn
