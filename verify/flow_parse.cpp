// Words to terms with the parser of grammar/Flow.g4, a line at a time. Entrances: parse_assertions(), parse_end_term(),
// parse_traffic(). What the grammar refuses ends a line; what words mean is read at all places of it, so that one run
// shows every mistake. Nothing that the ANTLR runtime throws leaves this file.
#include <antlr4-runtime.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "FlowLexer.h"
#include "FlowParser.h"
#include "verify/flow_syntax.h"
#include "verify/flow_words.h"

namespace policyconv::verify {
namespace {

using grammar::FlowLexer;
using grammar::FlowParser;

constexpr std::size_t longest_line = 65536;

std::string excerpt(std::string_view text) {
  constexpr std::size_t most = 60;
  return text.size() <= most ? std::string(text) : std::string(text.substr(0, most)) + "...";
}

/// One line that is being read, and where its mistakes go.
struct Line {
  std::string_view text;
  Loc start;
  Diagnostics& diagnostics;

  [[nodiscard]] Loc at(std::size_t offset) const {
    return {start.file, start.line, start.column + static_cast<std::uint32_t>(offset)};
  }
  [[nodiscard]] Loc at(const antlr4::Token* token) const { return at(token->getStartIndex()); }
  [[nodiscard]] std::string written(const antlr4::ParserRuleContext* context) const {
    const std::size_t first = context->start->getStartIndex();
    return std::string(text.substr(first, context->stop->getStopIndex() + 1 - first));
  }
};

// --- what the grammar refuses ----------------------------------------------------------------------------------------

struct SyntaxError {};  // reported already; thrown and caught in this file

/// In a list of conditions or values, rather than after it.
bool among_labels(const antlr4::RuleContext* context) {
  for (; context != nullptr; context = dynamic_cast<const antlr4::RuleContext*>(context->parent))
    if (context->getRuleIndex() == FlowParser::RuleCondition || context->getRuleIndex() == FlowParser::RuleList)
      return true;
  return false;
}

std::string_view expected(antlr4::Parser& parser) {
  const antlr4::misc::IntervalSet tokens = parser.getExpectedTokens();
  const auto can_be = [&](std::size_t type) { return tokens.contains(type); };
  if (can_be(FlowParser::ARROW)) return "`->`";
  if (can_be(FlowParser::END)) return "an end such as `pod:shop/app=web`";
  if (can_be(FlowParser::OPEN)) return "`(`";
  if (can_be(FlowParser::CLOSE)) return "`,` or `)`";
  if (can_be(FlowParser::WORD)) {
    const bool is_label = !can_be(FlowParser::COMMA) && among_labels(parser.getContext());
    return is_label ? "a label or value" : "traffic such as `tcp/80` or `any`";
  }
  return can_be(FlowParser::ALLOW) ? "`allow` or `deny`" : "nothing more";
}

class FirstError : public antlr4::BaseErrorListener {
 public:
  explicit FirstError(const Line& line) : line_(line) {}

  void syntaxError(antlr4::Recognizer* parser, antlr4::Token* at, std::size_t, std::size_t, const std::string&,
                   std::exception_ptr) override {
    const std::string_view wanted = expected(*dynamic_cast<antlr4::Parser*>(parser));
    if (at->getType() == antlr4::Token::EOF)
      line_.diagnostics.report<Kind::WordSyntax>(line_.at(line_.text.size()), wanted, "the end of the line");
    else
      line_.diagnostics.report<Kind::WordSyntax>(line_.at(at), wanted, fmt::format("`{}`", excerpt(at->getText())));
    throw SyntaxError{};
  }

