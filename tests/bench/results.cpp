#include "tests/bench/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <ctime>
#include <fstream>
#include <map>
#include <thread>

namespace policyconv::bench {
namespace {

/// A number of each measurement; 0: it has none.
struct Quantity {
  std::string name;
  std::vector<double> values;
};

std::vector<Quantity> quantities(const std::vector<const Measurement*>& family) {
  std::vector<Quantity> all;
  const auto add = [&](std::string name, const auto& value_of) {
    Quantity& quantity = all.emplace_back(Quantity{std::move(name), {}});
    for (const Measurement* measurement : family) quantity.values.push_back(value_of(*measurement));
  };
  add("migrate, time", [](const Measurement& m) { return m.one.wall; });
  add("migrate, processor time", [](const Measurement& m) { return m.one.cpu; });
  add("migrate, instructions",
      [](const Measurement& m) { return m.instructions ? static_cast<double>(m.instructions->migrate) : 0; });
  add("migrate, memory", [](const Measurement& m) { return m.one.peak; });
  add("yaml-cpp's walk", [](const Measurement& m) { return m.yaml_cpp.wall; });
  add("libyaml's walk", [](const Measurement& m) { return m.libyaml.wall; });
  for (const std::string_view phase : phase_names)
    add(std::string(phase), [&](const Measurement& m) {
      const auto found = m.phases.find(std::string(phase));
      return found == m.phases.end() ? 0 : found->second;
    });
  return all;
}

const Measurement* find(const Results& results, std::string_view shape) {
  for (const Measurement& measurement : results.measurements)
    if (measurement.shape == shape) return &measurement;
  return nullptr;
}

}  // namespace

double exponent(std::span<const std::pair<double, double>> points) {
  assert(points.size() >= 2);
  const auto count = static_cast<double>(points.size());
  double x_sum = 0, y_sum = 0;
  for (const auto& [x, y] : points) {
    x_sum += std::log(x);
    y_sum += std::log(y);
  }
  double above = 0, below = 0;
  for (const auto& [x, y] : points) {
    const double distance = std::log(x) - x_sum / count;
    above += distance * (std::log(y) - y_sum / count);
    below += distance * distance;
  }
  return above / below;
}

std::vector<Growth> growth(const std::vector<Measurement>& measurements) {
  std::map<std::string, std::vector<const Measurement*>> families;
  for (const Measurement& measurement : measurements)
    if (!measurement.family.empty()) families[measurement.family].push_back(&measurement);
  std::vector<Growth> all;
  for (const auto& [family, members] : families)
    for (const Quantity& quantity : quantities(members)) {
      std::vector<std::pair<double, double>> points;
      for (std::size_t i = 0; i < members.size(); ++i)
        if (quantity.values[i] > 0) points.emplace_back(members[i]->input, quantity.values[i]);
      if (points.size() < 2) continue;
      const auto [first, last] = std::minmax_element(points.begin(), points.end());
      all.push_back({family, quantity.name, exponent(points), points.size(), first->first, last->first});
    }
  return all;
}

std::vector<Target> targets(const Results& results) {
  std::vector<Target> all;
  if (const Measurement* shape = find(results, "uniform-10000")) {
    all.push_back({"migrate of 10,000 policies on one thread, as a multiple of yaml-cpp's walk", 1.5,
                   shape->one.wall / shape->yaml_cpp.wall, ""});
    all.push_back({"the same, in processor time", 1.5, shape->one.cpu / shape->yaml_cpp.cpu, ""});
    if (shape->instructions)
      all.push_back({"the same, in instructions", 1.5,
                     static_cast<double>(shape->instructions->migrate) / static_cast<double>(shape->instructions->yaml_cpp), ""});
    all.push_back({"its time with --jobs 2, as a part of that on one thread", 0.6, shape->two.wall / shape->one.wall, ""});
    all.push_back({"its peak memory on one thread, as a multiple of the input", 20, shape->one.peak / shape->input, ""});
  }
  for (const Growth& found : growth(results.measurements))
    if (found.family == "uniform" && found.what.starts_with("migrate, ") && found.what.ends_with("time"))
      all.push_back({fmt::format("exponent of {}, {:.1f} to {:.1f} MB of uniform policies", found.what, found.first / 1e6,
                                 found.last / 1e6),
                     1.05, found.exponent, ""});
  if (results.start) {
    all.push_back({"start: --version", 10, results.start->version * 1e3, " ms"});
    all.push_back({"start: migrate of one small file", 10, results.start->migrate * 1e3, " ms"});
  }
  return all;
}

std::string describe_machine() {
  const auto value_in = [](const char* file, std::string_view key) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      const std::size_t colon = line.find(':');
      if (!line.starts_with(key) || colon == std::string::npos) continue;
      const std::size_t start = line.find_first_not_of(" \t", colon + 1);
      return start == std::string::npos ? std::string() : line.substr(start);
    }
    return std::string("unknown");
  };
  const std::string memory = value_in("/proc/meminfo", "MemTotal");
  return fmt::format("{}, {} cores, {:.0f} GiB", value_in("/proc/cpuinfo", "model name"), std::thread::hardware_concurrency(),
                     std::atof(memory.c_str()) / (1024 * 1024));
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[16];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &utc)};
}

nlohmann::json to_json(const Results& results) {
  nlohmann::json page = {{"machine", results.machine}, {"compiler", results.compiler}, {"commit", results.commit},
                                 {"date", results.date},       {"seed", results.seed}};
  page["shapes"] = nlohmann::json::array();
  for (const Measurement& m : results.measurements) {
    nlohmann::json shape = {{"name", m.shape},
                                    {"counts", m.counts},
                                    {"input_bytes", m.input},
                                    {"output_bytes", m.output},
                                    {"rounds", m.rounds},
                                    {"walk_yaml_cpp", m.yaml_cpp},
                                    {"walk_libyaml", m.libyaml},
                                    {"migrate_jobs_1", m.one},
                                    {"migrate_jobs_2", m.two},
                                    {"phases_seconds", m.phases}};
    if (m.instructions)
      shape["instructions"] = {{"migrate", m.instructions->migrate}, {"walk_yaml_cpp", m.instructions->yaml_cpp}};
    page["shapes"].push_back(std::move(shape));
  }
  page["growth"] = nlohmann::json::array();
  for (const Growth& found : growth(results.measurements))
    page["growth"].push_back({{"family", found.family}, {"what", found.what}, {"exponent", found.exponent},
                              {"sizes", found.sizes}, {"first_bytes", found.first}, {"last_bytes", found.last}});
  if (results.start)
    page["start_seconds"] = {{"version", results.start->version}, {"migrate", results.start->migrate}};
  page["targets"] = nlohmann::json::array();
  for (const Target& target : targets(results))
    page["targets"].push_back({{"what", target.what}, {"most", target.most}, {"seen", target.seen}});
  return page;
}

}  // namespace policyconv::bench
