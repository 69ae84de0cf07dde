// `./x bench`: what docs/performance.md shows, measured on this machine. With `verify`, how long the proof of a production
// profile takes (verify.h); with `assess`, a large cluster. Nothing here is asserted: times depend on the machine.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/assess.h"
#include "tests/bench/measure.h"
#include "tests/bench/results.h"
#include "tests/bench/verify.h"

using namespace policyconv;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view usage =
    "usage: bench [full | SHAPE... | N...] [--instructions] [--json FILE] [--seed N] [--policyconv PROGRAM] [--commit TEXT]\n"
    "       bench write SHAPE|N DIRECTORY [--seed N]\n"
    "       bench verify | bench assess\n"
    "\n"
    "Without arguments: all shapes that take seconds. full: all shapes, and instructions by callgrind. N: so many uniform\n"
    "policies. write: the files of a shape, for other tools.\n"
    "\n"
    "shapes:\n";

struct Arguments {
  std::vector<std::string> words;
  std::string json, policyconv = POLICYCONV_BINARY, commit;
  unsigned seed = 1;
  bool instructions = false;
};

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// nullopt: not what the usage says.
std::optional<Arguments> read(const std::vector<std::string>& all) {
  Arguments arguments;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string& word = all[i];
    if (!word.starts_with("--")) {
      arguments.words.push_back(word);
    } else if (word == "--instructions") {
      arguments.instructions = true;
    } else if (++i == all.size()) {
      return std::nullopt;
    } else if (word == "--json") {
      arguments.json = all[i];
    } else if (word == "--policyconv") {
      arguments.policyconv = all[i];
    } else if (word == "--commit") {
      arguments.commit = all[i];
    } else if (const auto seed = number_in<unsigned>(all[i]); word == "--seed" && seed) {
      arguments.seed = *seed;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

/// nullopt: there is none of that name.
std::optional<bench::Shape> shape_named(const std::string& word) {
  if (const auto policies = number_in<std::size_t>(word); policies && *policies > 0) {
    bench::Shape shape = bench::uniform_shape(*policies);
    shape.counts_instructions = true;
    return shape;
  }
  for (const bench::Shape& shape : bench::shapes())
    if (shape.name == word) return shape;
  return std::nullopt;
}

/// nullopt: some word is no shape.
std::optional<std::vector<bench::Shape>> shapes_of(const std::vector<std::string>& words) {
  std::vector<bench::Shape> chosen;
  const bool all = words == std::vector<std::string>{"full"};
  if (all || words.empty()) {
    for (bench::Shape& shape : bench::shapes())
      if (all || !shape.is_long) chosen.push_back(std::move(shape));
    return chosen;
  }
  for (const std::string& word : words) {
    const std::optional<bench::Shape> shape = shape_named(word);
    if (!shape) return std::nullopt;
    chosen.push_back(*shape);
    chosen.back().counts_instructions = true;
  }
  return chosen;
}

/// A directory that goes with the object.
class Directory {
 public:
  Directory() {
    std::string name = (fs::temp_directory_path() / "policyconv-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void measure(const std::vector<bench::Shape>& shapes, const Arguments& arguments) {
  const Directory directory;
  bench::Settings settings;
  settings.policyconv = arguments.policyconv;
  settings.self = fs::read_symlink("/proc/self/exe").string();
  settings.place = directory.path();
  settings.seed = arguments.seed;
  settings.counts_instructions = arguments.instructions || arguments.words == std::vector<std::string>{"full"};
  bench::Results results{bench::describe_machine(), "g++ " __VERSION__, arguments.commit, bench::today(), arguments.seed, {}, {}};
  results.start = bench::measure_start(fs::path(POLICYCONV_SOURCE_DIR) / "samples/01-default-deny/input.yaml", settings);
  for (const bench::Shape& shape : shapes) {
    std::cerr << "bench: " << shape.name << std::endl;
    results.measurements.push_back(bench::measure(shape, settings));
  }
  bench::print_table(results, std::cout);
  if (arguments.json.empty()) return;
  std::ofstream out(arguments.json);
  out << bench::to_json(results).dump(2) << '\n';
  if (!out.flush()) throw std::runtime_error(fmt::format("cannot write {}", arguments.json));
}

int refuse() {
  std::cerr << usage;
  for (const bench::Shape& shape : bench::shapes()) std::cerr << "  " << shape.name << '\n';
  return 2;
}

int run(const std::vector<std::string>& all) {
  const std::optional<Arguments> arguments = read(all);
  if (!arguments) return refuse();
  const std::vector<std::string>& words = arguments->words;
  const std::string first = words.empty() ? "" : words.front();
  if (first == "verify" && words.size() == 1) {
    bench::measure_verify(std::max(1u, std::thread::hardware_concurrency()));
  } else if (first == "assess" && words.size() == 1) {
    bench::measure_assess();
  } else if (first == "walk") {
    bench::walk_files({words.begin() + 1, words.end()});
  } else if (const auto shape = first == "write" && words.size() == 3 ? shape_named(words[1]) : std::nullopt) {
    bench::write_input(shape->make(arguments->seed), words[2]);
  } else if (const auto shapes = shapes_of(words)) {
    measure(*shapes, *arguments);
  } else {
    return refuse();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << '\n';
    return 1;
  }
}
