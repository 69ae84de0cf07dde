// Flows in words: what they mean, and what is said about those that mean nothing.
#include "verify/flow_syntax.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

using namespace policyconv;
using namespace policyconv::verify;
using Op = LabelTerm::Op;

namespace {

struct File {
  Sources sources;
  Diagnostics diagnostics;
  std::vector<Assertion> assertions;

  explicit File(std::string text) {
    const std::uint32_t file = sources.add("rules.txt", std::move(text));
    assertions = parse_assertions(sources, file, diagnostics);
  }
  /// "2:7 PC3000 expected ...": a line for each mistake.
  [[nodiscard]] std::string mistakes() const {
    std::string all;
    for (const Diagnostic& each : diagnostics.all())
      all += fmt::format("{}:{} {} {}\n", each.where.line, each.where.column, definition(each.kind).code, each.message);
    return all;
  }
};

decltype(EndTerm::what) end_of(std::string_view text) {
  FlowError error;
  const auto term = parse_end_term(text, error);
  INFO(text << ": " << error.text);
  REQUIRE(term);
  CHECK(term->text == text);
  return term->what;
}

Cidr cidr(std::string_view text) { return *parse_cidr(text); }

}  // namespace

TEST_CASE("every form of an end has its meaning") {
  const std::pair<std::string_view, decltype(EndTerm::what)> cases[] = {
      {"pod:*", PodsTerm{}},
      {"pod:*/*", PodsTerm{}},
      {"pod:shop/*", PodsTerm{"shop", ""}},
      {"ns:dev", PodsTerm{"dev", ""}},
      {"ns:*", PodsTerm{}},
      {"pod:shop/web-1", PodsTerm{"shop", "web-1"}},
      {"pod:shop/app=web", PodsTerm{"shop", "", {{"app", Op::In, {"web"}}}}},
      {"pod:shop/app==web", PodsTerm{"shop", "", {{"app", Op::In, {"web"}}}}},
      {"pod:shop/app!=web", PodsTerm{"shop", "", {{"app", Op::NotIn, {"web"}}}}},
      {"pod:shop/app=*", PodsTerm{"shop", "", {{"app", Op::Exists}}}},
      {"pod:shop/!app", PodsTerm{"shop", "", {{"app", Op::DoesNotExist}}}},
      {"pod:shop/app=", PodsTerm{"shop", "", {{"app", Op::In, {""}}}}},
      {"pod:shop/app=,b=c", PodsTerm{"shop", "", {{"app", Op::In, {""}}, {"b", Op::In, {"c"}}}}},
      {"pod:*/app.kubernetes.io/name=web", PodsTerm{"", "", {{"app.kubernetes.io/name", Op::In, {"web"}}}}},
      {"pod:*/app=web,tier in (a,b),!old",
       PodsTerm{"", "", {{"app", Op::In, {"web"}}, {"tier", Op::In, {"a", "b"}}, {"old", Op::DoesNotExist}}}},
      {"pod:shop/tier notin (a), app=x", PodsTerm{"shop", "", {{"tier", Op::NotIn, {"a"}}, {"app", Op::In, {"x"}}}}},
      {"pod:shop/in in (in,allow, deny)", PodsTerm{"shop", "", {{"in", Op::In, {"in", "allow", "deny"}}}}},
      {"pod:shop/*,in in (any)", PodsTerm{"shop", "", {{"in", Op::In, {"any"}}}}},
      {"node:*", NodesTerm{}},
      {"node:n1", NodesTerm{"n1"}},
      {"node:n1/fd00::1", NodesTerm{"n1", parse_address("fd00::1")}},
      {"ip:10.1.2.3", RangeTerm{cidr("10.1.2.3/32")}},
      {"ip:fd00::1", RangeTerm{cidr("fd00::1/128")}},
      {"cidr:10.0.0.0/8", RangeTerm{cidr("10.0.0.0/8")}},
      {"cidr:::/0", RangeTerm{cidr("::/0")}},
      {"entity:world", EntityTerm::World},
      {"entity:cluster", EntityTerm::Cluster},
      {"entity:nodes", EntityTerm::Nodes},
      {"entity:kube-apiserver", EntityTerm::KubeApiserver},
      {"entity:all", EntityTerm::All},
      {"svc:shop/db", ServiceTerm{"shop", "db"}},
  };
  for (const auto& [text, meaning] : cases) {
    INFO(text);
    CHECK(end_of(text) == meaning);
  }
}

