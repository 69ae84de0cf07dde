// Secrets are counted and left alone. Nothing of them is shown: in no message, no line with a caret, no report; not even
// where the Secret itself is what cannot be read.
#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "tests/command_line.h"
#include "yaml/secrets.h"

using namespace policyconv;
using namespace policyconv::testing;

namespace {

/// "2-4 9-9"
std::string secret(std::string_view text) {
  std::string found;
  for (const yaml::Lines& one : yaml::secret_lines(text))
    found += (found.empty() ? "" : " ") + std::to_string(one.first) + "-" + std::to_string(one.last);
  return found;
}

const std::string policy = R"(apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: db}}
  ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]
)";

std::string everything(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the lines of Secrets are found however they are written") {
  CHECK(secret("apiVersion: v1\nkind: ConfigMap\ndata: {a: Secret}\n") == "");
  CHECK(secret("kind: SecretStore\n---\nkind: ExternalSecret\n---\nmykind: Secret\n---\nkind: [Secret]\n") == "");
  CHECK(secret("apiVersion: v1\nkind: Secret\ndata:\n  a: b\n") == "1-5");
  CHECK(secret("kind: Pod\n---\nkind: Secret\ndata: {}\n---\nkind: Pod\n") == "2-4");
  CHECK(secret("kind: \"Secret\"  # c\r\ndata: x\r\n--- \r\nkind: Pod\r\n") == "1-2");
  CHECK(secret("kind: 'Secret'\n-----BEGIN KEY-----\n---\nkind: Pod") == "1-2");
  CHECK(secret("kind: SecretList\nitems:\n- metadata: {}\n") == "1-4");
  const std::string list =
      "apiVersion: v1\nitems:\n"
      "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n"     // 3-6
      "- apiVersion: v1\n  data:\n    a: |\n      b\nc: not indented\n  kind: Secret\n  type: Opaque\n"  // 7-13
      "- kind: Service\n  spec: {}\n"                                 // 14-15
      "- kind: Secret\n  data: x\n"                                   // 16-17
      "- apiVersion: v1\n  kind: Node\n"                              // 18-19
      "kind: List\n";
  CHECK(secret(list) == "7-13 16-17");
  const std::string json =
      "{\n    \"items\": [\n        {\n            \"data\": {\n                \"a\": \"b\"\n            },\n"
      "            \"kind\": \"Secret\",\n            \"type\": \"Opaque\"\n        },\n        {\n"
      "            \"kind\": \"Pod\"\n        }\n    ],\n    \"kind\": \"List\"\n}\n";
  CHECK(secret(json) == "3-9");
  // In brackets nobody knows where it ends without reading it all.
  CHECK(secret("kind: Pod\n---\n- {kind: Secret,\ndata: {a: b}}\n- {kind: Pod}\n---\nkind: Pod\n") == "2-5");
  CHECK(secret("{\"kind\":\"Secret\",\"data\":{}}") == "1-1");
  CHECK(secret("- {apiVersion: v1,\n   kind: Secret, data: {a: b}}\n- x\n") == "1-4");
}

TEST_CASE("without the lines of Secrets a text has as many lines") {
  CHECK(yaml::without_secrets("a\nb") == "a\nb");
  CHECK(yaml::without_secrets("kind: Pod\n---\nkind: Secret\n\ndata: x\n---\nkind: Pod\n") ==
        "kind: Pod\n# (of a Secret)\n# (of a Secret)\n\n# (of a Secret)\n---\nkind: Pod\n");
}

TEST_CASE("nothing of a Secret is shown, whatever is wrong with it") {
  const std::string head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n";
  const std::vector<std::string> wrong = {
      head + "stringData:\n  password hunter2\n",
      head + "stringData:\n  token: |\nhunter2\n",
      head + "stringData:\n  password: \"hunter2\n",
      head + "stringData:\n  password: hunter2\n  password: hunter2\n",
      head + "stringData:\n  password: 'hunter2' hunter2\n",
      head + "stringData:\n  password: [hunter2\n",
      head + "stringData:\n  password: hunter2}\n",
      head + "stringData:\n\tpassword: hunter2\n",
      head + "stringData:\n  password: !hunter2 x\n",
      head + "stringData:\n  password: *hunter2\n",
      head + "stringData:\n  password: hunter2\x01\n",
      head + "stringData:\n  password: hunter2\xff\n",
      head + "stringData:\n  password: \"hunter2\\q\"\n",
      head + "stringData:\n  ? {a: hunter2}\n  : hunter2\n",
      head + "stringData:\n  <<: {password: hunter2}\n",
      head + "stringData:\n  password: {{ .Values.hunter2 }}\n",
      head + "%hunter2\n",
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  stringData:\n    password hunter2\n",
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret,\n   stringData: {password: hunter2\n",
      "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"stringData\": {\"password\": \"hunter2\" \"hunter2\"}}\n",
      head + "stringData:\n  password: hunter2\n",  // nothing is wrong
  };
  const std::vector<std::string> reports = {"html=r.html", "json=r.json", "markdown=r.md", "sarif=r.sarif", "junit=r.xml"};
  for (const std::string& text : wrong)
    for (const bool in_dump : {false, true}) {
      const Workplace here;
      INFO((in_dump ? "dump: " : "policies: ") << text);
      write("policies.yaml", in_dump ? policy : policy + "---\n" + text);
      write("dump.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n" + (in_dump ? "---\n" + text : ""));
      std::vector<std::string> args = {"migrate", "policies.yaml", "--cluster", "dump.yaml", "-v", "-o", "out"};
      for (const std::string& report : reports) args.insert(args.end(), {"--report", report});
      const Result result = run(args);
      INFO(result.err);
      const bool names_its_tag = contains(text, "!hunter2");  // the tag stands where a type should
      CHECK((names_its_tag || !contains(result.err, "hunter2")));
      CHECK_FALSE(contains(result.out, "hunter2"));
      for (const char* file : {"r.html", "r.json", "r.md", "r.sarif", "r.xml"})
        CHECK((names_its_tag || !contains(everything(file), "hunter2")));
      CHECK(contains(everything("r.json"), "\"status\""));
      if (&text == &wrong.back()) CHECK(contains(result.err, "note[PC0208]: number of Secrets passed over unread: 1"));
    }
}
