// Text to MatchNode with the parser of grammar/OvnMatch.g4, under OVN's rules about what may be compared with what.
// Entrance: parse_expression(). Nothing that the ANTLR runtime throws leaves this file.
#include <antlr4-runtime.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "OvnMatchLexer.h"
#include "OvnMatchParser.h"
#include "verify/ovn_expression.h"

namespace policyconv::verify {
namespace {

using grammar::OvnMatchLexer;
using grammar::OvnMatchParser;

/// What ends a parse: thrown and caught in this file.
struct Refusal {
  std::size_t column;
  std::string text;
};

template <typename... Args>
[[noreturn]] void refuse(const antlr4::Token* at, fmt::format_string<const Args&...> text, const Args&... args) {
  throw Refusal{at->getStartIndex() + 1, fmt::format(text, args...)};
}

/// northd puts the match of an ACL in parentheses. That is visible: a comment without an end takes the closing one
/// along, and `ip) && (ip4` is a match.
constexpr std::string_view opening = "1 && (", closing = ")";

class FirstError : public antlr4::BaseErrorListener {
 public:
  explicit FirstError(std::size_t end) : end_(end) {}

  void syntaxError(antlr4::Recognizer*, antlr4::Token* at, std::size_t, std::size_t, const std::string&,
                   std::exception_ptr) override {
    if (at->getStartIndex() >= end_) refuse(at, "the match ends too early");
    switch (at->getType()) {
      case antlr4::Token::EOF:
        refuse(at, "the match ends too early");
      case OvnMatchParser::AND:
      case OvnMatchParser::OR:
        refuse(at, "&& and || must be parenthesized when used together");
      default:
        refuse(at, "unexpected `{}`", at->getText());
    }
  }

 private:
  std::size_t end_;  // where `closing` starts
};

Constant constant(const antlr4::Token* at) {
  std::string error;
  const auto parsed = parse_constant(at->getText(), error);
  if (!parsed) refuse(at, "{}", error);
  return *parsed;
}

std::string unescaped(const antlr4::Token* at) {
  const std::string quoted = at->getText();
  std::string text;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '\\' && std::string_view("\"\\/").find(quoted[++i]) == std::string_view::npos)
      refuse(at, "escape `\\{}` is not supported", quoted[i]);
    text += quoted[i];
  }
  return text;
}

Relation relation_of(std::string_view text) {
  if (text == "==") return Relation::Equal;
  if (text == "!=") return Relation::NotEqual;
  if (text == "<") return Relation::Less;
  if (text == "<=") return Relation::LessOrEqual;
  return text == ">" ? Relation::Greater : Relation::GreaterOrEqual;
}

/// The relation seen from the other side: `1 < x` is `x > 1`.
Relation turned(Relation relation) {
  switch (relation) {
    case Relation::Equal:
    case Relation::NotEqual:
      break;
    case Relation::Less:
      return Relation::Greater;
    case Relation::LessOrEqual:
      return Relation::GreaterOrEqual;
    case Relation::Greater:
      return Relation::Less;
    case Relation::GreaterOrEqual:
      return Relation::LessOrEqual;
  }
  return relation;
}

Relation inverted(Relation relation) {
  switch (relation) {
    case Relation::Equal:
      return Relation::NotEqual;
    case Relation::NotEqual:
      return Relation::Equal;
    case Relation::Less:
      return Relation::GreaterOrEqual;
    case Relation::LessOrEqual:
      return Relation::Greater;
    case Relation::Greater:
      return Relation::LessOrEqual;
    case Relation::GreaterOrEqual:
      break;
  }
  return Relation::Less;
}

