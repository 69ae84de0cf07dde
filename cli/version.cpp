#include "cli/version.h"

#include <fmt/format.h>

#include <string_view>

namespace policyconv::cli {
namespace {

/// Such as "GCC 12.2.0", without the flags and places that __VERSION__ may hold.
std::string compiler() {
#if defined(__clang__)
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string_view checks() {
#if defined(NDEBUG)
  return "optimised";
#elif defined(_GLIBCXX_ASSERTIONS)
  return "with assertions and those of the standard library";
#else
  return "with assertions";
#endif
}

std::string_view machine() {
#if defined(__x86_64__)
  return "x86-64";
#elif defined(__aarch64__)
  return "arm64";
#else
  return "another machine";
#endif
}

}  // namespace

std::string version_text() {
  return fmt::format(R"(policyconv {}

models:
  Cilium      1.{} to 1.{}; tested against the policy engine of v1.20.0-pre.4 (2efb257c8533)
  Kube-OVN    1.{} to 1.{}; read at v1.12.35, v1.13.15, v1.14.41, v1.15.24 and v1.16.2
  Kubernetes  networking.k8s.io/v1 NetworkPolicy
  OVN         22.12 (Kube-OVN 1.12), 24.03 (1.13, 1.14), 25.03 (1.15, 1.16); measured on 23.03.1 and 25.03.4

reads:        cilium.io/v2 CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and CiliumCIDRGroup (also v2alpha1),
              with the fields of each version of Cilium
writes:       kubeovn.io/v1 SecurityGroup, Subnet and VpcNatGateway; reports of schema 1

built with {} for {}, {}
)",
                     POLICYCONV_VERSION, oldest_cilium, newest_cilium, oldest_kube_ovn, newest_kube_ovn, compiler(),
                     machine(), checks());
}

}  // namespace policyconv::cli
