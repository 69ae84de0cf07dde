// migrate --tree: thousands of files, their order, parts of a job, errors, leftovers, and signals at any moment.
#include "cli/batch_units.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "cli/progress.h"
#include "report/faces.h"
#include "tests/command_line.h"

using namespace policyconv;
using namespace policyconv::testing;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A policy of `same` rules that Kube-OVN can say and `refused` that it cannot.
std::string policy(const std::string& name, int same, int refused) {
  std::string text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: " + name +
                     ", namespace: shop}\nspec:\n  endpointSelector: {matchLabels: {app: " + name + "}}\n  ingress:\n";
  for (int rule = 0; rule < same; ++rule)
    text += "  - fromEndpoints: [{matchLabels: {app: client}}]\n    toPorts: [{ports: [{port: \"" +
            std::to_string(1000 + rule) + "\", protocol: TCP}]}]\n";
  for (int rule = 0; rule < refused; ++rule)
    text += "  - fromEndpoints: [{matchLabels: {app: client}}]\n    toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: "
            "{http: [{path: /}]}}]\n";
  return text;
}

/// One cluster: what `kubectl get` prints of it, with one policy.
std::string dump(const std::string& name, int same, int refused) {
  return policy(name, same, refused) +
         "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}\n"
         "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.1}]}\n"
         "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "-0, namespace: shop, labels: {app: " + name + "}}\n"
         "spec: {nodeName: n1, containers: [{name: c, image: i}]}\nstatus: {podIP: 10.16.0.5, podIPs: [{ip: 10.16.0.5}], phase: Running}\n"
         "---\napiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: ovn-default}\n"
         "spec: {cidrBlock: 10.16.0.0/16, protocol: IPv4, default: true, vpc: ovn-cluster, gateway: 10.16.0.1}\n"
         "---\napiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: join}\n"
         "spec: {cidrBlock: 100.64.0.0/16, protocol: IPv4, vpc: ovn-cluster, gateway: 100.64.0.1}\n";
}

void put(const fs::path& path, const std::string& text) {
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  testing::write(path.string(), text);
}

/// Every file below a directory with its text; lists of what was written left out.
std::map<std::string, std::string> tree(const fs::path& directory) {
  std::map<std::string, std::string> found;
  if (fs::exists(directory))
    for (const auto& entry : fs::recursive_directory_iterator(directory))
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with(".policyconv-tree."))
        found[entry.path().lexically_relative(directory).string()] = text_of(entry.path());
  return found;
}

/// Without what tells the way to them, which files of --tree have not.
std::map<std::string, std::string> objects(std::map<std::string, std::string> files) {
  std::erase_if(files, [](const auto& file) { return file.first >= "32"; });
  return files;
}

/// The names in the working directory, hidden ones too.
std::set<std::string> here_is() {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(".")) found.insert(entry.path().string());
  return found;
}

struct Child {
  int status = -1;  // as waitpid() gives it
  long peak_kib = 0;
  double seconds = 0;
};

/// The program as a process of its own, which gets `signal` after `delay`.
Child spawn(const std::vector<std::string>& args, const std::string& err, int signal = 0, std::chrono::microseconds delay = {}) {
  std::vector<char*> argv = {const_cast<char*>(POLICYCONV_BINARY)};
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  const auto begin = std::chrono::steady_clock::now();
  // Catch handles signals; a child that gets one before it is another program would run that handler.
  sigset_t all, before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid != 0) ::sigprocmask(SIG_SETMASK, &before, nullptr);
  REQUIRE(pid >= 0);
  if (pid == 0) {
    for (const int handled : {SIGINT, SIGTERM}) ::signal(handled, SIG_DFL);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    const int file = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(file, 2);
    ::execv(POLICYCONV_BINARY, argv.data());
    ::_exit(127);
  }
  if (signal != 0) {
    std::this_thread::sleep_for(delay);
    ::kill(pid, signal);
  }
  Child child;
  struct rusage usage = {};
  REQUIRE(::wait4(pid, &child.status, 0, &usage) == pid);
  child.peak_kib = usage.ru_maxrss;
  child.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return child;
}

bool is_instrumented() {
#ifdef __SANITIZE_ADDRESS__
  return true;
#else
  return false;
#endif
}