/// OVN's rules for relations; `negated`: an odd number of `!` encloses the comparison.
void check_relation(const antlr4::Token* at, const Comparison& c, bool negated) {
  const Field& field = *c.field;
  if (is_order(c.relation)) {
    if (at->getText() == "{") refuse(at, "only == and != compare with a set");
    if (field.level != Level::Ordinal) refuse(at, "{} can only be tested for equality", field.name);
    if (!c.constants.empty() && c.constants.front().masked) refuse(at, "only == and != compare with a masked constant");
  }
  const bool equal = (c.relation == Relation::NotEqual) == negated;
  if (field.level == Level::Nominal && !equal) refuse(at, "{} can only be tested for equality", field.name);
  if (field.level == Level::NominalPredicate)
    for (const Constant& each : c.constants)
      if ((each.value == 1) != equal) refuse(at, "{} cannot be negated", field.name);
}

unsigned bit_number(const antlr4::Token* at) {
  const Constant bit = constant(at);
  if (bit.masked || bit.value > 127) refuse(at, "`{}` is no bit number", at->getText());
  return static_cast<unsigned>(bit.value);
}

/// A comparison that still lacks its relation and constants.
Comparison on_field(OvnMatchParser::FieldContext* context) {
  const antlr4::Token* at = context->getStart();
  Comparison c;
  c.field = find_field(context->NAME()->getText());
  if (c.field == nullptr) refuse(at, "there is no field `{}`", at->getText());
  c.ones = low_ones(c.field->width);
  const auto bits = context->NUMBER();
  if (bits.empty()) return c;

  if (c.field->width == 0) refuse(at, "string field {} has no bits to select", c.field->name);
  const unsigned first = bit_number(bits.front()->getSymbol());
  const unsigned last = bit_number(bits.back()->getSymbol());
  if (first > last || last >= c.field->width)
    refuse(at, "cannot select bits {} to {} of {}-bit field {}", first, last, c.field->width, c.field->name);
  c.shift = first;
  c.ones = low_ones(last - first + 1);
  const bool nominal = c.field->level == Level::Nominal || c.field->level == Level::NominalPredicate;
  if (nominal && c.ones != low_ones(c.field->width))
    refuse(at, "cannot select bits of nominal field {}", c.field->name);
  return c;
}

void add(Comparison& c, const antlr4::Token* at) {
  const auto type = at->getType();
  const bool number = type == OvnMatchParser::NUMBER || type == OvnMatchParser::ADDRESS_SET;
  if (number != (c.field->width != 0)) refuse(at, "{} cannot be compared with `{}`", c.field->name, at->getText());
  if (type == OvnMatchParser::STRING) {
    c.texts.push_back(unescaped(at));
  } else if (type == OvnMatchParser::NUMBER) {
    const Constant added = constant(at);
    if (added.width > c.field->width)
      refuse(at, "{}-bit constant `{}` does not fit {}-bit field {}", added.width, at->getText(), c.field->width,
             c.field->name);
    c.constants.push_back(added);
  } else {
    c.names.push_back(at->getText().substr(1));
  }
}

MatchNode compared(Comparison c, Relation relation, OvnMatchParser::ConstantsContext* constants, bool negated) {
  for (OvnMatchParser::ConstantContext* each : constants->constant()) add(c, each->getStart());
  c.relation = relation;
  check_relation(constants->getStart(), c, negated);
  if (negated) c.relation = inverted(relation), c.with_any = true;
  return {std::move(c)};
}

/// A field alone means `!= 0`.
MatchNode tested(OvnMatchParser::FieldContext* context, bool negated) {
  Comparison c = on_field(context);
  const antlr4::Token* at = context->getStart();
  if (c.field->width == 0) refuse(at, "{} needs something to be compared with", c.field->name);
  if (c.ones != 1 && !negated) refuse(at, "{} has several bits: compare it with a value", c.field->name);
  c.constants.push_back({});
  c.relation = Relation::NotEqual;
  check_relation(at, c, negated);
  if (negated) c.relation = Relation::Equal;
  return {std::move(c)};
}

