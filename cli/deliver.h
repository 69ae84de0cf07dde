// What becomes of a finished Report: baseline, comparison with an earlier one, terminal, files, annotations, exit status.
// The same for every command. Entrance: deliver().
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/inputs.h"
#include "cli/options.h"
#include "ir/diagnostics.h"
#include "report/model.h"
#include "report/text.h"

namespace policyconv::cli {

struct Delivery {
  report::TextStyle style;  // of standard error; quiet: errors only
  bool is_whole = true;     // the report covers all that a baseline is about; false for a part of a fleet
  /// The exit status if there is no error; not set: that of the findings.
  std::function<int(const report::Report& report)> status = {};
};

/// Marks in `report` what the baseline accepts, adds what is wrong with baseline, earlier report and output files, and sets
/// the status, which is returned. The terminal's face and annotations go to `err`, a report for `-` to `out`. Errors win
/// over every other status.
int deliver(report::Report& report, const ReportOptions& options, const Delivery& delivery, std::ostream& out,
            std::ostream& err);

/// The same for a command with an answer of its own: of the terminal's face errors only.
int deliver_beside_answer(report::Report& report, const ReportOptions& options, report::Colour colour, std::ostream& out,
                          std::ostream& err, std::function<int(const report::Report& report)> status = {});

/// How many findings a baseline accepts.
[[nodiscard]] std::size_t accepted_in(const report::Report& report);

/// The same for a run that ended with errors in `inputs`, which are all it found.
int deliver_errors(std::string_view command, Inputs& inputs, const InputOptions& input, const ReportOptions& options,
                   report::Colour colour, std::ostream& out, std::ostream& err);

/// Report::settings: what of the options decides about the result.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> settings_of(const InputOptions& options);

/// Writes `text` at once or not at all; what is no regular file, such as a pipe, is written to as it is.
void write_file(const std::string& path, const std::string& text, Diagnostics& diagnostics);

}  // namespace policyconv::cli
