// Chinese beside English: everything translated, placeholders kept, phrases of the faces found; docs/codes as
// generated.
#include "report/language.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/explain.h"
#include "report/code_pages.h"
#include "report/explanations.h"
#include "report/terminal.h"
#include "report/text.h"

using namespace policyconv;
using report::Language;
namespace fs = std::filesystem;

namespace {

const fs::path root = POLICYCONV_SOURCE_DIR;

std::string content_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Three bytes from U+4E00 to U+9FFF.
bool is_ideograph(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  return 0xE4 <= lead && lead <= 0xE9 && at + 2 < text.size();
}

bool has_ideograph(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at)
    if (is_ideograph(text, at)) return true;
  return false;
}

/// Sentences and clauses; what stands in backticks or parentheses is not cut.
std::vector<std::string_view> sentences_of(std::string_view text) {
  std::vector<std::string_view> sentences;
  constexpr std::string_view ends[] = {"。", "；"};
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    quoted ^= text[at] == '`';
    for (const std::string_view end : ends)
      if (!quoted && text.substr(at).starts_with(end)) {
        sentences.push_back(text.substr(begin, at - begin));
        begin = at + end.size();
      }
  }
  if (begin < text.size()) sentences.push_back(text.substr(begin));
  return sentences;
}

/// Half-width marks next to an ideograph, which belong into Latin text.
bool has_latin_mark(std::string_view text) {
  constexpr std::string_view marks = ",;:?!()";
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_ideograph(text, at)) continue;
    if (at + 3 < text.size() && marks.find(text[at + 3]) != std::string_view::npos) return true;
    if (at > 0 && marks.find(text[at - 1]) != std::string_view::npos) return true;
  }
  return false;
}

void check_chinese(std::string_view chinese, std::string_view english) {
  INFO(chinese);
  CHECK(chinese != english);
  CHECK(std::count(chinese.begin(), chinese.end(), '`') % 2 == 0);
  CHECK_FALSE(has_latin_mark(chinese));
  for (const std::string_view sentence : sentences_of(chinese)) {
    INFO(sentence);
    CHECK((has_ideograph(sentence) || sentence.starts_with('{')));  // an argument may be a clause
  }
}

/// The numbers in the placeholders of a text; `{}` counts on. A format such as `{:02X}` is `formatted`.
struct Placeholders {
  std::set<std::size_t> numbers;
  bool formatted = false;
};

Placeholders placeholders_of(std::string_view text) {
  Placeholders found;
  std::size_t next = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '{') continue;
    if (text.substr(at, 2) == "{{") {
      ++at;
      continue;
    }
    const std::size_t end = text.find('}', at);
    const std::string_view inside = text.substr(at + 1, end - at - 1);
    const std::string_view number = inside.substr(0, inside.find(':'));
    found.formatted |= number != inside;
    found.numbers.insert(number.empty() ? next++ : static_cast<std::size_t>(std::stoul(std::string(number))));
    at = end;
  }
  return found;
}

/// An example as a machine reads it: without comments, blanks before them, and empty lines.
std::string without_comments(std::string_view example) {
  std::istringstream in{std::string(example)};
  std::string all;
  for (std::string line; std::getline(in, line);) {
    const std::size_t hash = line.starts_with('#') ? 0 : line.find(" #");
    line.erase(std::min(hash, line.size()));
    line.erase(line.find_last_not_of(' ') + 1);
    if (!line.empty()) all += line + "\n";
  }
  return all;
}

/// The text of the C++ string literals that begin at `at`, put together; nothing if there is none.
std::string literal_at(std::string_view source, std::size_t at) {
  std::string text;
  const auto skip_space = [&] { at = std::min(source.find_first_not_of(" \n", at), source.size()); };
  for (skip_space(); at < source.size() && source[at] == '"'; skip_space()) {
    for (++at; at < source.size() && source[at] != '"'; ++at) {
      if (source[at] == '\\') ++at;
      text += source[at];
    }
    ++at;
  }
  return text;
}

