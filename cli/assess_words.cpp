// What the findings of `assess` are called, and the exit status of a verdict.
#include "cli/assess_report.h"

namespace policyconv::cli {

using namespace assess;

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::Note: return "note";
    case Severity::Warning: return "warning";
    case Severity::Blocker: return "blocker";
  }
  return {};
}

std::string_view to_string(assess::Verdict verdict) {
  switch (verdict) {
    case assess::Verdict::Ready: return "ready";
    case assess::Verdict::Work: return "work to do";
    case assess::Verdict::Blocked: return "blocked";
  }
  return {};
}

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::Kept: return "kept";
    case Fate::Stricter: return "stricter";
    case Fate::Looser: return "looser";
    case Fate::Refused: return "refused";
    case Fate::NeverEnforced: return "never enforced";
    case Fate::Lost: return "lost";
  }
  return {};
}

std::string_view to_string(Way way) {
  switch (way) {
    case Way::Reorder: return "kube-ovn before cilium-cni";
    case Way::UniqueAddresses: return "unique addresses";
    case Way::LeaveChaining: return "leave chaining";
  }
  return {};
}

int exit_status(assess::Verdict verdict) {
  switch (verdict) {
    case assess::Verdict::Ready: return 0;
    case assess::Verdict::Work: return policyconv::exit_status(Effect::Stricter);
    case assess::Verdict::Blocked: return policyconv::exit_status(Effect::Refused);
  }
  return 0;
}

}  // namespace policyconv::cli
