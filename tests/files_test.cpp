// What is written, whatever happens meanwhile: folders, leftovers of earlier runs, links, hostile names, processes that are
// killed, full disks, closed pipes.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "cli/files.h"
#include "tests/command_line.h"

using namespace policyconv;
using namespace policyconv::testing;
namespace fs = std::filesystem;

namespace {

using Files = std::vector<kubeovn::OutputFile>;

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void put(const std::string& path, const std::string& text) {
  if (const fs::path folder = fs::path(path).parent_path(); !folder.empty()) fs::create_directories(folder);
  write(path, text);
}

/// Every name below a directory, links not followed.
std::set<std::string> names_in(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    names.insert(entry.path().lexically_relative(directory).generic_string());
  return names;
}

/// "" or the message.
std::string written(const std::string& directory, const Files& files, cli::OwnNames is_own = kubeovn::is_output_name) {
  Diagnostics diagnostics;
  cli::write_directory(directory, files, diagnostics, is_own);
  std::string said;
  for (const Diagnostic& one : diagnostics.all()) said += one.message + "\n";
  return said;
}

const Files everything = {{"00-security-groups.yaml", "groups"},  {"PLAN.md", "plan"},
                     {"plan.json", "{}"},                    {"steps/05-join-shop.yaml", "join"},
                     {"steps/05-join-shop.undo.yaml", "u"},  {"component/kustomization.yaml", "kind: Component"}};

int status_of(pid_t child) {
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

/// Runs `act` in a process of its own, which `act` must not leave by returning.
pid_t forked(const std::function<void()>& act) {
  sigset_t all, before;  // Catch handles signals
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int handled : {SIGINT, SIGTERM, SIGABRT}) ::signal(handled, SIG_DFL);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    act();
    ::_exit(126);
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  REQUIRE(child > 0);
  return child;
}

/// The program, after `prepare` in its process.
int program(const std::vector<std::string>& args, const std::function<void()>& prepare) {
  std::vector<char*> argv = {const_cast<char*>(POLICYCONV_BINARY)};
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  const int status = status_of(forked([&] {
    prepare();
    ::execv(POLICYCONV_BINARY, argv.data());
  }));
  INFO("wait status " << status);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

void redirect(int number, const char* path, int flags = O_WRONLY | O_CREAT | O_TRUNC) {
  const int file = ::open(path, flags, 0600);
  ::dup2(file, number);
  ::close(file);
}

const std::string same = R"(apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: db}}
  ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]
)";

}  // namespace

TEST_CASE("what may be of an earlier run is told by the shape of its name") {
  for (const char* name : {"00-security-groups.yaml", "31-templates.yaml", "40-admission.yaml", "PLAN.md", "plan.json",
                           "component/kustomization.yaml", "steps/05-join-shop.yaml", "steps/05-join-shop.undo.yaml",
                           "steps/104-enforce-x.yaml"})
    CHECK(kubeovn::is_output_name(name));
  for (const char* name : {"", "plan.md", "32-templates.yaml", "kustomization.yaml", "component/30-bindings.yaml", "steps/",
                           "steps/5-join.yaml", "steps/05-join.yml", "steps/05.yaml", "steps/notes.yaml", "steps/05-a/b.yaml",
                           "05-join-shop.yaml", "x/steps/05-join.yaml", "steps/55", "steps/README.md"})
    CHECK_FALSE(kubeovn::is_output_name(name));
}

TEST_CASE("files go into their folders, and nothing temporary stays") {
  const Workplace here;
  CHECK(written("out/deep", everything) == "");
  CHECK(names_in("out/deep") == std::set<std::string>{"00-security-groups.yaml", "PLAN.md", "plan.json", "component",
                                                      "component/kustomization.yaml", "steps", "steps/05-join-shop.yaml",
                                                      "steps/05-join-shop.undo.yaml"});
  for (const auto& file : everything) CHECK(read("out/deep/" + file.name) == file.text);
  CHECK(written("out/deep", everything) == "");  // over itself
  CHECK(names_in("out/deep").size() == 8);
}

