// The program that libFuzzer drives, one for each target (POLICYCONV_FUZZ_TARGET). Beside libFuzzer's own changes of bytes it
// moves whole lines of YAML about and puts words of the formats in their places, which gets through the readers far more often.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/targets.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using Lines = std::vector<std::string>;

constexpr const char* words[] = {"{}", "[]", "null", "\"\"", "0", "65535", "65536", "-1", "TCP", "UDP", "SCTP", "ICMP", "ANY",
                                 "0.0.0.0/0", "::/0", "10.16.0.0/16", "10.16.0.10/32", "fd00:10:16::/112", "world", "cluster", "host",
                                 "remote-node", "all", "kube-apiserver", "app", "web", "db", "shop", "In", "NotIn", "Exists",
                                 "DoesNotExist", "true", "false", "k8s:io.kubernetes.pod.namespace", "reserved:init"};

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void change(Lines& lines, std::minstd_rand& random) {
  const auto any = [&](std::size_t limit) { return random() % limit; };
  const std::size_t at = any(lines.size()), other = any(lines.size());
  std::string& line = lines[at];
  const std::size_t colon = line.find(": ");
  switch (any(7)) {
    case 0: lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[other]); break;
    case 1: lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at)); break;
    case 2: std::swap(line, lines[other]); break;
    case 3: line.insert(0, "  "); break;
    case 4: line.erase(0, std::min<std::size_t>(2, line.find_first_not_of(' '))); break;
    default:
      if (colon != std::string::npos) line = line.substr(0, colon + 2) + words[any(std::size(words))];
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  std::minstd_rand random(seed);
  Lines lines = split({reinterpret_cast<const char*>(data), size});
  if (random() % 3 == 0 || lines.empty()) return LLVMFuzzerMutate(data, size, max_size);
  for (unsigned round = random() % 4 + 1; round != 0 && !lines.empty(); --round) change(lines, random);
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  const std::size_t length = std::min(text.size(), max_size);
  std::memcpy(data, text.data(), length);
  return length;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const policyconv::fuzz::Target* const target = policyconv::fuzz::find_target(POLICYCONV_FUZZ_TARGET);
  if (target == nullptr) std::abort();
  if (size <= policyconv::fuzz::longest_input) target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