/// What is said with `call`, e.g. `say(`: the literals right behind it.
void collect(std::string_view source, std::string_view call, std::set<std::string>& phrases) {
  for (std::size_t at = source.find(call); at != std::string_view::npos; at = source.find(call, at + 1)) {
    const bool whole =
        at == 0 || (std::isalnum(static_cast<unsigned char>(source[at - 1])) == 0 && source[at - 1] != '_');
    if (const std::string phrase = literal_at(source, at + call.size()); whole && !phrase.empty())
      phrases.insert(phrase);
  }
}

/// `counted(3, "rule", "rules", language)` looks up "{} rules"; counted_text() likewise.
void collect_counted(std::string_view source, std::set<std::string>& phrases) {
  for (const std::string_view call : {"counted(", "counted_text("})
    for (std::size_t at = source.find(call); at != std::string_view::npos; at = source.find(call, at + 1)) {
      const std::string_view line = source.substr(at, source.find("language", at) - at);
      const std::size_t close = line.rfind('"'), open = close == std::string_view::npos ? close : line.rfind('"', close - 1);
      if (line.find(';') != std::string_view::npos || open == std::string_view::npos) continue;
      phrases.insert("{} " + literal_at(line, open));
    }
}

/// Every phrase that some face says.
std::set<std::string> phrases_said() {
  std::set<std::string> phrases;
  for (const char* folder : {"report", "cli"})
    for (const auto& entry : fs::directory_iterator(root / folder)) {
      if (entry.path().extension() != ".cpp") continue;
      const std::string source = content_of(entry.path()), name = entry.path().filename().string();
      collect(source, "say(", phrases);
      if (name == "machine.cpp" || name == "sarif.cpp") collect(source, "add(", phrases);
      if (name.starts_with("html")) collect_counted(source, phrases);
      if (name != "text.cpp") continue;
      collect(source, "remark(", phrases);
      for (const char* language : {"told(language, ", "told(style_.language, ", "told(style.language, "})
        collect(source, language, phrases);
      collect_counted(source, phrases);
    }
  for (const char* name : {"What happened", "Why", "In Cilium", "In Kube-OVN", "What to do"}) phrases.insert(name);
  for (const Effect effect :
       {Effect::Note, Effect::NoEffect, Effect::Error, Effect::Stricter, Effect::Looser, Effect::Refused})
    phrases.insert(std::string(to_string(effect)));
  return phrases;
}

report::Finding finding(Kind kind, std::vector<std::string> arguments, std::string message = "in English") {
  report::Finding made;
  made.kind = kind;
  made.message = std::move(message);
  made.arguments = std::move(arguments);
  return made;
}

std::string chinese(Kind kind, std::vector<std::string> arguments) {
  return message_of(finding(kind, std::move(arguments)), Language::Chinese);
}

}  // namespace

TEST_CASE("every message and its help are there in Chinese") {
  for (std::size_t at = 0; at < std::size(definitions); ++at) {
    const Definition& about = definitions[at];
    const auto kind = static_cast<Kind>(at);
    INFO(about.code << " " << about.name);
    const std::string_view text = report::pattern_of(kind, Language::Chinese);
    check_chinese(text, about.text);
    CHECK_FALSE(text.ends_with("。"));
    const std::string_view help = report::help_of(kind, Language::Chinese);
    CHECK(help.empty() == about.help.empty());
    if (!help.empty()) check_chinese(help, about.help);
    CHECK_FALSE(help.ends_with("。"));
  }
}

TEST_CASE("placeholders are those of the English message") {
  for (std::size_t at = 0; at < std::size(definitions); ++at) {
    INFO(definitions[at].code);
    const Placeholders english = placeholders_of(definitions[at].text);
    const Placeholders found = placeholders_of(report::pattern_of(static_cast<Kind>(at), Language::Chinese));
    CHECK(found.numbers == english.numbers);
    CHECK_FALSE(found.formatted);  // arguments are texts already
  }
}

