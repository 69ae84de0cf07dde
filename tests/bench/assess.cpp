#include "tests/bench/assess.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <array>
#include <iostream>
#include <sstream>
#include <string>

#include "assess/dump.h"
#include "cli/run.h"
#include "tests/bench/clock.h"

namespace policyconv::bench {
namespace {

/// As kubectl prints it: a gateway for each VPC, four Subnets with the same ranges in all of them, `ips` addresses.
std::string dump_of(int vpcs, int ips) {
  std::string text = "apiVersion: v1\nkind: List\nitems:\n";
  for (int vpc = 0; vpc < vpcs; ++vpc) {
    text += fmt::format(
        "- apiVersion: kubeovn.io/v1\n  kind: Vpc\n  metadata:\n    name: vpc-{0}\n  spec:\n    namespaces:\n    - ns-{0}\n"
        "- apiVersion: kubeovn.io/v1\n  kind: VpcNatGateway\n  metadata:\n    name: gw-{0}\n  spec:\n    vpc: vpc-{0}\n"
        "    subnet: net-{0}-0\n    lanIp: 10.0.0.254\n    externalSubnets:\n    - external\n",
        vpc);
    for (int net = 0; net < 4; ++net)
      text += fmt::format(
          "- apiVersion: kubeovn.io/v1\n  kind: Subnet\n  metadata:\n    name: net-{0}-{1}\n  spec:\n    vpc: vpc-{0}\n"
          "    cidrBlock: 10.{1}.0.0/16\n    gateway: 10.{1}.0.1\n    excludeIps:\n    - 10.{1}.0.1\n    protocol: IPv4\n"
          "    provider: ovn\n",
          vpc, net);
  }
  for (int ip = 0; ip < ips; ++ip) {
    const int vpc = ip % vpcs, net = ip / vpcs % 4, host = 10 + ip / vpcs;
    text += fmt::format(
        "- apiVersion: kubeovn.io/v1\n  kind: IP\n  metadata:\n    creationTimestamp: \"2026-01-01T00:00:00Z\"\n"
        "    finalizers:\n    - kubeovn.io/kube-ovn-controller\n    generation: 2\n    labels:\n"
        "      ovn.kubernetes.io/node-name: node-{0}\n      ovn.kubernetes.io/subnet: net-{1}-{2}\n"
        "    name: pod-{3}.ns-{1}\n    resourceVersion: \"{3}\"\n  spec:\n    attachIps: []\n    attachMacs: []\n"
        "    attachSubnets: []\n    containerID: \"\"\n    ipAddress: 10.{2}.{4}.{5}\n    macAddress: 00:00:00:00:00:00\n"
        "    namespace: ns-{1}\n    nodeName: node-{0}\n    podName: pod-{3}\n    podType: \"\"\n    subnet: net-{1}-{2}\n"
        "    v4IpAddress: 10.{2}.{4}.{5}\n    v6IpAddress: \"\"\n",
        ip % 100, vpc, net, ip, host / 250, host % 250 + 2);
  }
  return text;
}

}  // namespace

void measure_assess() {
  std::cout << "    VPCs   Subnets       IPs      MB    read s   assess s   peak MB\n";
  for (const auto& [vpcs, ips] : std::array<std::pair<int, int>, 3>{{{125, 12500}, {250, 25000}, {500, 50000}}}) {
    const std::string text = dump_of(vpcs, ips);
    const double read = seconds([&] {
      Sources sources;
      const std::array<std::uint32_t, 1> files{sources.add("dump.yaml", text)};
      Diagnostics diagnostics;
      static_cast<void>(assess::read_dump(sources, files, diagnostics));
    });
    std::istringstream in(text);
    std::ostringstream out, err;
    const double all = seconds([&] { static_cast<void>(cli::run({"assess", "-"}, in, out, err)); });
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::cout << fmt::format("{:>8} {:>9} {:>9} {:>7.1f} {:>9.2f} {:>10.2f} {:>9.0f}\n", vpcs, vpcs * 4, ips,
                             static_cast<double>(text.size()) / 1e6, read, all, static_cast<double>(usage.ru_maxrss) / 1e3);
  }
}

}  // namespace policyconv::bench