TEST_CASE("every form of traffic has its meaning") {
  const std::pair<std::string_view, Traffic> cases[] = {
      {"any", all_traffic()},
      {"tcp", {{Protocol::Tcp, 1, 65535}}},
      {"sctp", {{Protocol::Sctp, 1, 65535}}},
      {"tcp/80", {{Protocol::Tcp, 80, 80}}},
      {"udp/5000-6000", {{Protocol::Udp, 5000, 6000}}},
      {"icmp", {{Protocol::Icmp, 0, 255}}},
      {"icmp/8", {{Protocol::Icmp, 8, 8}}},
      {"icmp6/128", {{Protocol::Icmp6, 128, 128}}},
      {"icmp6/128-140", {{Protocol::Icmp6, 128, 129}, {Protocol::Icmp6, 137, 140}}},
      {"udp/53, tcp/443,tcp/80", {{Protocol::Tcp, 80, 80}, {Protocol::Tcp, 443, 443}, {Protocol::Udp, 53, 53}}},
      {"tcp/80-90,tcp/85-100,tcp/82", {{Protocol::Tcp, 80, 100}}},
      {"tcp,any", all_traffic()},
  };
  for (const auto& [text, traffic] : cases) {
    FlowError error;
    INFO(text);
    const auto read = parse_traffic(text, error);
    REQUIRE(read);
    CHECK(*read == traffic);
  }
}

TEST_CASE("a file is assertions, a line each, with comments and empty lines") {
  const File file(
      "# the shop\n"
      "allow pod:shop/app=web -> pod:shop/app=db tcp/5432   # both ways? no\r\n"
      "\n"
      "\t deny ns:dev->ns:prod any\n"
      "allow pod:*/app= -> entity:world tcp/443, udp/443#\xff");
  REQUIRE(file.mistakes() == "");
  REQUIRE(file.assertions.size() == 3);
  CHECK(file.assertions[0].verdict == Verdict::Allow);
  CHECK(file.assertions[0].text == "allow pod:shop/app=web -> pod:shop/app=db tcp/5432");
  CHECK(file.assertions[0].loc == Loc{1, 2, 1});
  CHECK(file.assertions[0].to.text == "pod:shop/app=db");
  CHECK(file.assertions[0].to.loc == Loc{1, 2, 27});
  CHECK(file.assertions[0].traffic == Traffic{{Protocol::Tcp, 5432, 5432}});
  CHECK(file.assertions[1].verdict == Verdict::Deny);
  CHECK(file.assertions[1].loc == Loc{1, 4, 3});
  CHECK(file.assertions[1].from.what == decltype(EndTerm::what)(PodsTerm{"dev", ""}));
  CHECK(file.assertions[2].from.text == "pod:*/app=");
  CHECK(file.assertions[2].traffic.size() == 2);
}