TEST_CASE("messages are put together anew from their arguments") {
  CHECK(chinese(Kind::UnknownField, {"fromEndpoint", "`ingress[]`"}) == "`ingress[]` 中有未知字段 `fromEndpoint`");
  CHECK(chinese(Kind::Template, {"the file"}) == "`{{` 是模板语法：必须先渲染该文件");
  CHECK(chinese(Kind::HttpRule, {"the ports they guard stay closed"}) ==
        "OVN 无法执行 HTTP 规则；它们所保护的端口保持关闭");
  CHECK(chinese(Kind::NamedPortAmbiguous, {"http", "8080 and 9090"})
            .starts_with("在这个集群中端口名称 `http` 是 8080 和 9090；"));
  CHECK(chinese(Kind::SubjectSelectsNothing, {"its namespace is `ops`, the policy's is `shop`"}) ==
        "这个选择器不可能匹配任何 Pod：它的命名空间是 `ops`，策略的是 `shop`");
  CHECK(chinese(Kind::WrongType, {"`spec.x`", "null", "a list"}) == "`spec.x` 是 null，必须是列表");
  CHECK(chinese(Kind::NamedPortUnknown, {"selected pod", "tcp", "http"}) ==
        "被选中的 Pod 都没有定义名为 `http` 的 tcp 端口，所以它不匹配任何流量");
  CHECK(chinese(Kind::NotAnObject, {"it is a list"}) == "这不是 Kubernetes 对象：它是列表");
}

TEST_CASE("names of users and words of other programs stay as they are") {
  CHECK(chinese(Kind::OutsideLabels, {"same", "the allow is left out for them"}) ==
        "集群外地址的 `same` 标签无法转换；对它们略去允许规则");
  CHECK(chinese(Kind::RejectedByCilium, {"rule must have at least one of Ingress and Egress"}) ==
        "Cilium 拒绝这条策略，不执行其中任何内容：rule must have at least one of Ingress and Egress");
  CHECK(chinese(Kind::UnknownKind, {"{0}"}) == "未知的 kind `{0}`");
}

TEST_CASE("without the arguments, or in English, the message is the one that was written") {
  CHECK(chinese(Kind::UnknownField, {}) == "in English");
  CHECK(message_of(finding(Kind::UnknownField, {"a", "b"}), Language::English) == "in English");
}

TEST_CASE("every code is explained in Chinese, in the same parts") {
  for (std::size_t at = 0; at < std::size(definitions); ++at) {
    INFO(definitions[at].code << " " << definitions[at].name);
    const report::Explanation* english = report::explanation(static_cast<Kind>(at));
    const report::Explanation* found = report::explanation(static_cast<Kind>(at), Language::Chinese);
    REQUIRE(english != nullptr);
    REQUIRE(found != nullptr);
    const auto english_parts = parts_of(*english, Language::English), parts = parts_of(*found, Language::Chinese);
    REQUIRE(parts.size() == english_parts.size());
    for (std::size_t part = 0; part < parts.size(); ++part) {
      CHECK(parts[part].first == report::say(english_parts[part].first, Language::Chinese));
      check_chinese(parts[part].second, english_parts[part].second);
      CHECK(parts[part].second.ends_with("。"));
      CHECK(english_parts[part].second.ends_with("."));
    }
    CHECK(without_comments(found->example) == without_comments(english->example));
  }
}

TEST_CASE("codes about meaning say what Cilium does and what Kube-OVN can do") {
  for (std::size_t at = 0; at < std::size(definitions); ++at) {
    const std::string_view code = definitions[at].code;
    const bool about_meaning = "PC0300" <= code && code < "PC2100";
    INFO(code);
    const report::Explanation* found = report::explanation(static_cast<Kind>(at));
    REQUIRE(found != nullptr);
    CHECK(found->cilium.empty() != about_meaning);
    CHECK(found->kubeovn.empty() != about_meaning);
  }
}

TEST_CASE("every phrase of the faces is there in Chinese") {
  const std::set<std::string> phrases = phrases_said();
  CHECK(phrases.size() > 100);
  for (const std::string& phrase : phrases) {
    INFO(phrase);
    const std::string_view said = report::say(phrase, Language::Chinese);
    CHECK(said != phrase);
    CHECK(placeholders_of(said).numbers == placeholders_of(phrase).numbers);
    CHECK(report::say(phrase, Language::English) == phrase);
  }
}

