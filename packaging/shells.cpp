// The three scripts. Each is a frame, which is the same for every program, around tables, which are ours.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "packaging/completion.h"

namespace policyconv::packaging {
namespace {

constexpr std::string_view general_options[] = {"--help", "--version"};

/// `text` in single quotes for a POSIX-like shell; `also` are characters that get a backslash within.
std::string quoted(std::string_view text, std::string_view also = "") {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'')
      result += "'\\''";
    else if (also.find(c) != std::string_view::npos)
      result.append({'\\', c});
    else
      result += c;
  }
  return result + "'";
}

/// The same for fish, where backslash escapes within quotes.
std::string fish_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string long_name(const Option& option) { return option.names.back(); }

// --- bash ------------------------------------------------------------------------------------------------------------

constexpr std::string_view bash_frame = R"(# bash completion for policyconv. Made from the program's own help; do not edit.

# What may stand at the place of a value: words, or files and directories where there are none.
_policyconv_offer() {
  case $1 in
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    directories) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    words)
      mapfile -t COMPREPLY < <(compgen -W "$3" -- "$2")
      if [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi ;;
    *) COMPREPLY=() ;;
  esac
}

_policyconv() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
  # bash makes `=` a word of its own: --format=json, --report json=FILE
  if [[ $current == = ]]; then
    current=
    if [[ $before != -* ]]; then _policyconv_offer files ""; return; fi
  elif [[ $before == = && $COMP_CWORD -ge 3 ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
    if [[ $before != -* ]]; then _policyconv_offer files "$current"; return; fi
  fi
  if [[ $COMP_CWORD -eq 1 ]]; then
    _policyconv_offer words "$current" "@COMMANDS@"
    return
  fi
  case $command:$before in
@VALUES@  esac
  if [[ $current == -* ]]; then
    case $command in
@OPTIONS@    esac
    return
  fi
  case $command in
@OPERANDS@  esac
}

complete -F _policyconv policyconv kubectl-policyconv
)";

std::string replaced(std::string text, std::string_view mark, std::string_view by) {
  return text.replace(text.find(mark), mark.size(), by);
}

std::string bash_offer(const Value& value) {
  switch (value.offer) {
    case Offer::Nothing: return "COMPREPLY=()";
    case Offer::Files: return "_policyconv_offer files \"$current\"";
    case Offer::Directories: return "_policyconv_offer directories \"$current\"";
    case Offer::Words: return fmt::format("_policyconv_offer words \"$current\" \"{}\"", fmt::join(value.words, " "));
  }
  return {};
}

// --- zsh -------------------------------------------------------------------------------------------------------------

constexpr std::string_view zsh_frame = R"(#compdef policyconv kubectl-policyconv
# zsh completion for policyconv. Made from the program's own help; do not edit.

_policyconv() {
  local -a commands
  commands=(
@COMMANDS@  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    _arguments '--help[this text]' '--version[the version]'
    return
  fi
  local command=$words[2]
  (( CURRENT-- ))
  shift words
  case $command in
@CASES@  esac
}

_policyconv "$@"
)";

std::string zsh_action(const Value& value) {
  switch (value.offer) {
    case Offer::Nothing: return " ";
    case Offer::Files: return "_files";
    case Offer::Directories: return "_directories";
    case Offer::Words:
      if (!value.words.front().ends_with('=')) return fmt::format("({})", fmt::join(value.words, " "));
      return fmt::format("{{ if compset -P \"*=\"; then _files; else compadd -S \"\" -- {}; fi }}",
                         fmt::join(value.words, " "));
  }
  return {};
}