report::Report json_report(const std::string& path) {
  std::string problem;
  const auto report = report::from_json(text_of(path), problem);
  INFO(path << ": " << problem);
  REQUIRE(report.has_value());
  return *report;
}

}  // namespace

TEST_CASE("5,000 files: the summary is right, and memory does not grow with them") {
  const Workplace here;
  const int files = is_instrumented() ? 500 : 5000;
  std::size_t bytes = 0;
  int refused = 0, rules = 0;
  for (int at = 0; at < files; ++at) {
    const int worse = at % 100 == 0 ? 1 + at / 1000 : 0;
    const std::string text = policy("p" + std::to_string(at), 3, worse);
    put("in/team-" + std::to_string(at % 40) + "/p" + std::to_string(at) + ".yaml", text);
    bytes += text.size();
    refused += worse;
    rules += 3 + worse;
  }
  const Child child = spawn({"migrate", "in", "--tree", "-o", "out", "--pod-cidr", "10.16.0.0/16"}, "err.txt");
  REQUIRE(WIFEXITED(child.status));
  CHECK(WEXITSTATUS(child.status) == 5);
  const std::string err = text_of("err.txt");
  INFO(err.substr(err.size() - std::min<std::size_t>(err.size(), 3000)));
  CHECK(contains(err, std::to_string(files) + " files · " + std::to_string(files) + " policies, " + std::to_string(rules) +
                          " rules: " + std::to_string(rules - refused) + " same, " + std::to_string(refused) + " refused · "));
  // The worst file stands first, with five refused rules, and the table is cut.
  const std::string worst = is_instrumented() ? "1 refused" : "8 rules: 3 same, 5 refused";
  const std::size_t first = err.find("\n  in/team-");
  REQUIRE(first != std::string::npos);
  CHECK(contains(err.substr(first, err.find('\n', first + 1) - first), worst));
  CHECK(contains(err, "… and " + std::to_string(files - 20) + " more files, none worse (use -v)"));
  CHECK_FALSE(contains(err, "\r"));  // no progress where there is no terminal
  std::size_t folders = 0;
  for (const auto& team : fs::directory_iterator("out"))
    if (team.is_directory()) folders += static_cast<std::size_t>(std::distance(fs::directory_iterator(team), {}));
  CHECK(folders == static_cast<std::size_t>(files));
  CHECK(here_is() == std::set<std::string>{"./in", "./out", "./err.txt"});
  WARN(files << " files, " << bytes / 1024 << " KiB: " << child.seconds << " s, peak " << child.peak_kib / 1024 << " MiB");
  if (!is_instrumented()) CHECK(child.peak_kib < 100 * 1024);
}

TEST_CASE("the memory of a run over many dumps is that of the largest few") {
  if (is_instrumented()) return;
  const Workplace here;
  std::string big = dump("web", 2, 0);
  for (int pod = 1; pod < 4000; ++pod)
    big += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: other-" + std::to_string(pod) +
           ", namespace: shop, labels: {app: other}}\nspec: {nodeName: n1}\nstatus: {podIP: 10.16." + std::to_string(pod / 200) +
           "." + std::to_string(pod % 200 + 10) + "}\n";
  const auto peak = [&](int files) {
    fs::remove_all("in");
    for (int at = 0; at < files; ++at) put("in/c" + std::to_string(at) + ".yaml", big);
    const Child child = spawn({"migrate", "in", "--tree", "-o", "out", "-j", "2"}, "err.txt");
    INFO(text_of("err.txt"));
    REQUIRE(WIFEXITED(child.status));
    REQUIRE(WEXITSTATUS(child.status) != 1);
    return child.peak_kib;
  };
  const long few = peak(4), many = peak(32);
  WARN("4 dumps of " << big.size() / 1024 << " KiB: " << few / 1024 << " MiB; 32: " << many / 1024 << " MiB");
  CHECK(many < 3 * few / 2);
  CHECK(many < 300 * 1024);
}