MatchNode converted(OvnMatchParser::ComparisonContext* context, bool negated) {
  const Comparison c = on_field(context->field());
  const Relation first = relation_of(context->RELATION(0)->getText());
  if (context->children.front() == context->field()) return compared(c, first, context->constants(0), negated);
  if (context->RELATION().size() == 1) return compared(c, turned(first), context->constants(0), negated);

  const Relation second = relation_of(context->RELATION(1)->getText());
  const bool one_way = context->RELATION(0)->getText().front() == context->RELATION(1)->getText().front();
  if (!is_order(first) || !one_way)
    refuse(context->RELATION(1)->getSymbol(), "a range is written `x < field < y` or `x > field > y`");
  Junction both{!negated, {}};
  both.parts.push_back(compared(c, turned(first), context->constants(0), negated));
  both.parts.push_back(compared(c, second, context->constants(1), negated));
  return {std::move(both)};
}

MatchNode converted(OvnMatchParser::ExpressionContext* context, bool negated);

MatchNode converted(OvnMatchParser::OperandContext* context, bool negated) {
  if (context->comparison() != nullptr) return converted(context->comparison(), negated);
  if (context->NOT() != nullptr) negated = !negated;
  if (context->expression() != nullptr) return converted(context->expression(), negated);
  if (context->field() != nullptr) return tested(context->field(), negated);
  const std::string text = context->NUMBER()->getText();
  if (text != "0" && text != "1") refuse(context->getStart(), "`{}` alone is no condition", text);
  return {(text == "1") != negated};
}

MatchNode converted(OvnMatchParser::ExpressionContext* context, bool negated) {
  const auto operands = context->operand();
  if (operands.size() == 1) return converted(operands.front(), negated);
  Junction junction{context->OR().empty() != negated, {}};
  for (OvnMatchParser::OperandContext* operand : operands) junction.parts.push_back(converted(operand, negated));
  return {std::move(junction)};
}

/// OVN's limit, and what keeps recursive descent from running out of stack: nothing else in the grammar nests.
void check_nesting(antlr4::CommonTokenStream& tokens) {
  int depth = 0;
  for (; tokens.LA(1) != antlr4::Token::EOF; tokens.consume()) {
    const antlr4::Token* token = tokens.LT(1);
    // The parser gets no further. Each character behind it could cost the lexer all that follow: `/* /* /*`.
    if (token->getType() == OvnMatchParser::INVALID) break;
    if (token->getType() == OvnMatchParser::OPEN && ++depth > 100) refuse(token, "parentheses are nested too deeply");
    if (token->getType() == OvnMatchParser::CLOSE && --depth < 0) refuse(token, "unexpected `)`");
  }
  tokens.seek(0);
}

/// The tree without what northd adds.
MatchNode stripped(MatchNode root) {
  std::vector<MatchNode>& parts = std::get<Junction>(root.form).parts;
  parts.erase(parts.begin());
  if (parts.size() > 1) return root;
  MatchNode only = std::move(parts.front());
  return only;
}

MatchNode parsed(std::string_view text) {
  antlr4::ANTLRInputStream input{fmt::format("{}{}{}", opening, text, closing)};
  OvnMatchLexer lexer(&input);
  lexer.removeErrorListeners();  // every character is some token, if only INVALID
  antlr4::CommonTokenStream tokens(&lexer);
  check_nesting(tokens);
  OvnMatchParser parser(&tokens);
  FirstError listener(input.size() - closing.size());
  parser.removeErrorListeners();
  parser.addErrorListener(&listener);
  return stripped(converted(parser.whole()->expression(), false));
}

}  // namespace

std::optional<MatchNode> parse_expression(std::string_view text, MatchError& error) {
  try {
    return parsed(text);
  } catch (const Refusal& refusal) {
    const std::size_t column = refusal.column > opening.size() ? refusal.column - opening.size() : 1;
    error = {std::min(column, text.size() + 1), refusal.text};
  } catch (const std::exception& failure) {
    error = {1, failure.what()};
  } catch (...) {  // the ANTLR runtime has thrown C string literals
    error = {1, "the match cannot be read"};
  }
  return std::nullopt;
}

}  // namespace policyconv::verify
