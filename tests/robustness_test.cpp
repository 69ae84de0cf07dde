// Damaged input: every golden policy and cluster, mutated from a seed, through the whole command. Nothing may crash, throw
// or hang, and an input error leaves no output behind. POLICYCONV_MUTATIONS sets how many are tried.
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "cli/run.h"

namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> inputs(bool clusters) {
  std::vector<fs::path> paths;
  for (const char* folder : {"/tests/golden", "/samples"})
    for (const auto& entry : fs::recursive_directory_iterator(std::string(POLICYCONV_SOURCE_DIR) + folder)) {
      const fs::path& path = entry.path();
      const bool expectation = path.parent_path().filename() == "expected";
      const bool cluster = path.stem() == "cluster" || path.parent_path().filename() == "cluster";
      if (!expectation && cluster == clusters && (path.extension() == ".yaml" || path.extension() == ".json") && entry.file_size() < 20000) paths.push_back(path);
    }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const fs::path& path : paths) texts.push_back(read(path));
  return texts;
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& pool, unsigned seed) : pool_(pool), random_(seed) {}

  std::string next() {
    std::string text = pool_[pick(pool_.size())];
    for (std::size_t n = pick(4); n != 0 && !text.empty(); --n) mutate(text);
    return text;
  }
  [[nodiscard]] bool coin() { return pick(2) == 0; }

 private:
  std::size_t pick(std::size_t count) { return count == 0 ? 0 : random_() % count; }

  // Values that have a meaning somewhere: limits, empties, YAML's own words, near misses of fields and addresses.
  void mutate(std::string& text) {
    static const std::vector<std::string> tokens{
        "[]", "{}", "[{}]", "null", "~", "''", "0", "-1", "65536", "99999999999999999999", "0x50", "010", "true", "::/0", "0.0.0.0/0",
        "::ffff:1.2.3.4/120", "10.0.0.0/33", "&a [*a]", "*a", "<<: *b", "!!binary x", "---", "...", "\t", "\r\n", "\xff", std::string(1, '\0'),
        "\xEF\xBB\xBF", "{{ x }}", "In", "NotIn", "Exists", "reserved:host", "any:app", "cidr:10.0.0.0/8", "k8s:io.kubernetes.pod.namespace",
        "ingressDeny", "egress", "toPorts", "icmps", "fromEntities: [all]", "specs:", "- - - -", "[[[[[[[[", "? ", ": ", "# "};
    const std::size_t at = pick(text.size());
    switch (pick(6)) {
      case 0: text[at] = static_cast<char>(random_() & 0xFF); return;
      case 1: text.erase(at, 1 + pick(20)); return;
      case 2: text.insert(at, tokens[pick(tokens.size())]); return;
      case 3: {  // one line again, elsewhere
        const std::size_t begin = text.rfind('\n', at) + 1, end = text.find('\n', at);
        const std::string line = text.substr(begin, end == std::string::npos ? end : end - begin + 1);
        const std::size_t to = text.rfind('\n', pick(text.size())) + 1;
        text.insert(to, line);
        return;
      }
      case 4: {  // a value becomes another
        const std::size_t colon = text.find(": ", at);
        if (colon == std::string::npos) return;
        const std::size_t end = text.find_first_of(",}\n", colon + 2);
        text.replace(colon + 2, end == std::string::npos ? end : end - colon - 2, tokens[pick(tokens.size())]);
        return;
      }
      default: {  // the end of another file
        const std::string& other = pool_[pick(pool_.size())];
        text = text.substr(0, at) + other.substr(pick(other.size()));
      }
    }
  }

  const std::vector<std::string>& pool_;
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("damaged input is reported, never fatal") {
  const std::vector<std::string> policies = inputs(false), clusters = inputs(true);
  REQUIRE(policies.size() > 50);
  REQUIRE(clusters.size() > 20);
  const char* wanted = std::getenv("POLICYCONV_MUTATIONS");
  const int tries = wanted ? std::atoi(wanted) : 4000;
  const fs::path folder = fs::temp_directory_path() / ("policyconv-robustness-" + std::to_string(std::random_device{}()));
  fs::create_directories(folder);
  Mutator mutator(policies, 20261123), cluster_mutator(clusters, 7);
  int accepted = 0;
  for (int i = 0; i < tries; ++i) {
    std::istringstream in(mutator.next());
    std::ofstream(folder / "cluster.yaml", std::ios::binary) << cluster_mutator.next();
    std::vector<std::string> args{"migrate", "-"};
    if (mutator.coin()) args.insert(args.end(), {"--cluster", (folder / "cluster.yaml").string()});
    if (mutator.coin()) args.insert(args.end(), {"--sctp", "--kube-ovn", "1.15"});
    std::ostringstream out, err;
    const auto start = std::chrono::steady_clock::now();
    const int status = policyconv::cli::run(args, in, out, err);
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    INFO("mutation " << i << "\n" << in.str() << "\n" << err.str());
    REQUIRE(status >= 0);
    REQUIRE(status <= 5);
    REQUIRE(seconds < 20);
    if (status == 1) REQUIRE(out.str().empty());
    else ++accepted;
  }
  fs::remove_all(folder);
  std::cout << tries << " damaged inputs, " << accepted << " of them still readable\n";
  CHECK(accepted > tries / 10);
}

TEST_CASE("selectors of 100,000 labels or values are no work for minutes") {
  const auto numbered = [](const std::string& before, const std::string& after) {
    std::string list;
    for (int i = 0; i < 100'000; ++i) list += (i == 0 ? "" : ", ") + before + std::to_string(i) + after;
    return list;
  };
  const auto in = [&](const std::string& prefix) { return "{key: k, operator: In, values: [" + numbered(prefix, "") + "]}"; };
  for (const std::string& peer : {"matchLabels: {" + numbered("k", ": v") + "}", "matchLabels: {" + numbered("any:k", ": v") + "}",
                                  "matchExpressions: [" + in("v") + ", " + in("w") + "]"}) {
    std::istringstream policy("apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec:\n"
                              "  endpointSelector: {matchLabels: {app: web}}\n  ingress:\n  - fromEndpoints: [{" + peer + "}]\n");
    std::ostringstream out, err;
    const auto start = std::chrono::steady_clock::now();
    const int status = policyconv::cli::run({"migrate", "-"}, policy, out, err);
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    INFO(peer.substr(0, 60) << "\n" << err.str().substr(0, 1000));
    CHECK(status == 0);
    CHECK(seconds < 20);
  }
}