TEST_CASE("what cannot be read is shown at its place, with what would be right") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"permit pod:* -> pod:* any", "1:1 PC3000 expected `allow` or `deny`, not `permit`"},
      {"allow", "1:6 PC3000 expected an end such as `pod:shop/app=web`, not the end of the line"},
      {"allow shop/web -> pod:* any", "1:7 PC3000 expected an end such as `pod:shop/app=web`, not `shop/web`"},
      {"allow pod:*", "1:12 PC3000 expected `->`, not the end of the line"},
      {"allow pod:* pod:* any", "1:13 PC3000 expected `->`, not `pod:*`"},
      {"allow pod:* => pod:* any", "1:13 PC3000 expected `->`, not `=`"},
      {"allow pod:* -> tcp/80", "1:16 PC3000 expected an end such as `pod:shop/app=web`, not `tcp/80`"},
      {"allow pod:* -> pod:*", "1:21 PC3000 expected traffic such as `tcp/80` or `any`, not the end of the line"},
      {"allow pod:* -> pod:* tcp:80", "1:22 PC3000 expected traffic such as `tcp/80` or `any`, not `tcp:80`"},
      {"allow pod:* -> pod:* any tcp", "1:26 PC3000 expected nothing more, not `tcp`"},
      {"allow pod:* -> pod:* tcp/80,", "1:29 PC3000 expected traffic such as `tcp/80` or `any`, not the end of the line"},
      {"allow pod:a/b in x -> pod:* any", "1:18 PC3000 expected `(`, not `x`"},
      {"allow pod:a/b in () -> pod:* any", "1:19 PC3000 expected a label or value, not `)`"},
      {"allow pod:a/b in (x y) -> pod:* any", "1:21 PC3000 expected `,` or `)`, not `y`"},
      {"allow pod:a/b=c, -> pod:* any", "1:18 PC3000 expected a label or value, not `->`"},
      {"allow pod:a/app = web -> pod:* any", "1:17 PC3000 expected `->`, not `=`"},
      {"allow pods:a/b -> pod:* any", "1:7 PC3002 there is no kind of end `pods`"},
      {"allow pod:* -> Pod:* any", "1:16 PC3002 there is no kind of end `Pod`"},
      {"allow pod:web -> pod:* any",
       "1:11 PC3003 `web` is not a place such as shop/web-0, shop/app=web, shop/* or */app=web"},
      {"allow pod:a/ -> pod:* any", "1:13 PC3003 `` is not a pod's name, `*`, or a condition such as app=web"},
      {"allow pod:a/b* -> pod:* any", "1:13 PC3003 `b*` is not a pod's name, `*`, or a condition such as app=web"},
      {"allow pod:*/web-1 -> pod:* any", "1:13 PC3003 `web-1` is not possible here: a single pod needs its namespace, "
                                         "and a condition on labels a `=` or `!`"},
      {"allow pod:a/b,c=d -> pod:* any",
       "1:13 PC3003 `b` is not a condition on labels but a pod's name, and nothing can follow that"},
      {"allow pod:a/b=c,d -> pod:* any", "1:17 PC3004 `d` is not a condition on labels"},
      {"allow pod:a/b=c=d -> pod:* any", "1:13 PC3004 `b=c=d` is not a condition on labels"},
      {"allow pod:a/b!=* -> pod:* any", "1:13 PC3004 `b!=*` is not a condition on labels"},
      {"allow pod:a/b!==c -> pod:* any", "1:13 PC3004 `b!==c` is not a condition on labels"},
      {"allow pod:a/b===c -> pod:* any", "1:13 PC3004 `b===c` is not a condition on labels"},
      {"allow pod:a/=c -> pod:* any", "1:13 PC3004 `=c` is not a condition on labels"},
      {"allow pod:a/!=c -> pod:* any", "1:13 PC3004 `!=c` is not a condition on labels"},
      {"allow pod:a/! -> pod:* any", "1:13 PC3004 `!` is not a condition on labels"},
      {"allow pod:a/b=c in (x) -> pod:* any", "1:13 PC3004 `b=c` is not a condition on labels"},
      {"allow ns:a/b -> pod:* any", "1:10 PC3003 `a/b` is not the name of a namespace, or `*`"},
      {"allow ns: -> pod:* any", "1:10 PC3003 `` is not the name of a namespace, or `*`"},
      {"allow ns:a,b=c -> pod:* any",
       "1:12 PC3003 `b=c` is not possible here: only `pod:` takes conditions on labels"},
      {"allow node: -> pod:* any", "1:12 PC3003 `` is not the name of a node, or `*`"},
      {"allow node:n1/x -> pod:* any", "1:15 PC3003 `x` is not an IP address"},
      {"allow ip:10.1.2 -> pod:* any", "1:10 PC3003 `10.1.2` is not an IP address"},
      {"allow cidr:10.0.0.0/33 -> pod:* any", "1:12 PC3003 `10.0.0.0/33` is not a prefix such as 10.0.0.0/8"},
      {"allow cidr:10.1.2.3/8 -> pod:* any",
       "1:12 PC3003 `10.1.2.3/8` is not a prefix: write 10.0.0.0/8, or `ip:` for a single address"},
      {"allow entity:host -> pod:* any",
       "1:14 PC3003 `host` is not an entity; these are world, cluster, nodes, kube-apiserver and all"},
      {"allow svc:db -> pod:* any", "1:11 PC3003 `db` is not a Service such as shop/db"},
      {"allow pod:* -> pod:* tpc/80", "1:22 PC3005 `tpc/80` is no traffic: it must be any, tcp, udp, sctp, icmp or "
                                      "icmp6, with ports or types behind a `/`"},
      {"allow pod:* -> pod:* tcp/65536",
       "1:22 PC3005 `tcp/65536` is no traffic: the port must be a number from 1 to 65535, or a range such as 5000-6000"},
      {"allow pod:* -> pod:* tcp/http",
       "1:22 PC3005 `tcp/http` is no traffic: the port must be a number from 1 to 65535, or a range such as 5000-6000"},
      {"allow pod:* -> pod:* tcp/0",
       "1:22 PC3005 `tcp/0` is no traffic: the port must be a number from 1 to 65535, or a range such as 5000-6000"},
      {"allow pod:* -> pod:* udp/9-8",
       "1:22 PC3005 `udp/9-8` is no traffic: the port must be a number from 1 to 65535, or a range such as 5000-6000"},
      {"allow pod:* -> pod:* tcp/80-x",
       "1:22 PC3005 `tcp/80-x` is no traffic: the port must be a number from 1 to 65535, or a range such as 5000-6000"},
      {"allow pod:* -> pod:* icmp/256",
       "1:22 PC3005 `icmp/256` is no traffic: the type must be a number from 0 to 255, or a range such as 0-8"},
      {"allow pod:* -> pod:* icmp6/135", "1:22 PC3005 `icmp6/135` is no traffic: neighbour discovery always passes, "
                                         "whatever policies and objects say"},
      {"allow pod:\x80 -> pod:* any", "1:11 PC3001 byte 0x80 may stand in comments only"},
      {"allow pod:*\v-> pod:* any", "1:12 PC3001 byte 0x0B may stand in comments only"},
      {"allow pod:*\r-> pod:* any", "1:12 PC3001 byte 0x0D may stand in comments only"},
      {"", "0:0 PC3007 the file holds no assertion"},
      {"# nothing\n \t\r\n", "0:0 PC3007 the file holds no assertion"},
  };
  for (const auto& [text, mistake] : cases) {
    INFO(text);
    const File file{std::string(text)};
    CHECK(file.mistakes() == std::string(mistake) + "\n");
    CHECK(file.assertions.empty());
  }
  const File zero(std::string("allow pod:*\0 -> pod:* any", 25));
  CHECK(zero.mistakes() == "1:12 PC3001 byte 0x00 may stand in comments only\n");
}