TEST_CASE("each file gets what it gets alone, whatever the number of threads") {
  const Workplace here;
  put("in/a.yaml", policy("web", 2, 1));
  put("in/b/c.d.yml", policy("web", 1, 0));  // the same policy of another cluster
  put("in/b/dump.yaml", dump("db", 1, 0));
  put("in/b/readme.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: y}\n");
  put("in/.policyconvignore", "draft-*\n");
  put("in/draft-a.yaml", "{{ not yaml");
  const Result one = run({"migrate", "in", "--tree", "-o", "one", "-j", "1", "--report", "json=one.json"});
  const Result many = run({"migrate", "in", "--tree", "-o", "many", "-j", "8", "--report", "json=many.json"});
  CHECK(one.status == 5);
  CHECK(one.err == many.err);
  CHECK(text_of("one.json") == text_of("many.json"));
  CHECK(tree("one") == tree("many"));
  const auto alone = [](const std::vector<std::string>& args) {
    fs::remove_all("alone");
    std::vector<std::string> all = {"migrate"};
    all.insert(all.end(), args.begin(), args.end());
    all.insert(all.end(), {"-o", "alone", "--admission", "none"});
    CHECK(run(all).status != 1);
    return objects(tree("alone"));
  };
  CHECK(tree("one/a") == alone({"in/a.yaml"}));
  CHECK(tree("one/b/c.d") == alone({"in/b/c.d.yml"}));
  CHECK(tree("one/b/dump") == alone({"in/b/dump.yaml", "--cluster", "in/b/dump.yaml"}));  // a dump tells its own facts
  CHECK_FALSE(tree("one/b/dump").empty());
  CHECK_FALSE(fs::exists("one/b/readme"));
  CHECK_FALSE(fs::exists("one/draft-a"));
  CHECK(tree("one").size() == tree("one/a").size() + tree("one/b/c.d").size() + tree("one/b/dump").size());
}

TEST_CASE("facts of --cluster are those of every file") {
  const Workplace here;
  put("facts.yaml", dump("db", 0, 0));
  put("in/a.yaml", policy("db", 2, 0));
  put("in/b.yaml", policy("db", 1, 1));
  CHECK(run({"migrate", "in", "--tree", "-o", "out", "--cluster", "facts.yaml"}).status != 1);
  CHECK(run({"migrate", "in/b.yaml", "-o", "alone", "--cluster", "facts.yaml"}).status != 1);
  CHECK(tree("out/b") == objects(tree("alone")));
  CHECK(fs::exists("out/a/30-bindings.yaml"));
}

TEST_CASE("after an error nothing changes; with --keep-going all others are written") {
  const Workplace here;
  put("in/a.yaml", policy("a", 1, 0));
  put("in/b.yaml", policy("b", 1, 0));
  REQUIRE(run({"migrate", "in", "--tree", "-o", "out"}).status == 0);
  const auto before = tree("out");
  put("in/a.yaml", policy("a", 2, 0));
  put("in/b.yaml", "kind: [\n");
  put("in/c.yaml", policy("c", 1, 0));
  Result result = run({"migrate", "in", "--tree", "-o", "out"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "no objects were made"));
  CHECK(contains(result.err, "  in/b.yaml  1 error\n"));
  CHECK(tree("out") == before);
  CHECK(here_is() == std::set<std::string>{"./in", "./out"});
  result = run({"migrate", "in", "--tree", "-o", "fresh"});
  CHECK(result.status == 1);
  CHECK_FALSE(fs::exists("fresh"));
  result = run({"migrate", "in", "--tree", "-o", "out", "--keep-going"});
  CHECK(result.status == 1);
  const auto after = tree("out");
  CHECK(after.at("b/00-security-groups.yaml") == before.at("b/00-security-groups.yaml"));  // what it had stays
  CHECK(after.at("a/00-security-groups.yaml") != before.at("a/00-security-groups.yaml"));
  CHECK(after.count("c/00-security-groups.yaml") == 1);
}