 private:
  const Line& line_;
};

/// ANTLR sees printable ASCII and tabs only: all that names, labels and addresses consist of.
bool is_readable(const Line& line) {
  if (line.text.size() > longest_line) {
    line.diagnostics.report<Kind::WordLineTooLong>(line.start, line.text.size(), longest_line);
    return false;
  }
  const auto strange = [](char c) { return c != '\t' && (c < ' ' || c > '~'); };  // also where char is signed
  const auto found = std::find_if(line.text.begin(), line.text.end(), strange);
  if (found == line.text.end()) return true;
  line.diagnostics.report<Kind::WordCharacter>(line.at(static_cast<std::size_t>(found - line.text.begin())),
                                               static_cast<unsigned>(static_cast<unsigned char>(*found)));
  return false;
}

// --- ends ------------------------------------------------------------------------------------------------------------

/// A word of the line and where it starts.
struct Piece {
  std::string text;
  std::size_t offset = 0;

  [[nodiscard]] Piece from(std::size_t position) const { return {text.substr(position), offset + position}; }
};

Piece piece(antlr4::ParserRuleContext* word) {
  return {word->getText(), word->start->getStartIndex()};
}

/// Reads the ends of one line. Each function reports what is wrong.
class EndReader {
 public:
  explicit EndReader(const Line& line) : line_(line) {}

  std::optional<EndTerm> end(FlowParser::EndContext* context) const {
    const Piece word{context->END()->getText(), context->start->getStartIndex()};
    const std::size_t colon = word.text.find(':');
    const std::string kind = word.text.substr(0, colon);
    const Piece rest = word.from(colon + 1);

    EndTerm term{PodsTerm{}, line_.written(context), line_.at(word.offset)};
    bool is_good = false;
    if (kind == "pod") {
      is_good = pods(rest, context, term.what.emplace<PodsTerm>());
    } else if (kind == "ns") {
      is_good = name_of_namespace(rest, term.what.emplace<PodsTerm>());
    } else if (kind == "node") {
      is_good = nodes(rest, term.what.emplace<NodesTerm>());
    } else if (kind == "ip" || kind == "cidr") {
      is_good = range(kind, rest, term.what.emplace<RangeTerm>());
    } else if (kind == "entity") {
      is_good = entity(rest, term.what.emplace<EntityTerm>());
    } else if (kind == "svc") {
      is_good = service(rest, term.what.emplace<ServiceTerm>());
    } else {
      line_.diagnostics.report<Kind::EndKindUnknown>(term.loc, excerpt(kind));
      return std::nullopt;
    }
    if (kind != "pod" && is_good) is_good = has_no_conditions(context);
    return is_good ? std::optional(std::move(term)) : std::nullopt;
  }

 private:
  bool refuse(const Piece& at, std::string_view must_be) const {
    line_.diagnostics.report<Kind::EndMalformed>(line_.at(at.offset), excerpt(at.text), must_be);
    return false;
  }

  bool pods(const Piece& place, FlowParser::EndContext* context, PodsTerm& term) const {
    const std::size_t slash = place.text.find('/');
    if (place.text == "*" && context->list() == nullptr && context->condition().empty()) return true;
    const std::string ns = place.text.substr(0, slash);
    if (slash == std::string::npos || (ns != "*" && !is_plain(ns)))
      return refuse(place, "a place such as shop/web-0, shop/app=web, shop/* or */app=web");
    if (ns != "*") term.ns = ns;

    const Piece first = place.from(slash + 1);
    const bool is_condition = context->list() != nullptr || first.text.find_first_of("=!") != std::string::npos;
    bool is_good = true;
    if (is_condition) {
      is_good = condition(first, context->list(), term.labels);
    } else if (first.text == "*") {
      // every pod
    } else if (!is_plain(first.text) || first.text.find('/') != std::string::npos) {
      return refuse(first, "a pod's name, `*`, or a condition such as app=web");
    } else if (term.ns.empty()) {
      return refuse(first, "possible here: a single pod needs its namespace, and a condition on labels a `=` or `!`");
    } else if (!context->condition().empty()) {
      return refuse(first, "a condition on labels but a pod's name, and nothing can follow that");
    } else {
      term.name = first.text;
    }
    for (FlowParser::ConditionContext* each : context->condition())
      is_good &= condition(piece(each->word()), each->list(), term.labels);
    return is_good;
  }