TEST_CASE("what an earlier run no longer needs goes, with folders that are empty then; nothing else does") {
  const Workplace here;
  REQUIRE(written("out", everything).empty());
  for (const char* mine : {"out/README.md", "out/steps.yaml", "out/steps/README.md", "out/steps/5-mine.yaml",
                           "out/steps/deep/05-join.yaml", "out/other/05-join.yaml", "out/other/kustomization.yaml"})
    put(mine, "mine");
  CHECK(written("out", {{"00-security-groups.yaml", "new"}, {"steps/06-enforce-shop.yaml", "enforce"}}) == "");
  CHECK(names_in("out") ==
        std::set<std::string>{"00-security-groups.yaml", "README.md", "steps.yaml", "steps", "steps/README.md",
                              "steps/06-enforce-shop.yaml", "steps/5-mine.yaml", "steps/deep", "steps/deep/05-join.yaml",
                              "other", "other/05-join.yaml", "other/kustomization.yaml"});
  REQUIRE(written("new", everything).empty());
  CHECK(written("new", {{"00-security-groups.yaml", "x"}}) == "");
  CHECK(names_in("new") == std::set<std::string>{"00-security-groups.yaml"});
  REQUIRE(written("kept", everything).empty());
  CHECK(written("kept", {{"report.json", "x"}}, nullptr) == "");  // who owns nothing removes nothing
  CHECK(names_in("kept").size() == 9);
}

TEST_CASE("a name that came with the input leads nowhere else") {
  const Workplace here;
  for (const std::string name : {"../x", "steps/../x", "/x", "steps//x", "a/b/c", "steps/", "steps/..", "..", ".", "", "./x",
                                 "../../x"}) {
    INFO(name);
    CHECK(contains(written("out", {{"00-security-groups.yaml", "g"}, {name, "x"}}), "cannot write `out"));
    CHECK_FALSE(fs::exists("out"));
  }
  CHECK(fs::is_empty("."));
}

// --- links ---------------------------------------------------------------------------------------------------------------

TEST_CASE("the output directory may be a link, what is in it may not") {
  const Workplace here;
  fs::create_directories("real");
  fs::create_directories("elsewhere");
  put("elsewhere/05-join-shop.yaml", "keep");
  put("elsewhere/kustomization.yaml", "keep");
  fs::create_directory_symlink("real", "out");
  CHECK(written("out", {{"00-security-groups.yaml", "old"}}) == "");
  CHECK(read("real/00-security-groups.yaml") == "old");

  for (const std::string target : {"../elsewhere", "gone", "../out", "."}) {
    for (const char* folder : {"steps", "component"}) {
      fs::create_symlink(target, fs::path("real") / folder);
      CHECK(written("out", everything) == "cannot write `out/" + std::string(folder) + "`: it is a symbolic link\n");
      CHECK(names_in("real") == std::set<std::string>{"00-security-groups.yaml", folder});
      CHECK(read("real/00-security-groups.yaml") == "old");
      CHECK(written("out", {{"00-security-groups.yaml", "old"}}) == "");  // nor are files behind it those of an earlier run
      fs::remove(fs::path("real") / folder);
    }
  }
  CHECK(read("elsewhere/05-join-shop.yaml") == "keep");
  CHECK(read("elsewhere/kustomization.yaml") == "keep");
  CHECK(names_in("elsewhere").size() == 2);

  put("real/steps", "a file");
  CHECK(written("out", everything) == "cannot write `out/steps`: Not a directory\n");
  fs::remove("real/steps");
  fs::create_directories("real/steps");
  fs::create_symlink("../../elsewhere/05-join-shop.yaml", "real/steps/05-join-shop.yaml");
  CHECK(written("out", everything) == "cannot write `out/steps/05-join-shop.yaml`: it is a symbolic link\n");
  CHECK(read("elsewhere/05-join-shop.yaml") == "keep");
}

TEST_CASE("whoever swaps a folder for a link while files are written leads nobody elsewhere") {
  const Workplace here;
  fs::create_directories("elsewhere");
  fs::create_directories("out/steps");
  const pid_t swapper = forked([] {
    for (;;) {
      ::rename("out/steps", "out/aside");
      (void)::symlink("../elsewhere", "out/steps");
      ::unlink("out/steps");
      ::rename("out/aside", "out/steps");
    }
  });
  std::size_t refused = 0;
  for (int round = 0; round < 300; ++round) refused += written("out", everything).empty() ? 0 : 1;
  ::kill(swapper, SIGKILL);
  status_of(swapper);
  WARN("refused in " << refused << " of 300 rounds");
  CHECK(fs::is_empty("elsewhere"));
}

