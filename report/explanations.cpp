#include "report/explanations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "report/language.h"

namespace policyconv::report {
namespace {

using Explanations = std::array<Explanation, std::size(definitions)>;

constexpr void put(Explanations& all, const Explanation& entry) {
  all[static_cast<std::size_t>(entry.kind)] = entry;
}

#define POLICYCONV_EXPLAIN(name, happened, why, remedy, example) \
  put(all, {Kind::name, happened, why, "", "", remedy, example});
#define POLICYCONV_EXPLAIN_MEANING(name, happened, why, cilium, kubeovn, remedy, example) \
  put(all, {Kind::name, happened, why, cilium, kubeovn, remedy, example});

constexpr Explanations english = [] {
  Explanations all{};
#include "report/explain_texts/assess.def"
#include "report/explain_texts/cilium.def"
#include "report/explain_texts/drift.def"
#include "report/explain_texts/input.def"
#include "report/explain_texts/kubeovn.def"
#include "report/explain_texts/reports.def"
  return all;
}();

constexpr Explanations chinese = [] {
  Explanations all{};
#include "report/explain_texts/zh/assess.def"
#include "report/explain_texts/zh/cilium.def"
#include "report/explain_texts/zh/drift.def"
#include "report/explain_texts/zh/input.def"
#include "report/explain_texts/zh/kubeovn.def"
#include "report/explain_texts/zh/reports.def"
  for (std::size_t at = 0; at < all.size(); ++at)
    if (all[at].example.empty()) all[at].example = english[at].example;
  return all;
}();

#undef POLICYCONV_EXPLAIN
#undef POLICYCONV_EXPLAIN_MEANING

/// The first sentence, without its full stop.
std::string_view first_sentence(std::string_view text) {
  const std::size_t latin = text.find(". "), ideographic = text.find("。");
  return text.substr(0, std::min({latin, ideographic, text.size()}));
}

}  // namespace

const Explanation* explanation(Kind kind, Language language) {
  for (const Explanations* all : {language == Language::Chinese ? &chinese : &english, &english})
    if (const Explanation& found = (*all)[static_cast<std::size_t>(kind)]; !found.happened.empty()) return &found;
  return nullptr;
}

std::vector<std::pair<std::string_view, std::string_view>> parts_of(const Explanation& about, Language language) {
  std::vector<std::pair<std::string_view, std::string_view>> parts = {{"What happened", about.happened},
                                                                      {"Why", about.why},
                                                                      {"In Cilium", about.cilium},
                                                                      {"In Kube-OVN", about.kubeovn},
                                                                      {"What to do", about.remedy}};
  std::erase_if(parts, [](const auto& part) { return part.second.empty(); });
  for (auto& [heading, text] : parts) heading = say(heading, language);
  return parts;
}

std::string summary_of(Kind kind, Language language) {
  const Explanation* found = explanation(kind, language);
  if (definition(kind).text != "{}" || found == nullptr) return outline_of(kind, language);
  return std::string(first_sentence(found->happened));
}

std::vector<Kind> kinds_by_code() {
  std::vector<Kind> kinds;
  for (std::size_t at = 0; at < std::size(definitions); ++at) kinds.push_back(static_cast<Kind>(at));
  std::sort(kinds.begin(), kinds.end(), [](Kind a, Kind b) { return definition(a).code < definition(b).code; });
  return kinds;
}

std::string canonical_code(std::string_view typed) {
  const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
  const bool is_code = typed.size() >= 3 && typed.size() <= 6 && (typed[0] == 'p' || typed[0] == 'P') &&
                       (typed[1] == 'c' || typed[1] == 'C') && std::all_of(typed.begin() + 2, typed.end(), is_digit);
  return is_code ? fmt::format("PC{:0>4}", typed.substr(2)) : std::string(typed);
}

}  // namespace policyconv::report