  bool condition(const Piece& word, FlowParser::ListContext* list, std::vector<LabelTerm>& labels) const {
    std::optional<LabelTerm> read;
    if (list == nullptr) {
      read = condition_word(word.text);
    } else {
      LabelTerm term{word.text, list->IN() != nullptr ? LabelTerm::Op::In : LabelTerm::Op::NotIn};
      for (FlowParser::WordContext* each : list->word()) term.values.push_back(each->getText());
      if (is_plain(term.key) && std::all_of(term.values.begin(), term.values.end(), is_plain)) read = std::move(term);
    }
    if (read) labels.push_back(*read);
    else line_.diagnostics.report<Kind::ConditionMalformed>(line_.at(word.offset), excerpt(word.text));
    return read.has_value();
  }

  bool name_of_namespace(const Piece& name, PodsTerm& term) const {
    if (name.text == "*") return true;
    if (!is_plain(name.text) || name.text.find('/') != std::string::npos)
      return refuse(name, "the name of a namespace, or `*`");
    term.ns = name.text;
    return true;
  }

  bool nodes(const Piece& name, NodesTerm& term) const {
    if (name.text == "*") return true;
    const std::size_t slash = name.text.find('/');
    term.name = name.text.substr(0, slash);
    if (!is_plain(term.name)) return refuse(name, "the name of a node, or `*`");
    if (slash == std::string::npos) return true;
    const Piece address = name.from(slash + 1);
    term.address = parse_address(address.text);
    return term.address.has_value() || refuse(address, "an IP address");
  }

  bool range(std::string_view kind, const Piece& text, RangeTerm& term) const {
    if (kind == "ip") {
      const std::optional<Address> address = parse_address(text.text);
      if (!address) return refuse(text, "an IP address");
      term.cidr = host_cidr(*address);
      return true;
    }
    bool has_host_bits = false;
    const std::optional<Cidr> cidr = parse_cidr(text.text, nullptr, &has_host_bits);
    if (!cidr) return refuse(text, "a prefix such as 10.0.0.0/8");
    if (has_host_bits) return refuse(text, fmt::format("a prefix: write {}, or `ip:` for a single address", to_string(*cidr)));
    term.cidr = *cidr;
    return true;
  }

  bool entity(const Piece& name, EntityTerm& term) const {
    constexpr std::pair<std::string_view, EntityTerm> entities[] = {{"world", EntityTerm::World},
                                                                    {"cluster", EntityTerm::Cluster},
                                                                    {"nodes", EntityTerm::Nodes},
                                                                    {"kube-apiserver", EntityTerm::KubeApiserver},
                                                                    {"all", EntityTerm::All}};
    const auto found =
        std::find_if(std::begin(entities), std::end(entities), [&](const auto& each) { return each.first == name.text; });
    if (found == std::end(entities))
      return refuse(name, "an entity; these are world, cluster, nodes, kube-apiserver and all");
    term = found->second;
    return true;
  }

  bool service(const Piece& place, ServiceTerm& term) const {
    const std::size_t slash = place.text.find('/');
    term.ns = place.text.substr(0, slash);
    if (slash != std::string::npos) term.name = place.text.substr(slash + 1);
    const bool is_good = is_plain(term.ns) && is_plain(term.name) && term.name.find('/') == std::string::npos;
    return is_good || refuse(place, "a Service such as shop/db");
  }

  bool has_no_conditions(FlowParser::EndContext* context) const {
    antlr4::ParserRuleContext* first = context->list();
    if (!context->condition().empty() && first == nullptr) first = context->condition().front();
    return first == nullptr || refuse(piece(first), "possible here: only `pod:` takes conditions on labels");
  }