// --- processes that are killed -------------------------------------------------------------------------------------------

TEST_CASE("a process that is killed at any moment leaves no half file, and the next run clears up") {
  const Workplace here;
  const auto version = [](char mark) {
    Files files = everything;
    for (auto& file : files) file.text = std::string(300'000, mark);
    return files;
  };
  const Files first = version('a'), second = version('b');
  std::mt19937 random(7);
  std::size_t interrupted = 0;
  for (int round = 0; round < 100; ++round) {
    const pid_t writer = forked([&] {
      for (;;) {
        (void)written("out", first);
        (void)written("out", second);
      }
    });
    std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 20'000));
    ::kill(writer, SIGKILL);
    REQUIRE(WIFSIGNALED(status_of(writer)));
    if (!fs::exists("out")) continue;
    bool has_temporary = false;
    for (const std::string& name : names_in("out")) {
      if (fs::is_directory("out/" + name)) continue;
      if (name.ends_with(".tmp")) {
        has_temporary = true;
        CHECK(fs::path(name).filename().string().starts_with('.'));
        continue;
      }
      const std::string text = read("out/" + name);
      INFO("round " << round << ", " << name << ", " << text.size() << " bytes");
      CHECK((text == first[0].text || text == second[0].text));
    }
    interrupted += has_temporary ? 1 : 0;
  }
  WARN("killed while temporary files were there: " << interrupted << " of 100");
  CHECK(interrupted > 0);
  CHECK(written("out", everything) == "");
  CHECK(names_in("out").size() == 8);
}

TEST_CASE("only temporary names of ours are cleared, and none while another run is writing") {
  const Workplace here;
  const std::set<std::string> others = {".notes.tmp", ".mine.yaml.123.tmp", ".PLAN.md.x1.tmp", "PLAN.md.123.tmp", "..5.tmp",
                                        ".PLAN.md..tmp"};
  for (const std::string& name : others) put("out/" + name, "mine");
  const std::set<std::string> ours = {".PLAN.md.123.tmp", ".00-security-groups.yaml.1.tmp"};
  for (const std::string& name : ours) put("out/" + name, "left");
  put("out/steps/.05-join-shop.yaml.77.tmp", "left");
  put("out/component/.kustomization.yaml.77.tmp", "left");

  const int lock = ::open("out", O_RDONLY | O_DIRECTORY);
  REQUIRE(::flock(lock, LOCK_SH) == 0);
  CHECK(written("out", {{"PLAN.md", "plan"}}) == "");
  CHECK(fs::exists("out/.PLAN.md.123.tmp"));
  REQUIRE(::flock(lock, LOCK_EX) == 0);
  CHECK(written("out", {{"PLAN.md", "plan"}}) == "");  // nor does anybody wait
  ::close(lock);
  CHECK(written("out", {{"PLAN.md", "plan"}}) == "");
  std::set<std::string> expected = others;
  expected.insert("PLAN.md");
  CHECK(names_in("out") == expected);

  put("reports/.r.json.123.tmp", "left");
  put("reports/.PLAN.md.123.tmp", "not of this command");
  CHECK(written("reports", {{"r.json", "{}"}}, nullptr) == "");
  CHECK(names_in("reports") == std::set<std::string>{"r.json", ".PLAN.md.123.tmp"});
}

// --- what cannot be written ----------------------------------------------------------------------------------------------

TEST_CASE("a full disk is an error, and what was there stays") {
  const Workplace here;
  put("in.yaml", same);
  put("old.yaml", same);
  fs::create_directory("small");
  if (::mount("none", "small", "tmpfs", 0, "size=128k") != 0) {
    WARN("not permitted to mount a file system: skipped");
    return;
  }
  struct Unmount {
    ~Unmount() { ::umount2("small", MNT_DETACH); }
  } const unmount;
  REQUIRE(program({"migrate", "in.yaml", "-o", "small/out", "--quiet"}, [] {}) == 0);
  const auto before = names_in("small/out");
  const std::string groups = read("small/out/00-security-groups.yaml");
  std::string many;
  for (int at = 0; at < 400; ++at) {
    std::string policy = same;
    many += policy.replace(policy.find("name: db"), 8, "name: db" + std::to_string(at)).replace(policy.find("app: db"), 7, "app: a" + std::to_string(at)) + "---\n";
  }
  put("in.yaml", many);
  CHECK(program({"migrate", "in.yaml", "-o", "small/out"}, [] { redirect(2, "err.txt"); }) == 1);
  CHECK(contains(read("err.txt"), "error[PC0192]: cannot write `small/out/"));
  CHECK(contains(read("err.txt"), "No space left on device"));
  CHECK(names_in("small/out") == before);
  CHECK(read("small/out/00-security-groups.yaml") == groups);
  CHECK(program({"migrate", "in.yaml", "-o", "small/new"}, [] { redirect(2, "err.txt"); }) == 1);
  CHECK_FALSE(fs::exists("small/new"));
  fs::create_directory("tree");
  fs::rename("in.yaml", "tree/in.yaml");
  CHECK(program({"migrate", "tree", "--tree", "-o", "small/tree"}, [] { redirect(2, "err.txt"); }) == 1);
  CHECK(contains(read("err.txt"), "No space left on device"));
  CHECK_FALSE(fs::exists("small/tree"));
}

TEST_CASE("a file that may not grow so large is an error, not the end of the program by a signal") {
  const Workplace here;
  put("in.yaml", same);
  const auto limited = [] {
    const struct rlimit most = {300, 300};
    ::setrlimit(RLIMIT_FSIZE, &most);
  };
  CHECK(program({"migrate", "in.yaml", "-o", "out", "--quiet"}, limited) == 1);
  CHECK_FALSE(fs::exists("out"));
  CHECK(program({"migrate", "in.yaml", "--quiet"}, [&] { redirect(1, "out.txt"), limited(); }) == 1);
}

TEST_CASE("a stream that cannot be written is never taken for success") {
  const Workplace here;
  put("in.yaml", same);
  const auto closed_pipe = [](int number) {
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(125);
    ::close(ends[0]);
    ::dup2(ends[1], number);
    ::close(ends[1]);
  };
  using Prepare = std::function<void()>;
  struct Way {
    const char* name;
    int number;
    Prepare prepare;
  };
  std::vector<Way> ways;
  for (const int number : {1, 2}) {
    ways.push_back({"full", number, [=] { redirect(number, "/dev/full", O_WRONLY); }});
    ways.push_back({"closed pipe", number, [=] { closed_pipe(number); }});
    ways.push_back({"closed", number, [=] { ::close(number); }});
  }
  const std::vector<std::vector<std::string>> to_out = {{"migrate", "in.yaml"},
                                                        {"migrate", "in.yaml", "--quiet"},
                                                        {"migrate", "in.yaml", "-o", "out", "--report", "json=-"},
                                                        {"--help"},
                                                        {"--version"},
                                                        {"explain"},
                                                        {"explain", "PC0192"},
                                                        {"migrate", "in.yaml", "--emit", "ir"}};
  const std::vector<std::vector<std::string>> to_err = {{"migrate", "in.yaml"}, {"migrate", "in.yaml", "-o", "out"}};
  for (const Way& way : ways)
    for (const auto& args : way.number == 1 ? to_out : to_err) {
      INFO(way.name << " " << way.number << ": " << args[0] << " " << (args.size() > 2 ? args[2] : ""));
      const int status = program(args, [&] {
        if (way.number == 1) redirect(2, "err.txt");
        else redirect(1, "out.txt");
        way.prepare();
      });
      CHECK(status == 1);
      if (way.number == 1) CHECK(contains(read("err.txt"), "cannot write"));
    }
  CHECK(program({"migrate", "in.yaml", "-o", "out", "--quiet"}, [] { ::close(2), ::close(1); }) == 0);  // nothing to say
  CHECK_FALSE(contains(read("out/00-security-groups.yaml"), "policyconv: "));
}
