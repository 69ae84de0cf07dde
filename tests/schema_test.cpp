// The decoders know exactly the fields that the CRD schemas know: for every path of tests/schemas a minimal object with
// that path is accepted, one with the last name misspelt is not, and fields of newer versions are told apart.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "frontend/parse.h"

using namespace policyconv;

namespace {

struct Field {
  std::string kind, path, type;
  auto operator<=>(const Field&) const = default;
};

std::set<Field> schema_of(int minor) {
  std::ifstream file(fmt::format("{}/tests/schemas/cilium-1.{}.tsv", POLICYCONV_SOURCE_DIR, minor));
  REQUIRE(file);
  std::set<Field> fields;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream columns(line);
    Field field;
    std::getline(std::getline(std::getline(columns, field.kind, '\t'), field.path, '\t'), field.type, '\t');
    fields.insert(field);
  }
  return fields;
}

std::string dummy(const std::string& type) {
  if (type == "object") return "{}";
  if (type == "array") return "[]";
  if (type == "boolean") return "true";
  if (type == "integer" || type == "int-or-string") return "7";
  REQUIRE(type == "string");
  return "\"x\"";
}

/// {"spec":{"ingress":[{"toPorts":[value]}]}} for spec.ingress[].toPorts[]
std::string json_of(std::string_view path, const std::string& value) {
  if (path.empty()) return value;
  if (path.starts_with("[]")) return "[" + json_of(path.substr(2), value) + "]";
  if (path.starts_with("{}")) return "{\"key\":" + json_of(path.substr(2), value) + "}";
  if (path.starts_with('.')) path.remove_prefix(1);
  const std::size_t end = std::min(path.find_first_of(".[{"), path.size());
  return fmt::format("{{\"{}\":{}}}", path.substr(0, end), json_of(path.substr(end), value));
}

std::string object_of(const Field& field, const std::string& path) {
  std::string kind = field.kind, version = "cilium.io/v2";
  if (const auto dot = kind.find('.'); dot != std::string::npos) {
    version = "cilium.io/" + kind.substr(dot + 1);
    kind.resize(dot);
  }
  if (kind == "NetworkPolicy") version = "networking.k8s.io/v1";
  const bool is_cidr = path.ends_with("externalCIDRs[]");  // the only text whose decoder looks inside
  const std::string body = json_of(path, is_cidr ? "\"10.0.0.0/8\"" : dummy(field.type));
  return fmt::format(R"({{"apiVersion":"{}","kind":"{}","metadata":{{"name":"a"}},{})", version, kind, body.substr(1));
}

std::vector<Kind> errors_of(const std::string& text, int minor) {
  Sources sources;
  const std::uint32_t file = sources.add("a.json", text);
  Diagnostics diagnostics;
  (void)cilium::parse_policies(sources, {&file, 1}, {.semantics = semantics_of(minor)}, diagnostics);
  std::vector<Kind> errors;
  for (const Diagnostic& one : diagnostics.all())
    if (definition(one.kind).effect == Effect::Error) errors.push_back(one.kind);
  return errors;
}

void check_known(const Field& field, int minor) {
  CAPTURE(field.kind, field.path, minor);
  CHECK(errors_of(object_of(field, field.path), minor).empty());
  const bool has_name = !field.path.ends_with("[]") && !field.path.ends_with("{}");
  if (has_name) CHECK(errors_of(object_of(field, field.path + "Zq"), minor) == std::vector{Kind::UnknownField});
}

const std::vector<int> versions = {14, 16, 17, 18};

}  // namespace

TEST_CASE("every field of every CRD version is known, and its misspelling is not") {
  for (const int minor : versions)
    for (const Field& field : schema_of(minor)) check_known(field, minor);
}

TEST_CASE("a field that only a newer Cilium has is an error") {
  for (const int minor : versions) {
    std::vector<Field> newer;
    const std::set<Field> old = schema_of(minor), latest = schema_of(18);
    std::set_difference(
        latest.begin(), latest.end(), old.begin(), old.end(), std::back_inserter(newer),
        [](const Field& a, const Field& b) { return std::tie(a.kind, a.path) < std::tie(b.kind, b.path); });
    for (const Field& field : newer) {
      // Neither says which traffic passes.
      if (field.path.find(".log") != std::string::npos || field.path.ends_with("listener.priority")) continue;
      CAPTURE(field.kind, field.path, minor);
      CHECK(errors_of(object_of(field, field.path), minor) == std::vector{Kind::FieldNotInVersion});
    }
  }
}

TEST_CASE("L7 rules that 1.20 removed") {
  for (const std::string path : {"kafka", "l7", "l7proto"}) {
    const Field field{"CiliumNetworkPolicy", "spec.ingress[].toPorts[].rules." + path,
                      path == "l7proto" ? "string" : "array"};
    CHECK(errors_of(object_of(field, field.path), 19).empty());
    CHECK(errors_of(object_of(field, field.path), 20) == std::vector{Kind::FieldNotInVersion});
  }
}

TEST_CASE("every field of a NetworkPolicy is known, and its misspelling is not") {
  const auto peers = [](const std::string& list) {
    std::vector<Field> fields = {{"", list, "array"},
                                 {"", list + "[]", "object"},
                                 {"", list + "[].ipBlock", "object"},
                                 {"", list + "[].ipBlock.cidr", "string"},
                                 {"", list + "[].ipBlock.except", "array"},
                                 {"", list + "[].ipBlock.except[]", "string"}};
    for (const std::string selector : {"[].podSelector", "[].namespaceSelector"})
      fields.push_back({"", list + selector, "object"});
    return fields;
  };
  std::vector<Field> fields = {{"", "spec", "object"},
                               {"", "status", "object"},
                               {"", "spec.podSelector", "object"},
                               {"", "spec.podSelector.matchLabels", "object"},
                               {"", "spec.podSelector.matchLabels{}", "string"},
                               {"", "spec.podSelector.matchExpressions", "array"},
                               {"", "spec.podSelector.matchExpressions[]", "object"},
                               {"", "spec.podSelector.matchExpressions[].key", "string"},
                               {"", "spec.podSelector.matchExpressions[].operator", "string"},
                               {"", "spec.podSelector.matchExpressions[].values", "array"},
                               {"", "spec.podSelector.matchExpressions[].values[]", "string"},
                               {"", "spec.policyTypes", "array"},
                               {"", "spec.policyTypes[]", "string"}};
  for (const std::string direction : {"spec.ingress", "spec.egress"}) {
    fields.insert(fields.end(), {{"", direction, "array"},
                                 {"", direction + "[]", "object"},
                                 {"", direction + "[].ports", "array"},
                                 {"", direction + "[].ports[]", "object"},
                                 {"", direction + "[].ports[].port", "int-or-string"},
                                 {"", direction + "[].ports[].port", "string"},
                                 {"", direction + "[].ports[].endPort", "integer"},
                                 {"", direction + "[].ports[].protocol", "string"}});
    const auto own = peers(direction + (direction == "spec.ingress" ? "[].from" : "[].to"));
    fields.insert(fields.end(), own.begin(), own.end());
  }
  for (Field& field : fields) {
    field.kind = "NetworkPolicy";
    check_known(field, 18);
  }
}