TEST_CASE("an earlier run's files go, and nobody else's") {
  const Workplace here;
  for (const char* name : {"a", "b", "deep/er/c"}) put(std::string("in/") + name + ".yaml", policy("p", 1, 0));
  REQUIRE(run({"migrate", "in", "--tree", "-o", "out"}).status == 0);
  put("out/b/notes.txt", "mine");
  put("out/other/00-security-groups.yaml", "mine, too");
  put("elsewhere/00-security-groups.yaml", "not in there at all");
  fs::remove("in/b.yaml");
  fs::remove_all("in/deep");
  put("out/.policyconv-tree.0-of-9", "../elsewhere/00-security-groups.yaml\nb/notes.txt\n/etc/passwd\n");
  REQUIRE(run({"migrate", "in", "--tree", "-o", "out"}).status == 0);
  std::set<std::string> names;
  for (const auto& [name, text] : tree("out")) names.insert(name);
  CHECK(names.count("a/00-security-groups.yaml") == 1);
  CHECK(names.count("b/notes.txt") == 1);
  CHECK(names.count("b/00-security-groups.yaml") == 0);
  CHECK(names.count("other/00-security-groups.yaml") == 1);
  CHECK(fs::exists("elsewhere/00-security-groups.yaml"));
  CHECK_FALSE(fs::exists("out/deep"));  // it is empty now
}

TEST_CASE("nothing is written through links, and what cannot be written is known before anything changes") {
  const Workplace here;
  put("in/a.yaml", policy("a", 1, 0));
  put("in/b.yaml", policy("b", 1, 0));
  REQUIRE(run({"migrate", "in", "--tree", "-o", "out"}).status == 0);
  const auto before = tree("out");
  fs::create_directory("elsewhere");
  fs::remove_all("out/b");
  fs::create_directory_symlink("../elsewhere", "out/b");
  put("in/a.yaml", policy("a", 3, 0));
  const Result result = run({"migrate", "in", "--tree", "-o", "out"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "cannot write"));
  CHECK(tree("out").at("a/00-security-groups.yaml") == before.at("a/00-security-groups.yaml"));
  CHECK(fs::is_empty("elsewhere"));
  testing::write("file", "");
  CHECK(run({"migrate", "in", "--tree", "-o", "file"}).status == 1);
  CHECK(here_is() == std::set<std::string>{"./in", "./out", "./elsewhere", "./file"});
}

TEST_CASE("two files of one folder are refused, and so is a run without any policy") {
  const Workplace here;
  put("in/a.yaml", policy("a", 1, 0));
  put("in/a.yml", policy("a", 1, 0));
  const Result result = run({"migrate", "in", "--tree", "-o", "out"});
  CHECK(result.status == 1);
  CHECK(contains(result.err, "error[PC0196]: `in/a.yaml` and `in/a.yml` would both be written to `a`"));
  CHECK_FALSE(fs::exists("out"));
  put("none/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: y}\n");
  CHECK(contains(run({"migrate", "none", "--tree", "-o", "out"}).err, "error[PC0193]"));
}

TEST_CASE("options of --tree that cannot be meant are usage errors") {
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
           {"--keep-going"}, {"--shard-count", "2"}, {"--shard-index", "1"}, {"--tree"}, {"--tree", "-o", "out", "--verify"},
           {"--tree", "--emit", "ir"}, {"--tree", "-o", "out", "--shard-count", "2", "--shard-index", "2"}}) {
    std::vector<std::string> args = {"migrate", "in"};
    args.insert(args.end(), more.begin(), more.end());
    INFO(more.back());
    CHECK(run(args).status == 2);
  }
}

TEST_CASE("every folder belongs to exactly one part, and the parts are of nearly equal size") {
  std::mt19937 random(1);
  for (const unsigned count : {1U, 2U, 3U, 7U, 16U, 64U, 1000U}) {
    std::vector<std::size_t> sizes(count);
    for (int at = 0; at < 20'000; ++at) {
      const std::string folder = "cluster-" + std::to_string(at) + (random() % 2 == 0 ? "/dump" : "");
      const unsigned shard = cli::shard_of(folder, count);
      REQUIRE(shard < count);
      CHECK(shard == cli::shard_of(folder, count));
      ++sizes[shard];
    }
    const double mean = 20'000.0 / count;
    const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
    INFO(count << " parts, of " << *least << " to " << *most);
    CHECK(static_cast<double>(*least) > mean - 6 * std::sqrt(mean));
    CHECK(static_cast<double>(*most) < mean + 6 * std::sqrt(mean));
  }
}

