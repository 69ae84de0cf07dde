#include "report/code_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "report/document.h"
#include "report/explanations.h"
#include "report/language.h"

namespace policyconv::report {
namespace {

constexpr Language languages[] = {Language::English, Language::Chinese};

/// "PC11xx"
std::string family_of(Kind kind) {
  return fmt::format("{}xx", definition(kind).code.substr(0, 4));
}

struct Family {
  std::string_view name, english, chinese;
};

constexpr Family families[] = {
    {"PC01xx", "Reading the input", "读取输入"},
    {"PC02xx", "Objects of the cluster", "集群对象"},
    {"PC03xx", "Not enforced by Cilium", "Cilium 不执行的内容"},
    {"PC10xx", "What policies select", "策略所选的内容"},
    {"PC11xx", "What OVN cannot do, and how policies are read", "OVN 做不到的内容，以及策略的解读"},
    {"PC20xx", "What Kube-OVN cannot say, and what the output does besides",
     "Kube-OVN 无法表达的内容，以及输出额外的行为"},
    {"PC21xx", "Kube-OVN objects that are read back", "回读的 Kube-OVN 对象"},
    {"PC30xx", "Assertions", "断言"},
    {"PC31xx", "Ends, flows and what verify and replay find", "端点、流，以及 verify 和 replay 的发现"},
    {"PC40xx", "What assess finds", "assess 的发现"},
    {"PC50xx", "What drift and rollback-check find", "drift 和 rollback-check 的发现"},
};

std::string_view title_of(std::string_view family, Language language) {
  const auto* found =
      std::find_if(std::begin(families), std::end(families), [&](const Family& f) { return f.name == family; });
  if (found == std::end(families)) return {};
  return language == Language::Chinese ? found->chinese : found->english;
}

std::string file_name(std::string_view family, Language language) {
  return fmt::format("{}{}", family, language == Language::Chinese ? ".zh.md" : ".md");
}

std::string page(std::string_view family, const std::vector<Kind>& kinds, Language language) {
  const bool zh = language == Language::Chinese;
  std::string text = fmt::format("# {}{}{}\n\n", family, zh ? "：" : ": ", title_of(family, language));
  text += zh ? fmt::format("[所有代码](README.zh.md) · [English]({})\n", file_name(family, Language::English))
             : fmt::format("[All codes](README.md) · [中文]({})\n", file_name(family, Language::Chinese));
  for (const Kind kind : kinds) text += "\n" + code_markdown(kind, language);
  return text;
}

std::string index(const std::map<std::string, std::vector<Kind>>& by_family, Language language) {
  const bool zh = language == Language::Chinese;
  std::string text =
      zh ? "# 代码\n\n[English](README.md)\n\n报告中的每条消息都有一个代码，其含义永远不变。`policyconv explain --lang "
           "zh "
           "CODE` 不需要网络就能打印同样的说明。这些页面由同一份文本生成；`tests/language_test.cpp` 会比较两者。\n"
         : "# Codes\n\n[中文](README.zh.md)\n\nEvery message of a report has a code, which never changes its "
           "meaning. `policyconv explain CODE` prints the\nsame text without a network. These pages are generated "
           "from it; `tests/language_test.cpp` compares the two.\n";
  for (const auto& [family, kinds] : by_family) {
    text += fmt::format("\n## {}{}{}\n\n", family, zh ? "：" : ": ", title_of(family, language));
    text += zh ? "| 代码 | 影响 | 消息 |\n|---|---|---|\n" : "| code | effect | message |\n|---|---|---|\n";
    for (const Kind kind : kinds) {
      const Definition& about = definition(kind);
      std::string anchor(about.code);
      anchor.replace(0, 2, "pc");
      text += fmt::format("| [{}]({}#{}) | {} | {} |\n", about.code, file_name(family, language), anchor,
                          say(to_string(about.effect), language), prose_markdown(summary_of(kind, language)));
    }
  }
  return text;
}

}  // namespace

std::string prose_markdown(std::string_view text) {
  std::string result;
  for (bool code = false; !text.empty(); code = !code) {
    const std::string_view part = text.substr(0, text.find('`'));
    result += !code ? markdown(part) : part.empty() ? "" : fmt::format("`{}`", part);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return result;
}

std::string code_markdown(Kind kind, Language language) {
  const Definition& about = definition(kind);
  std::string text = fmt::format("## {}\n\n**{}** · {}\n", about.code, say(to_string(about.effect), language),
                                 prose_markdown(summary_of(kind, language)));
  const Explanation* found = explanation(kind, language);
  if (found == nullptr) return text;
  for (const auto& [heading, part] : parts_of(*found, language))
    text += fmt::format("\n### {}\n\n{}\n", heading, prose_markdown(part));
  return text + fmt::format("\n### {}\n\n```\n{}\n```\n", say("Example", language), found->example);
}

std::vector<CodePage> code_pages() {
  std::map<std::string, std::vector<Kind>> by_family;
  for (const Kind kind : kinds_by_code()) by_family[family_of(kind)].push_back(kind);
  std::vector<CodePage> pages;
  for (const Language language : languages) {
    pages.push_back({file_name("README", language), index(by_family, language)});
    for (const auto& [family, kinds] : by_family)
      pages.push_back({file_name(family, language), page(family, kinds, language)});
  }
  std::sort(pages.begin(), pages.end(), [](const CodePage& a, const CodePage& b) { return a.name < b.name; });
  return pages;
}

}  // namespace policyconv::report
