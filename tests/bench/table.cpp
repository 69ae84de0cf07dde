// Results as a page of Markdown tables, in columns that line up, for the terminal and for docs/performance.md.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "tests/bench/results.h"

namespace policyconv::bench {
namespace {

using Row = std::vector<std::string>;

/// The first columns are text, the others are numbers.
void print(const Row& head, const std::vector<Row>& rows, std::ostream& out, std::size_t texts = 1) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < head.size(); ++i) {
    widths.push_back(head[i].size());
    for (const Row& row : rows) widths.back() = std::max(widths.back(), row[i].size());
  }
  const auto print_row = [&](const Row& row) {
    out << '|';
    for (std::size_t i = 0; i < row.size(); ++i)
      out << (i < texts ? fmt::format(" {:<{}} |", row[i], widths[i]) : fmt::format(" {:>{}} |", row[i], widths[i]));
    out << '\n';
  };
  out << '\n';
  print_row(head);
  Row line;
  for (std::size_t i = 0; i < head.size(); ++i)
    line.push_back(i < texts ? std::string(widths[i], '-') : std::string(widths[i] - 1, '-') + ':');
  print_row(line);
  for (const Row& row : rows) print_row(row);
}

std::string megabytes(double bytes) { return fmt::format("{:.1f}", bytes / 1e6); }
std::string in_seconds(double time) { return fmt::format("{:.3f}", time); }
std::string ratio(double part, double whole) { return fmt::format("{:.2f}", part / whole); }

void print_inputs(const Results& results, std::ostream& out) {
  std::vector<Row> rows;
  for (const Measurement& m : results.measurements)
    rows.push_back({m.shape, std::to_string(m.counts.policies), std::to_string(m.counts.rules), std::to_string(m.counts.pods),
                    std::to_string(m.counts.nodes), megabytes(m.input), megabytes(m.output), std::to_string(m.rounds)});
  print({"shape", "policies", "rules", "pods", "nodes", "in MB", "out MB", "rounds"}, rows, out);
}

void print_runs(const Results& results, std::ostream& out) {
  std::vector<Row> rows;
  for (const Measurement& m : results.measurements)
    rows.push_back({m.shape, in_seconds(m.yaml_cpp.wall), in_seconds(m.libyaml.wall), in_seconds(m.one.wall), in_seconds(m.one.cpu),
                    in_seconds(m.two.wall), ratio(m.one.wall, m.yaml_cpp.wall),
                    ratio(m.one.cpu, m.yaml_cpp.cpu), ratio(m.one.wall, m.libyaml.wall),
                    ratio(m.two.wall, m.one.wall), megabytes(m.one.peak), fmt::format("{:.1f}", m.one.peak / m.input)});
  print({"shape", "yaml-cpp s", "libyaml s", "migrate s", "cpu s", "2 jobs s", "/yaml-cpp", "cpu/cpu", "/libyaml", "2 jobs/1", "peak MB",
         "/input"},
        rows, out);
}

void print_phases(const Results& results, std::ostream& out) {
  Row head = {"shape"};
  for (const std::string_view phase : phase_names) head.emplace_back(phase);
  std::vector<Row> rows;
  for (const Measurement& m : results.measurements) {
    Row& row = rows.emplace_back(Row{m.shape});
    for (const std::string_view phase : phase_names) {
      const auto found = m.phases.find(std::string(phase));
      row.push_back(found == m.phases.end() ? "" : in_seconds(found->second));
    }
  }
  print(head, rows, out);
}

void print_instructions(const Results& results, std::ostream& out) {
  std::vector<Row> rows;
  for (const Measurement& m : results.measurements)
    if (m.instructions) {
      const auto migrate = static_cast<double>(m.instructions->migrate), walk = static_cast<double>(m.instructions->yaml_cpp);
      rows.push_back({m.shape, fmt::format("{:.1f}", migrate / 1e6), fmt::format("{:.1f}", walk / 1e6), ratio(migrate, walk),
                      fmt::format("{:.0f}", migrate / m.input)});
    }
  if (!rows.empty()) print({"shape", "migrate M", "yaml-cpp M", "/yaml-cpp", "a byte"}, rows, out);
}

void print_growth(const Results& results, std::ostream& out) {
  std::vector<Row> rows;
  for (const Growth& found : growth(results.measurements))
    rows.push_back({found.family, found.what, fmt::format("{:.3f}", found.exponent), std::to_string(found.sizes),
                    fmt::format("{} to {}", megabytes(found.first), megabytes(found.last))});
  if (!rows.empty()) print({"family", "what grows", "exponent", "sizes", "in MB"}, rows, out, 2);
}

void print_targets(const Results& results, std::ostream& out) {
  std::vector<Row> rows;
  for (const Target& target : targets(results))
    rows.push_back({target.what, fmt::format("<= {}{}", target.most, target.unit),
                    fmt::format("{:.2f}{}", target.seen, target.unit), target.seen <= target.most ? "met" : "missed"});
  if (!rows.empty()) print({"target", "wanted", "seen", ""}, rows, out);
}

}  // namespace

void print_table(const Results& results, std::ostream& out) {
  out << results.machine << "; " << results.compiler << "; " << results.date
      << (results.commit.empty() ? "" : "; commit " + results.commit) << "; seed " << results.seed << ".\n";
  out << "\n## Shapes\n";
  print_inputs(results, out);
  out << "\n## Whole runs\n";
  print_runs(results, out);
  out << "\n## Phases, in seconds of processor time on one thread; write: on the clock\n";
  print_phases(results, out);
  const bool counted = std::any_of(results.measurements.begin(), results.measurements.end(),
                                   [](const Measurement& m) { return m.instructions.has_value(); });
  if (counted) out << "\n## Instructions, in millions, on one thread\n";
  print_instructions(results, out);
  out << "\n## Growth\n";
  print_growth(results, out);
  if (results.start)
    out << fmt::format("\nStart, median of 20: `--version` {:.1f} ms, `migrate` of one small file {:.1f} ms.\n",
                       results.start->version * 1e3, results.start->migrate * 1e3);
  out << "\n## Targets\n";
  print_targets(results, out);
}

}  // namespace policyconv::bench
