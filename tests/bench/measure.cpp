// The process that starts the others stays small: texts are made, walked and migrated in children. Walks and migrations
// take turns, so that a busy moment of the machine hits both sides of a ratio.
#include "tests/bench/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "tests/bench/clock.h"
#include "tests/bench/walk.h"

namespace policyconv::bench {

namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

double bytes_below(const fs::path& directory) {
  double bytes = 0;
  for (const fs::path& file : files_below(directory)) bytes += static_cast<double>(fs::file_size(file));
  return bytes;
}

using Walk = std::size_t (*)(const std::string& text);

Usage walk_in_child(const std::vector<fs::path>& files, Walk walk) {
  return in_child([&] {
           std::vector<std::string> texts;
           for (const fs::path& file : files) texts.push_back(text_of(file));
           const Meter meter;
           for (const std::string& text : texts) static_cast<void>(walk(text));
           return nlohmann::json(meter.usage());
         })
      .get<Usage>();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Each number by itself: the round that was the quickest on the clock need not have been so for the processor.
Usage median(const std::vector<Usage>& rounds) {
  Usage result;
  for (double Usage::* const number : {&Usage::wall, &Usage::cpu, &Usage::peak}) {
    std::vector<double> values;
    for (const Usage& round : rounds) values.push_back(round.*number);
    result.*number = median(std::move(values));
  }
  return result;
}

Phases median(const std::vector<Phases>& rounds) {
  Phases result;
  for (const auto& [name, first] : rounds.front()) {
    std::vector<double> values;
    for (const Phases& round : rounds) values.push_back(round.at(name));
    result[name] = median(std::move(values));
  }
  return result;
}

struct Places {
  fs::path input, output, log, profile;
};

Usage migrate(const Settings& settings, const Places& places, unsigned jobs) {
  fs::remove_all(places.output);
  std::vector<std::string> command = migrate_arguments(places.input, places.output, jobs);
  command.insert(command.begin(), settings.policyconv);
  return run_program(command, places.log);
}

/// Of a whole program, start and end included; nearly the same number in each run.
std::uint64_t instructions_of(std::vector<std::string> command, const Places& places) {
  const std::string start[] = {"valgrind", "--tool=callgrind", "--callgrind-out-file=" + places.profile.string()};
  command.insert(command.begin(), std::begin(start), std::end(start));
  static_cast<void>(run_program(command, places.log));
  std::ifstream in(places.profile);
  constexpr std::string_view label = "totals: ";
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(label)) return std::stoull(line.substr(label.size()));
  throw std::runtime_error(fmt::format("callgrind wrote no totals into {}", places.profile.string()));
}

Instructions count_instructions(const Settings& settings, const Places& places) {
  fs::remove_all(places.output);
  std::vector<std::string> command = migrate_arguments(places.input, places.output, 1);
  command.insert(command.begin(), settings.policyconv);
  std::vector<std::string> walk = {settings.self, "walk"};
  for (const fs::path& file : files_below(places.input)) walk.push_back(file.string());
  return {instructions_of(command, places), instructions_of(walk, places)};
}

}  // namespace

void write_input(const Input& input, const fs::path& directory) {
  fs::create_directories(directory / "policies");
  const auto write = [](const fs::path& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
    if (!out.flush()) throw std::runtime_error(fmt::format("cannot write {}", path.string()));
  };
  for (std::size_t i = 0; i < input.policies.size(); ++i)
    write(directory / "policies" / fmt::format("{:03}.yaml", i), input.policies[i]);
  if (!input.cluster.empty()) write(directory / "cluster.yaml", input.cluster);
}

Measurement measure(const Shape& shape, const Settings& settings) {
  const Places places{settings.place / "input", settings.place / "output", settings.place / "log", settings.place / "callgrind"};
  fs::remove_all(places.input);
  Measurement result;
  result.shape = shape.name;
  result.family = shape.family;
  result.counts = in_child([&] {
                    const Input input = shape.make(settings.seed);
                    write_input(input, places.input);
                    return nlohmann::json(input.counts);
                  })
                      .get<Counts>();
  result.input = bytes_below(places.input);
  const std::vector<fs::path> files = files_below(places.input);

  std::vector<Usage> yaml_cpp, libyaml, one, two;
  std::vector<Phases> phases;
  double spent = 0;
  while (result.rounds < settings.rounds && spent < settings.patience) {
    spent += seconds([&] {
      yaml_cpp.push_back(walk_in_child(files, walk_yaml_cpp));
      one.push_back(migrate(settings, places, 1));
      two.push_back(migrate(settings, places, 2));
      libyaml.push_back(walk_in_child(files, walk_libyaml));
      fs::remove_all(places.output);
      phases.push_back(measure_phases(places.input, places.output, shape.is_proved));
    });
    ++result.rounds;
  }
  result.output = bytes_below(places.output);
  result.yaml_cpp = median(yaml_cpp);
  result.libyaml = median(libyaml);
  result.one = median(one);
  result.two = median(two);
  result.phases = median(phases);
  if (settings.counts_instructions && shape.counts_instructions) result.instructions = count_instructions(settings, places);
  return result;
}

Start measure_start(const fs::path& small_file, const Settings& settings) {
  constexpr int rounds = 20;
  std::vector<double> version, migrate;
  for (int i = 0; i < rounds; ++i) {
    version.push_back(run_program({settings.policyconv, "--version"}, settings.place / "log").wall);
    migrate.push_back(run_program({settings.policyconv, "migrate", small_file.string()}, settings.place / "log").wall);
  }
  return {median(std::move(version)), median(std::move(migrate))};
}

void walk_files(const std::vector<fs::path>& files) {
  for (const fs::path& file : files) static_cast<void>(walk_yaml_cpp(text_of(file)));
}

}  // namespace policyconv::bench
