#include "yaml/objects.h"

#include "yaml/view.h"

namespace policyconv::decode {
namespace {

constexpr std::string_view list_suffix = "List";

void walk(const yaml::Node& node, std::string api_version, std::string kind,
          const std::function<void(const ApiObject&)>& use, Diagnostics& diagnostics) {
  if (node.shape != yaml::Shape::Mapping) {
    diagnostics.report<Kind::NotAnObject>(node.loc, fmt::format("it is {}", yaml::shape_name(node.shape)));
    return;
  }
  const std::size_t said = diagnostics.all().size();
  const View view(node, "the object's", ' ', diagnostics);
  api_version = view["apiVersion"].text(api_version);
  kind = view["kind"].text(kind);
  if (diagnostics.all().size() != said) return;
  if (kind.empty() || api_version.empty()) {
    diagnostics.report<Kind::NotAnObject>(node.loc, kind.empty() ? "it has no kind" : "it has no apiVersion");
    return;
  }
  const bool is_list = kind == list_suffix || (kind.ends_with(list_suffix) && node.find("items"));
  if (!is_list) return use({node, std::move(api_version), std::move(kind)});
  kind.resize(kind.size() - list_suffix.size());
  if (kind.empty()) api_version.clear();  // a plain List has a version of its own, which is not that of its items
  for (const View& item : view["items"].items()) walk(item.node(), api_version, kind, use, diagnostics);
}

}  // namespace

std::string_view ApiObject::group() const {
  const std::size_t slash = api_version.find('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(api_version).substr(0, slash);
}

void each_object(const yaml::Node& document, const std::function<void(const ApiObject&)>& use,
                 Diagnostics& diagnostics) {
  walk(document, {}, {}, use, diagnostics);
}

}  // namespace policyconv::decode