TEST_CASE("the parts of a job and their merged reports are what one run gives") {
  const Workplace here;
  put("facts.yaml", dump("db", 0, 0));
  for (int at = 0; at < 30; ++at) put("in/c" + std::to_string(at) + "/dump.yaml", policy("db", at % 4, at % 3));
  put("in/kustomization.yaml", "resources: []\n");
  const std::vector<std::string> common = {"--tree", "--cluster", "facts.yaml"};
  const auto migrate = [&](std::vector<std::string> args) {
    args.insert(args.begin(), {"migrate", "in"});
    args.insert(args.end(), common.begin(), common.end());
    return run(args).status;
  };
  CHECK(migrate({"-o", "whole", "--report", "json=whole.json"}) == 5);
  const auto parts = [&](unsigned count) {
    std::vector<std::string> merge = {"report", "merge"};
    for (unsigned at = 0; at < count; ++at) {
      const std::string json = "part" + std::to_string(at) + ".json";
      CHECK(migrate({"-o", "parts", "--report", "json=" + json, "--shard-index", std::to_string(at), "--shard-count", std::to_string(count)}) != 1);
      merge.insert(merge.begin() + 2, json);
    }
    merge.insert(merge.end(), {"--report", "json=merged.json"});
    CHECK(run(merge).status == 5);
  };
  for (const unsigned count : {3U, 1U, 4U}) {
    parts(count);
    INFO(count << " parts");
    CHECK(tree("parts") == tree("whole"));
    CHECK(json_report("merged.json") == json_report("whole.json"));
  }
  // A part removes what it no longer makes, whatever the number of parts was, and leaves the others' alone.
  for (int at = 0; at < 30; at += 2) fs::remove_all("in/c" + std::to_string(at));
  const auto before = tree("parts");
  CHECK(migrate({"-o", "parts", "--shard-index", "1", "--shard-count", "2"}) != 1);
  for (const auto& [name, text] : before) {
    const std::string folder = fs::path(name).parent_path().string();
    const bool stays = fs::exists("in/" + folder + ".yaml") || cli::shard_of(folder, 2) == 0;
    CHECK(fs::exists("parts/" + name) == stays);
  }
}

TEST_CASE("a part without files is no error") {
  const Workplace here;
  put("in/a.yaml", policy("a", 1, 0));
  const unsigned other = 1 - cli::shard_of("a", 2);
  const Result result = run({"migrate", "in", "--tree", "-o", "out", "--shard-index", std::to_string(other), "--shard-count", "2"});
  CHECK(result.status == 0);
  CHECK(contains(result.err, "note[PC0198]: none of the 1 files belongs to part " + std::to_string(other) + " of 2"));
}

TEST_CASE("a signal at any moment leaves nothing or everything") {
  const Workplace here;
  const int files = is_instrumented() ? 100 : 500;
  for (int at = 0; at < files; ++at) put("in/p" + std::to_string(at) + ".yaml", policy("p" + std::to_string(at), 4, 0));
  const Child whole = spawn({"migrate", "in", "--tree", "-o", "whole"}, "err.txt");
  REQUIRE((WIFEXITED(whole.status) && WEXITSTATUS(whole.status) == 0));
  const auto expected = tree("whole");
  fs::remove_all("whole");
  std::size_t nothing = 0, everything = 0;
  for (const int signal : {SIGINT, SIGTERM})
    for (int step = 0; step < 10; ++step) {
      const bool replaces = step % 2 == 1;  // an earlier run's output, which stays as it is or goes completely
      std::map<std::string, std::string> before;
      if (replaces) {
        put("old/p0.yaml", policy("p0", 1, 0));
        put("old/gone.yaml", policy("gone", 1, 0));
        REQUIRE(run({"migrate", "old", "--tree", "-o", "out"}).status == 0);
        before = tree("out");
        fs::remove_all("old");
      }
      const std::chrono::microseconds delay(static_cast<long>(whole.seconds * 1e6 * (step + 0.5) / 9));
      const Child child = spawn({"migrate", "in", "--tree", "-o", "out"}, "err.txt", signal, delay);
      const auto after = tree("out");
      INFO("signal " << signal << " after " << delay.count() << " us: " << text_of("err.txt"));
      CHECK((after == before || after == expected));
      (after == expected ? everything : nothing) += 1;
      const bool by_signal = WIFSIGNALED(child.status) && WTERMSIG(child.status) == signal;
      CHECK((by_signal || (WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0)));
      if (after == before) CHECK(by_signal);
      std::set<std::string> names = here_is();
      names.erase("./out");
      CHECK(names == std::set<std::string>{"./in", "./err.txt"});
      for (const auto& entry : fs::exists("out") ? fs::directory_iterator("out") : fs::directory_iterator())
        CHECK_FALSE(entry.path().filename().string().starts_with(".policyconv-X"));
      fs::remove_all("out");
    }
  WARN("stopped with nothing written: " << nothing << ", with everything: " << everything);
  CHECK(nothing > 0);
}