TEST_CASE("one run shows the mistakes of all lines, and all words of a line") {
  const File file(
      "allow pod:* -> pod:*\n"
      "deny pod:* -> pod:* any\n"
      "deny x:1 -> cidr:1 tcp/x,udp/y\n");
  CHECK(file.assertions.size() == 1);
  std::string codes;
  for (const Diagnostic& each : file.diagnostics.all())
    codes += fmt::format("{}:{} ", each.where.line, definition(each.kind).code);
  CHECK(codes == "1:PC3000 3:PC3002 3:PC3003 3:PC3005 3:PC3005 ");
}

TEST_CASE("single arguments have errors with a column") {
  FlowError error;
  CHECK_FALSE(parse_end_term("pod:a/b=c,d", error));
  CHECK(error.column == 11);
  CHECK(error.text == "`d` is not a condition on labels");
  CHECK_FALSE(parse_end_term("pod:a/b pod:c/d", error));
  CHECK(error.column == 9);
  CHECK_FALSE(parse_end_term("", error));
  CHECK(error.column == 1);
  CHECK_FALSE(parse_end_term("pod:*\n", error));
  CHECK(error.column == 6);
  CHECK_FALSE(parse_traffic("tcp/80,x", error));
  CHECK(error.column == 8);
  CHECK_FALSE(parse_traffic("", error));
}

TEST_CASE("no input is too strange to be answered") {
  const File lists("allow pod:a/b in (" + std::string(20000, 'x') + ") -> pod:* any");
  CHECK(lists.assertions.size() == 1);
  const File deep("allow " + std::string(60000, '('));
  CHECK(deep.mistakes() == "1:7 PC3000 expected an end such as `pod:shop/app=web`, not `(`\n");
  std::string conditions = "allow pod:a/b=c";
  for (int i = 0; i < 10000; ++i) conditions += ",b=c";
  CHECK(File(conditions + " -> pod:* any").assertions.size() == 1);
  CHECK(File(std::string(1 << 20, '-')).mistakes() ==
        "1:1 PC3006 the line has 1048576 characters, at most 65536 are read\n");
  // Names of Kubernetes may be long; messages are not.
  CHECK(File("allow " + std::string(5000, 'a') + ":b -> pod:* any").mistakes().size() < 150);

  std::mt19937 random(7);
  const std::string_view pieces[] = {"allow", "deny", " ",  "->", "pod:", "*",  "/", "a",     "=",  "!",   ",",  "in",
                                     "(",     ")",    "\n", "-",  ">",    ":",  "#", "cidr:", "\t", "tcp", "80", "\xC3",
                                     "notin", "any",  "0",  "::", "ip:",  "é", "\"", "\\"};
  std::uniform_int_distribution<std::size_t> length(0, 25), choice(0, std::size(pieces) - 1);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t left = length(random); left > 0; --left) text += pieces[choice(random)];
    const File file(text);
    INFO(text);
    CHECK((file.diagnostics.has_errors() || !file.assertions.empty()));
    FlowError error;
    if (!parse_end_term(text, error)) CHECK_FALSE(error.text.empty());
    if (!parse_traffic(text, error)) CHECK_FALSE(error.text.empty());
  }
}
