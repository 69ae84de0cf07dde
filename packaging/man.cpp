#include "packaging/man.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace policyconv::packaging {
namespace {

/// The code point at the beginning of `text`, which is UTF-8 of our own, and its length.
std::pair<std::uint32_t, std::size_t> code_point(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at])); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t length = byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  std::uint32_t point = byte(0) & (0xffU >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) point = point << 6 | (byte(at) & 0x3fU);
  return {point, length};
}

/// `text` so that roff prints it as it is, wherever it stands in a line that does not begin with it.
std::string escaped(std::string_view text) {
  constexpr std::array<std::pair<char, std::string_view>, 7> names = {{{'\\', "\\e"},
                                                                       {'-', "\\-"},
                                                                       {'\'', "\\(aq"},
                                                                       {'`', "\\(ga"},
                                                                       {'^', "\\(ha"},
                                                                       {'~', "\\(ti"},
                                                                       {'"', "\\(dq"}}};
  std::string roff;
  while (!text.empty()) {
    const auto [point, length] = code_point(text);
    const auto named = std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == text.front(); });
    if (point >= 0x80)
      roff += fmt::format("\\[u{:04X}]", point);
    else if (named != names.end())
      roff += named->second;
    else
      roff += text.front();
    text.remove_prefix(length);
  }
  return roff;
}

/// A line of text; at its beginning a full stop would be a request.
std::string line_of(const std::string& roff) { return (roff.starts_with('.') ? "\\&" : "") + roff + "\n"; }

/// What stands between backticks is bold.
std::string prose(std::string_view text) {
  std::string roff;
  bool code = false;
  for (const std::string& part : split(text, "`")) {
    if (!part.empty()) roff += code ? "\\fB" + escaped(part) + "\\fR" : escaped(part);
    code = !code;
  }
  return line_of(roff);
}

bool is_placeholder(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::isupper(c) != 0; }) &&
         std::none_of(word.begin(), word.end(), [](unsigned char c) { return std::islower(c) != 0; });
}

/// "-o, --output DIR": what is typed is bold, what is replaced is italic, the rest plain.
std::string styled(std::string_view term) {
  std::string roff;
  for (const std::string& word : split(term, " ")) {
    const std::size_t end = word.find_last_not_of(",;[]");
    const std::size_t begin = word.find_first_not_of('[');
    if (!roff.empty()) roff += ' ';
    if (end == std::string::npos || begin > end) {
      roff += escaped(word);
      continue;
    }
    const std::string core = word.substr(begin, end + 1 - begin);
    roff += escaped(word.substr(0, begin)) + (is_placeholder(core) ? "\\fI" : "\\fB") + escaped(core) + "\\fR" +
            escaped(word.substr(end + 1));
  }
  return line_of(roff);
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string capital(std::string text) {
  if (!text.empty()) text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

bool stands_alone(const Section& section) {
  return section.title == "exit status" || section.title == "examples" || section.title == "commands";
}

std::string body(const Section& section) {
  std::string roff;
  if (!section.remark.empty() && stands_alone(section))
    roff += prose(capital(section.remark) + (section.entries.empty() ? "." : ":"));
  for (const Entry& entry : section.entries) roff += ".TP\n" + styled(entry.term) + prose(entry.text);
  if (!section.lines.empty()) {
    roff += ".EX\n";
    for (const std::string& line : section.lines) roff += line_of(escaped(line));
    roff += ".EE\n";
  }
  return roff;
}

/// All options under one heading, as manual pages have them, with the help's headings below it.
std::string options(const HelpPage& page) {
  std::string roff;
  for (const Section& section : page.sections) {
    if (stands_alone(section)) continue;
    if (section.title != "options") {
      const std::string remark = section.remark.empty() ? "" : ", " + section.remark;
      std::string title = capital(section.title) + remark;
      title.erase(std::remove(title.begin(), title.end(), '`'), title.end());  // headings are bold as a whole
      roff += ".SS " + escaped(title) + "\n";
    }
    roff += body(section);
  }
  return roff.empty() ? roff : ".SH OPTIONS\n" + roff;
}

std::string alone(const HelpPage& page, std::string_view title) {
  for (const Section& section : page.sections)
    if (section.title == title) return ".SH " + upper(section.title) + "\n" + body(section);
  return {};
}

std::string see_also(const HelpPage& page, const std::vector<HelpPage>& all) {
  std::vector<std::string> names;
  for (const HelpPage& other : all)
    if (other.name != page.name) names.push_back(escaped(man_name(other)));
  std::sort(names.begin(), names.end());
  std::string roff = ".SH SEE ALSO\n";
  for (const std::string& name : names) roff += ".BR " + name + " (1)" + (name == names.back() ? "\n" : ",\n");
  return roff;
}

}  // namespace

std::string man_name(const HelpPage& page) {
  std::string name = page.name.substr(0, page.name.find(' ', page.name.find(' ') + 1));
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string man_page(const HelpPage& page, const std::vector<HelpPage>& all, std::string_view version) {
  const std::string name = man_name(page);
  std::string roff = fmt::format(".TH {} 1 \"\" \"policyconv {}\" \"policyconv manual\"\n", escaped(upper(name)), version);
  roff += ".SH NAME\n" + escaped(name) + " \\- " + escaped(page.summary) + "\n";
  roff += ".SH SYNOPSIS\n";
  for (const std::string& usage : page.usages) roff += (&usage == &page.usages.front() ? "" : ".br\n") + styled(usage);
  if (!page.paragraphs.empty()) roff += ".SH DESCRIPTION\n";
  for (const std::string& text : page.paragraphs) roff += (&text == &page.paragraphs.front() ? "" : ".PP\n") + prose(text);
  roff += alone(page, "commands") + options(page) + alone(page, "exit status") + alone(page, "examples");
  return roff + see_also(page, all);
}

}  // namespace policyconv::packaging