TEST_CASE("phrases stand in their table once, and keep their placeholders") {
  struct Phrase {
    std::string_view english, chinese;
  };
  constexpr Phrase phrases[] = {
#define POLICYCONV_PHRASE(english, chinese) {english, chinese},
#include "report/phrases_zh.def"
#undef POLICYCONV_PHRASE
  };
  std::set<std::string_view> seen;
  for (const Phrase& phrase : phrases) {
    INFO(phrase.english);
    CHECK(seen.insert(phrase.english).second);
    CHECK(placeholders_of(phrase.chinese).numbers == placeholders_of(phrase.english).numbers);
    CHECK(std::count(phrase.chinese.begin(), phrase.chinese.end(), '`') ==
          std::count(phrase.english.begin(), phrase.english.end(), '`'));
    CHECK_FALSE(has_latin_mark(phrase.chinese));
  }
}

TEST_CASE("what messages say about the outcome is Chinese, too") {
  std::set<std::string> outcomes;
  for (const char* folder : {"frontend", "backends/kubeovn"})
    for (const auto& entry : fs::directory_iterator(root / folder)) {
      if (entry.path().extension() != ".cpp") continue;
      const std::string source = content_of(entry.path());
      for (const char* beginning : {"\"the allow ", "\"the deny ", "\"the rule is ", "\"the ports they "})
        for (std::size_t at = source.find(beginning); at != std::string::npos; at = source.find(beginning, at + 1))
          outcomes.insert(literal_at(source, at));
    }
  CHECK(outcomes.size() > 20);
  for (const std::string& outcome : outcomes) {
    INFO(outcome);
    CHECK(chinese(Kind::HttpRule, {outcome}).find(outcome) == std::string::npos);
  }
}

TEST_CASE("numbers come with a classifier") {
  CHECK(report::counted(1, "rule", "rules", Language::English) == "1 rule");
  CHECK(report::counted(2, "rule", "rules", Language::English) == "2 rules");
  CHECK(report::counted(1, "rule", "rules", Language::Chinese) == "1 条规则");
}

TEST_CASE("the report on a terminal is Chinese throughout") {
  report::Report made;
  report::Finding http = finding(Kind::HttpRule, {"the ports they guard stay closed"}, "HTTP");
  http.effect = Effect::Refused;
  http.policy = "CiliumNetworkPolicy shop/web";
  http.rule = "spec.ingress[0]";
  http.suggestion = "did you mean `ingress`?";
  made.findings = {http};
  made.policies = {{"CiliumNetworkPolicy", "shop", "web", {}, true, Effect::Note, {}, {}}};
  made.policies[0].rules.resize(1);
  made.policies[0].rules[0].path = "spec.ingress[0]";
  made.policies[0].rules[0].effect = Effect::Refused;
  made.policies[0].rules[0].findings = {0};
  made.generated = report::Report::Generated{2, 1, 3};
  made.status = 5;
  std::ostringstream out;
  report::TextStyle style;
  style.language = Language::Chinese;
  print_text(made, style, out);
  CHECK(out.str() == R"(不予转换[PC1101]: OVN 无法执行 HTTP 规则；它们所保护的端口保持关闭
      = 位于: CiliumNetworkPolicy shop/web spec.ingress[0]
      = 建议: 是否想写 `ingress`？
      = 建议: 把 HTTP 策略移到网关或服务网格，或用 --allow-looser PC1101 接受单纯的 L4

  shop/web  CiliumNetworkPolicy  1 条规则：1 不予转换
      spec.ingress[0]  不予转换 (PC1101)

1 条策略，1 条规则：1 不予转换 · 2 个 SecurityGroup，1 个 Subnet，3 个 Pod 已绑定 · 退出状态 5（有内容不予转换）
)");
}

TEST_CASE("Chinese lines break between ideographs, but not before a closing mark") {
  CHECK(cli::filled("一二三四五", 4) == "一二\n三四\n五\n");
  CHECK(cli::filled("一二。三四", 4) == "一\n二。\n三四\n");
  CHECK(cli::filled("一（二三", 4) == "一\n（二\n三\n");
  CHECK(cli::filled("用 --cluster 给出", 11) == "用\n--cluster\n给出\n");
  CHECK(cli::filled("用 --cluster 给出", 12) == "用 --cluster\n给出\n");
  CHECK(cli::filled("one two\nthree", 7) == "one two\nthree\n");
  CHECK(cli::filled("longer-than-the-line", 4) == "longer-than-the-line\n");
}

