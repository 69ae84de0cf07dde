#include "cli/deliver.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>
#include <random>
#include <sstream>
#include <system_error>

#include "cli/files.h"
#include "report/baseline.h"
#include "report/build.h"
#include "report/faces.h"
#include "report/since.h"

namespace policyconv::cli {
namespace {

namespace fs = std::filesystem;

/// UTC, so that an entry of a baseline expires everywhere at once.
std::string today() {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

/// Appends what was found after the report was made.
void add(const Sources& sources, Diagnostics& diagnostics, report::Report& report) {
  diagnostics.sort();
  report::Report found = report::make("", {sources, {}, diagnostics}, {});
  std::move(found.findings.begin(), found.findings.end(), std::back_inserter(report.findings));
  for (report::FileOutcome& file : found.files) {
    const auto at = std::lower_bound(report.files.begin(), report.files.end(), file,
                                     [](const auto& a, const auto& b) { return a.name < b.name; });
    if (at != report.files.end() && at->name == file.name) at->errors += file.errors;
    else report.files.insert(at, std::move(file));
  }
  diagnostics.all().clear();
}

std::string rendered(const report::Report& report, Face face, report::Language language) {
  switch (face) {
    case Face::Text: {
      report::TextStyle style;
      style.verbose = true;
      style.language = language;
      std::ostringstream text;
      report::print_text(report, style, text);
      return text.str();
    }
    case Face::Markdown: return report::to_markdown(report, language);
    case Face::Html: return report::to_html(report, language);
    case Face::Json: return report::to_json(report);
    case Face::Sarif: return report::to_sarif(report, language);
    case Face::Junit: return report::to_junit(report, language);
    case Face::Gitlab: return report::to_gitlab(report, language);
  }
  return {};
}

/// A word that nobody who writes a policy can know.
std::string secret_word() {
  std::random_device random;
  return fmt::format("policyconv-{:08x}{:08x}{:08x}", random(), random(), random());
}

class Deliverer {
 public:
  Deliverer(report::Report& report, const ReportOptions& options, const Delivery& delivery, std::ostream& out,
            std::ostream& err)
      : report_(report), options_(options), delivery_(delivery), out_(out), err_(err) {}

  int run() && {
    const bool is_decided = !has_errors(report_);
    accept();
    compare();
    const bool may_rewrite = is_decided && std::none_of(diagnostics_.all().begin(), diagnostics_.all().end(), [](const auto& found) {
      const bool is_settled_by_it = found.kind == Kind::BaselineStale || found.kind == Kind::BaselineExpired;
      return definition(found.kind).effect == Effect::Error && !is_settled_by_it;
    });
    add(sources_, diagnostics_, report_);
    set_status();
    write_reports();
    if (may_rewrite && !options_.write_baseline.empty())
      write_file(options_.write_baseline, report::print_baseline(report_), diagnostics_);
    add(sources_, diagnostics_, report_);
    set_status();
    show();
    return report_.status;
  }

 private:
  void accept() {
    if (options_.baseline.empty()) return;
    std::optional<std::string> text = read_text(options_.baseline, diagnostics_);
    if (!text) return;
    const report::Baseline baseline =
        report::read_baseline(sources_, sources_.add(options_.baseline, *std::move(text)), diagnostics_);
    report::apply(baseline, report_, today(), delivery_.is_whole, diagnostics_);
  }

  void compare() {
    if (options_.since.empty()) return;
    const std::optional<std::string> text = read_text(options_.since, diagnostics_);
    if (!text) return;
    std::string problem;
    if (const std::optional<report::Report> before = report::from_json(*text, problem))
      since_ = report::compare(*before, report_);
    else
      diagnostics_.report<Kind::NotAReport>({}, options_.since, problem);
  }

  void set_status() {
    report_.status = has_errors(report_) ? status::error
                     : delivery_.status  ? delivery_.status(report_)
                                         : exit_status(report_.findings, report_.fail_on);
    if (since_ && options_.ratchet) report_.status = ratchet_status(*since_, report_.status);
  }

  void write_reports() {
    for (const ReportFile& file : options_.files) {
      const std::string text = rendered(report_, file.face, options_.language);
      if (file.path == "-") write_stream(out_, text, diagnostics_);
      else write_file(file.path, text, diagnostics_);
    }
  }

  /// GitHub takes every line of the log that begins with `::` for a command, wherever a name of a policy put it. Between
  /// these two lines it does not.
  void show() {
    report::TextStyle style = delivery_.style;
    style.language = options_.language;
    std::ostringstream text;  // std::cerr would write each of tens of thousands of pieces by itself
    const bool annotates = options_.annotations == Annotations::Github;
    const std::string word = annotates ? secret_word() : std::string();
    if (annotates) text << "::stop-commands::" << word << '\n';
    report::print_text(report_, style, text);
    if (since_) text << report::since_text(*since_, options_.ratchet, style);
    if (annotates) text << "::" << word << "::\n" << report::to_github(report_, options_.language);
    err_ << text.view() << std::flush;
  }

  report::Report& report_;
  const ReportOptions& options_;
  const Delivery& delivery_;
  std::ostream& out_;
  std::ostream& err_;
  Sources sources_;
  Diagnostics diagnostics_;
  std::optional<report::Since> since_;
};

/// "10.16.0.0/16, fd00:10:16::/64"
template <typename T>
std::string joined(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(to_string(value));
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

int deliver(report::Report& report, const ReportOptions& options, const Delivery& delivery, std::ostream& out,
            std::ostream& err) {
  return Deliverer(report, options, delivery, out, err).run();
}

int deliver_beside_answer(report::Report& report, const ReportOptions& options, report::Colour colour, std::ostream& out,
                          std::ostream& err, std::function<int(const report::Report& report)> status) {
  return deliver(report, options, {{report::wants_colour(colour, err), false, true}, true, std::move(status)}, out, err);
}

std::size_t accepted_in(const report::Report& report) {
  return static_cast<std::size_t>(std::count_if(report.findings.begin(), report.findings.end(),
                                                [](const auto& finding) { return finding.accepted.has_value(); }));
}

int deliver_errors(std::string_view command, Inputs& inputs, const InputOptions& input, const ReportOptions& options,
                   report::Colour colour, std::ostream& out, std::ostream& err) {
  inputs.diagnostics.sort();
  report::Report made = report::make(
      command, {inputs.sources, inputs.policies.catalog, inputs.diagnostics, nullptr, false, inputs.policy_files}, {});
  made.settings = settings_of(input);
  return deliver_beside_answer(made, options, colour, out, err);
}

std::vector<std::pair<std::string, std::string>> settings_of(const InputOptions& options) {
  const auto version = [](int minor) { return fmt::format("1.{}", minor); };
  const auto switched = [](bool on) { return std::string(on ? "true" : "false"); };
  const auto node_traffic = [&]() -> std::string {
    switch (options.node_traffic) {
      case kubeovn::NodeTraffic::Anchor: return "anchor";
      case kubeovn::NodeTraffic::AllNodes: return "all-nodes";
      case kubeovn::NodeTraffic::None: return "none";
    }
    return {};
  };
  std::vector<std::pair<std::string, std::string>> settings = {
      {"cilium", version(options.semantics.cilium_minor)},
      {"cluster-name", options.semantics.cluster_name},
      {"policy-default-local-cluster", switched(options.semantics.default_local_cluster)},
      {"sctp", switched(options.semantics.sctp)},
      {"kube-ovn", version(options.release.minor)},
      {"node-traffic", node_traffic()}};
  for (const auto& [name, value] :
       {std::pair<std::string, std::string>("allow-looser", fmt::format("{}", fmt::join(options.allow_looser, ", "))),
        {"pod-cidr", joined(options.ranges.pods)},
        {"service-cidr", joined(options.ranges.services)},
        {"node-cidr", joined(options.ranges.nodes)},
        {"join-cidr", joined(options.ranges.joins)},
        {"node-local-dns", joined(options.ranges.node_local_dns)}})
    if (!value.empty()) settings.emplace_back(name, value);
  return settings;
}

void write_file(const std::string& path, const std::string& text, Diagnostics& diagnostics) {
  std::error_code error;
  const fs::file_status known = fs::status(path, error);
  if (fs::exists(known) && !fs::is_regular_file(known) && !fs::is_directory(known)) {
    errno = 0;
    std::ofstream stream(path, std::ios::binary);
    stream << text << std::flush;
    if (!stream)
      diagnostics.report<Kind::CannotWrite>({}, path, std::generic_category().message(errno == 0 ? EIO : errno));
    return;
  }
  const fs::path file(path);
  const std::string directory = file.parent_path().empty() ? "." : file.parent_path().string();
  write_directory(directory, {{file.filename().string(), text}}, diagnostics, {});
}

}  // namespace policyconv::cli