/// One line for each name; `*` since most may be repeated. `--name=` and `-n+` take the value in the same word, too.
std::string zsh_option(const Option& option) {
  std::string spec;
  for (const std::string& name : option.names) {
    std::string form = name;
    if (!option.placeholder.empty()) form += name.starts_with("--") ? '=' : '+';
    spec += "      " + quoted("*" + form) + quoted("[" + option.text + "]", ":");
    if (!option.placeholder.empty())
      spec += quoted(":") + quoted(option.placeholder, ":") + quoted(":" + zsh_action(option.value));
    spec += " \\\n";
  }
  return spec;
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
  std::string names, values, options, operands;
  for (const Command& command : commands) {
    names += command.name + " ";
    std::string all;
    for (const Option& option : command.options) {
      all += (all.empty() ? "" : " ") + long_name(option);
      if (option.placeholder.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(command.name + ":" + name);
      values += fmt::format("    {}) {}; return ;;\n", fmt::join(patterns, " | "), bash_offer(option.value));
    }
    options += fmt::format("      {}) _policyconv_offer words \"$current\" \"{}\" ;;\n", command.name, all);
    if (!command.task.empty())
      operands += fmt::format("    {}) if [[ $COMP_CWORD -eq 2 ]]; then {}; else {}; fi ;;\n", command.name,
                              bash_offer({Offer::Words, {command.task}}), bash_offer(command.operand));
    else
      operands += fmt::format("    {}) {} ;;\n", command.name, bash_offer(command.operand));
  }
  names += fmt::format("{}", fmt::join(general_options, " "));
  std::string script = replaced(std::string(bash_frame), "@COMMANDS@", names);
  script = replaced(std::move(script), "@VALUES@", values);
  script = replaced(std::move(script), "@OPTIONS@", options);
  return replaced(std::move(script), "@OPERANDS@", operands);
}

std::string zsh_completion(const std::vector<Command>& commands) {
  std::string names, cases;
  for (const Command& command : commands) {
    names += "    " + quoted(command.name + ":" + command.text) + "\n";
    cases += fmt::format("    {})\n      _arguments -s -S \\\n", command.name);
    for (const Option& option : command.options) cases += zsh_option(option);
    if (!command.task.empty()) cases += fmt::format("      '1:task:({})' \\\n", command.task);
    cases += "      " + quoted("*:argument:" + zsh_action(command.operand)) + " ;;\n";
  }
  return replaced(replaced(std::string(zsh_frame), "@COMMANDS@", names), "@CASES@", cases);
}

std::string fish_completion(const std::vector<Command>& commands) {
  std::string script = "# fish completion for policyconv. Made from the program's own help; do not edit.\n\n";
  for (const char* program : {"policyconv", "kubectl-policyconv"}) {
    script += fmt::format("complete -c {} -f\n", program);
    for (const Command& command : commands)
      script += fmt::format("complete -c {} -n __fish_use_subcommand -a {} -d {}\n", program, command.name,
                            fish_quoted(command.text));
    script += fmt::format("complete -c {} -n __fish_use_subcommand -l help -d 'this text'\n", program);
    script += fmt::format("complete -c {} -n __fish_use_subcommand -l version -d 'the version'\n", program);
    for (const Command& command : commands) {
      const std::string start =
          fmt::format("complete -c {} -n '__fish_seen_subcommand_from {}'", program, command.name);
      if (!command.task.empty()) script += start + " -a " + command.task + "\n";
      if (command.operand.offer == Offer::Files) script += start + " -F\n";
      if (command.operand.offer == Offer::Words)
        script += fmt::format("{} -a '{}'\n", start, fmt::join(command.operand.words, " "));
      for (const Option& option : command.options) {
        script += start;
        for (const std::string& name : option.names)
          script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        if (!option.placeholder.empty()) script += option.value.offer == Offer::Files ? " -r -F" : " -x";
        if (option.value.offer == Offer::Directories) script += " -a '(__fish_complete_directories)'";
        if (option.value.offer == Offer::Words) script += fmt::format(" -a '{}'", fmt::join(option.value.words, " "));
        script += " -d " + fish_quoted(option.text) + "\n";
      }
    }
  }
  return script;
}

}  // namespace policyconv::packaging
