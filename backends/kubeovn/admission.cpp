// Entrance: admission(). Shares of pods are written one by one; one that is too large is halved until it fits or is a
// single namespace.
#include "backends/kubeovn/admission.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "backends/kubeovn/admission_cel.h"
#include "backends/kubeovn/admission_kyverno.h"
#include "backends/kubeovn/admission_objects.h"
#include "backends/kubeovn/admission_share.h"

namespace policyconv::kubeovn {
namespace {

constexpr int first_beta = 34, first_stable = 36;

// A policy that fits into the annotation of kubectl's client-side apply (256 KiB), if it can be had.
constexpr std::size_t portion = 150'000;

class Policies {
 public:
  Policies(const Shares& shares, const AdmissionOptions& options, Diagnostics& diagnostics)
      : shares_(shares), options_(options), diagnostics_(diagnostics) {}

  void write(Share share) {
    const std::string name = share.others ? "policyconv-others" : fmt::format("policyconv-{}", number_ + 1);
    std::string text = text_of(share, name);
    if (text.size() <= largest_object) {
      if (!share.others) ++number_;
      text_ += (text_.empty() ? "" : "---\n") + text;
    } else if (share.namespaces.size() > 1 && !share.others) {
      const auto middle = share.namespaces.begin() + static_cast<std::ptrdiff_t>(share.namespaces.size() / 2);
      write(shares_.of({share.namespaces.begin(), middle}));
      write(shares_.of({middle, share.namespaces.end()}));
    } else {
      const std::string where = share.others ? "all namespaces that no policy names"
                                             : fmt::format("namespace `{}`", share.namespaces.front());
      diagnostics_.report<Kind::AdmissionTooLarge>({}, where, text.size(), largest_object);
    }
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  [[nodiscard]] std::string text_of(const Share& share, std::string_view name) const {
    if (options_.form == AdmissionForm::Kyverno) return kyverno_policy(share, shares_, name);
    return cel_policy(share, shares_, name, options_.kubernetes_minor < first_stable ? "v1beta1" : "v1");
  }

  const Shares& shares_;
  const AdmissionOptions& options_;
  Diagnostics& diagnostics_;
  std::string text_;
  int number_ = 0;
};

}  // namespace

std::string admission(const Manifest& manifest, const AdmissionOptions& options, Diagnostics& diagnostics) {
  if (options.form == AdmissionForm::None || manifest.security_groups.empty()) return {};
  if (options.form == AdmissionForm::Map && options.kubernetes_minor < first_stable) {
    if (options.kubernetes_minor < first_beta) {
      diagnostics.report<Kind::AdmissionNeedsNewer>({}, options.kubernetes_minor);
      return {};
    }
    diagnostics.report<Kind::AdmissionBeta>({}, options.kubernetes_minor);
  }
  const Shares shares(manifest);
  Policies policies(shares, options, diagnostics);
  for (Share& share : shares.split(portion)) {
    if (options.form == AdmissionForm::Kyverno && share.has("kube-system") && !share.vpcs.empty())
      diagnostics.report<Kind::KyvernoLeavesOut>({}, "kube-system");
    policies.write(std::move(share));
  }
  return policies.take();
}

}  // namespace policyconv::kubeovn