  const Line& line_;
};

// --- traffic ---------------------------------------------------------------------------------------------------------

std::optional<Traffic> traffic_of(FlowParser::TrafficContext* context, const Line& line) {
  Traffic all;
  bool is_good = true;
  for (FlowParser::PacketsContext* each : context->packets()) {
    std::string why;
    const auto found = traffic_word(each->getText(), why);
    if (!found) {
      line.diagnostics.report<Kind::TrafficMalformed>(line.at(each->start), excerpt(each->getText()), why);
      is_good = false;
      continue;
    }
    const Traffic added = without(*found, all);
    all.insert(all.end(), added.begin(), added.end());
    all = merged(std::move(all));
  }
  return is_good ? std::optional(std::move(all)) : std::nullopt;
}

// --- lines -----------------------------------------------------------------------------------------------------------

/// `convert` gets the parser; whatever goes wrong is reported and answered with nullopt.
template <typename T, typename Convert>
std::optional<T> read(const Line& line, Convert convert) {
  if (!is_readable(line)) return std::nullopt;
  try {
    antlr4::ANTLRInputStream input{std::string(line.text)};
    FlowLexer lexer(&input);
    lexer.removeErrorListeners();  // every character is some token, if only INVALID
    antlr4::CommonTokenStream tokens(&lexer);
    FlowParser parser(&tokens);
    FirstError listener(line);
    parser.removeErrorListeners();
    parser.addErrorListener(&listener);
    return convert(parser);
  } catch (const SyntaxError&) {
    return std::nullopt;
  } catch (const std::exception& failure) {
    line.diagnostics.report<Kind::WordSyntax>(line.start, "text that can be read", excerpt(failure.what()));
  } catch (...) {  // the ANTLR runtime has thrown C string literals
    line.diagnostics.report<Kind::WordSyntax>(line.start, "text that can be read", "this");
  }
  return std::nullopt;
}

std::optional<Assertion> assertion(const Line& line) {
  return read<Assertion>(line, [&](FlowParser& parser) -> std::optional<Assertion> {
    FlowParser::WholeAssertionContext* whole = parser.wholeAssertion();
    const EndReader ends(line);
    auto from = ends.end(whole->end(0)), to = ends.end(whole->end(1));
    auto traffic = traffic_of(whole->traffic(), line);
    if (!from || !to || !traffic) return std::nullopt;
    const Verdict verdict = whole->verdict()->ALLOW() != nullptr ? Verdict::Allow : Verdict::Deny;
    return Assertion{verdict,          std::move(*from),       std::move(*to),
                     std::move(*traffic), std::string(line.text), line.start};
  });
}

/// Without comment and blanks; `column` becomes where the rest starts.
std::string_view stripped(std::string_view line, std::uint32_t& column) {
  line = line.substr(0, line.find('#'));
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  column = static_cast<std::uint32_t>(first) + 1;
  return line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

void take_first(const Diagnostics& diagnostics, FlowError& error) {
  const Diagnostic& first = diagnostics.all().front();
  error = {first.where.column, first.message};
}

}  // namespace

std::vector<Assertion> parse_assertions(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  std::vector<Assertion> found;
  bool is_empty = true;
  std::string_view rest = sources.text(file);
  for (std::uint32_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    Loc start{file, number, 1};
    const std::string_view text = stripped(rest.substr(0, end), start.column);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty()) continue;
    is_empty = false;
    if (auto read = assertion({text, start, diagnostics})) found.push_back(std::move(*read));
  }
  if (is_empty) diagnostics.report<Kind::NoAssertion>({file, 0, 0});
  return found;
}

std::optional<EndTerm> parse_end_term(std::string_view text, FlowError& error) {
  Diagnostics diagnostics;
  const Line line{text, {0, 1, 1}, diagnostics};
  auto term = read<EndTerm>(line, [&](FlowParser& parser) { return EndReader(line).end(parser.wholeEnd()->end()); });
  if (!term) take_first(diagnostics, error);
  return term;
}

std::optional<Traffic> parse_traffic(std::string_view text, FlowError& error) {
  Diagnostics diagnostics;
  const Line line{text, {0, 1, 1}, diagnostics};
  auto traffic =
      read<Traffic>(line, [&](FlowParser& parser) { return traffic_of(parser.wholeTraffic()->traffic(), line); });
  if (!traffic) take_first(diagnostics, error);
  return traffic;
}

}  // namespace policyconv::verify