TEST_CASE("a signal to an ordinary run leaves nothing or everything, too") {
  const Workplace here;
  std::string many;
  const int policies = is_instrumented() ? 50 : 150;
  for (int at = 0; at < policies; ++at) many += policy("p" + std::to_string(at), 20, 0) + "---\n";
  put("in/many.yaml", many);
  const Child whole = spawn({"migrate", "in", "-o", "whole"}, "err.txt");
  REQUIRE((WIFEXITED(whole.status) && WEXITSTATUS(whole.status) == 0));
  const auto expected = tree("whole");
  for (int step = 0; step < 16; ++step) {
    // Most of them late: writing comes at the end.
    const double share = step < 4 ? step / 4.0 : 0.7 + 0.4 * (step - 4) / 12;
    const Child child = spawn({"migrate", "in", "-o", "out"}, "err.txt", SIGTERM,
                              std::chrono::microseconds(static_cast<long>(whole.seconds * 1e6 * share)));
    const auto after = tree("out");
    INFO("step " << step << ": " << text_of("err.txt"));
    CHECK((after.empty() || after == expected));
    CHECK((after == expected || (WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGTERM)));
    if (after.empty()) CHECK_FALSE(fs::exists("out"));
    fs::remove_all("out");
  }
}

TEST_CASE("a shell sees 130 and 143, and an ignored signal is ignored") {
  const Workplace here;
  for (int at = 0; at < 400; ++at) put("in/p" + std::to_string(at) + ".yaml", policy("p" + std::to_string(at), 10, 0));
  const std::string run_it = std::string("'") + POLICYCONV_BINARY + "' migrate in --tree -o out -j 1 2> err.txt";
  const auto shell = [&](const std::string& script) { return WEXITSTATUS(std::system(("bash -c \"" + script + "\"").c_str())); };
  CHECK(shell("set -m; " + run_it + " & sleep 0.05; kill -INT \\$!; wait \\$!") == 130);
  CHECK(shell(run_it + " & sleep 0.05; kill -TERM \\$!; wait \\$!") == 143);
  const std::string said = text_of("err.txt");  // empty if the signal came before the program had begun
  CHECK((said.empty() || contains(said, "stopped; nothing was written")));
  CHECK(shell("trap '' INT; " + run_it + " & sleep 0.05; kill -INT \\$!; wait \\$!") == 0);
  CHECK(tree("out").size() >= 400);
}

TEST_CASE("progress in words") {
  using std::chrono::duration;
  CHECK(cli::progress_text("converting files", 0, 5000, duration<double>(3)) == "converting files: 0 of 5000, 0 %");
  CHECK(cli::progress_text("converting files", 10, 5000, duration<double>(0.2)) == "converting files: 10 of 5000, 0 %");
  CHECK(cli::progress_text("converting files", 1250, 5000, duration<double>(10)) == "converting files: 1250 of 5000, 25 %, 30 s left");
  CHECK(cli::progress_text("converting files", 1000, 5000, duration<double>(30)) == "converting files: 1000 of 5000, 20 %, 2 min 0 s left");
  CHECK(cli::progress_text("converting files", 1, 5000, duration<double>(2)) == "converting files: 1 of 5000, 0 %, 2 h 46 min left");
  CHECK(cli::progress_text("converting files", 5000, 5000, duration<double>(9)) == "converting files: 5000 of 5000, 100 %");
}