TEST_CASE("long texts keep to the width of a terminal, and lose nothing") {
  const auto without_blanks = [](std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
  };
  for (const Kind kind : report::kinds_by_code())
    for (const Language language : {Language::English, Language::Chinese})
      for (const auto& [heading, text] : parts_of(*report::explanation(kind, language), language)) {
        const std::string lines = cli::filled(text, 100);
        CHECK(without_blanks(lines) == without_blanks(std::string(text)));
        std::istringstream in(lines);
        for (std::string line; std::getline(in, line);) {
          INFO(line);
          CHECK(report::columns(line) <= 100);
          CHECK_FALSE(line.starts_with("，"));
          CHECK_FALSE(line.starts_with("。"));
        }
      }
}

TEST_CASE("explain speaks both languages, in text and in Markdown") {
  const auto explained = [](const cli::ExplainOptions& options) {
    std::ostringstream out, err;
    CHECK(cli::explain(options, out, err) == 0);
    return out.str();
  };
  const std::string english = explained({{"PC1101"}, false, cli::Format::Text, Language::English});
  for (const char* heading :
       {"\nWhat happened\n", "\nWhy\n", "\nIn Cilium\n", "\nIn Kube-OVN\n", "\nWhat to do\n", "\nExample\n"})
    CHECK(english.find(heading) != std::string::npos);
  const std::string text = explained({{"pc1101"}, false, cli::Format::Text, Language::Chinese});
  CHECK(text.starts_with("PC1101 (不予转换): OVN 无法执行 HTTP 规则；…\n\n发生了什么\n\n规则按路径"));
  const std::string page = explained({{"PC1101"}, false, cli::Format::Markdown, Language::Chinese});
  CHECK(page.starts_with("## PC1101\n\n**不予转换** · OVN 无法执行 HTTP 规则；…\n\n### 发生了什么\n"));
  const std::string all = explained({{}, true, cli::Format::Text, Language::Chinese});
  for (const Definition& about : definitions) CHECK(all.find(std::string(about.code) + " (") != std::string::npos);
}

TEST_CASE("explain takes a language, a format and --all, but no codes beside it") {
  const auto request = cli::parse_command_line({"explain", "--all", "--lang", "zh", "--format", "markdown"});
  REQUIRE(std::holds_alternative<cli::ExplainOptions>(request));
  const auto& options = std::get<cli::ExplainOptions>(request);
  CHECK(options.all);
  CHECK(options.language == Language::Chinese);
  CHECK(options.format == cli::Format::Markdown);
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"--all", "PC0301"}, {"--lang", "fr"}, {"--format", "json", "PC0301"}}) {
    std::vector<std::string> args = {"explain"};
    args.insert(args.end(), wrong.begin(), wrong.end());
    const auto refused = cli::parse_command_line(args);
    REQUIRE(std::holds_alternative<cli::Answer>(refused));
    CHECK(std::get<cli::Answer>(refused).status == cli::usage_error);
  }
}

TEST_CASE("docs/codes holds what explain says") {
  const fs::path folder = root / "docs/codes";
  REQUIRE((std::getenv("POLICYCONV_UPDATE") != nullptr || fs::is_directory(folder)));
  const std::vector<report::CodePage> pages = report::code_pages();
  if (std::getenv("POLICYCONV_UPDATE") != nullptr) {
    fs::create_directories(folder);
    for (const report::CodePage& page : pages) std::ofstream(folder / page.name) << page.text;
  }
  std::set<std::string> names;
  for (const report::CodePage& page : pages) {
    INFO(page.name << ": refresh with POLICYCONV_UPDATE=1");
    CHECK((content_of(folder / page.name) == page.text));  // parentheses: a page is too long to be printed
    CHECK(page.text.find("xx: \n") == std::string::npos);  // every family has a title
    CHECK(page.text.find("xx：\n") == std::string::npos);
    names.insert(page.name);
  }
  for (const auto& entry : fs::directory_iterator(folder)) CHECK(names.count(entry.path().filename().string()) == 1);
}
