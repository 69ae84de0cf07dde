// The program that libFuzzer drives, one for each target (POLICYCONV_FUZZ_TARGET). Beside libFuzzer's own changes of bytes it
// moves whole lines of YAML about, and tokens of whatever language, and puts words of the formats in their places: that gets
// through the readers far more often.
#include <algorithm>
#include <cctype>
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

using Parts = std::vector<std::string>;

// Values with a meaning or a limit somewhere; then words of OVN, of assertions and of selectors.
constexpr const char* words[] = {
    "{}", "[]", "null", "\"\"", "0", "1", "255", "65535", "65536", "-1", "4294967296", "99999999999999999999", "1e999", "true", "false",
    "TCP", "UDP", "SCTP", "ICMP", "ANY", "0.0.0.0/0", "::/0", "10.16.0.0/16", "10.16.0.10/32", "10.16.0.10", "fd00:10:16::/112",
    "::ffff:10.16.0.10", "world", "cluster", "host", "remote-node", "all", "kube-apiserver", "app", "web", "db", "shop", "In", "NotIn",
    "Exists", "DoesNotExist", "k8s:io.kubernetes.pod.namespace", "reserved:init", "\"set\"", "\"map\"", "\"uuid\"", "ip4.src", "ip6.dst",
    "tcp.dst", "udp.src", "icmp4.type", "ip.proto", "inport", "outport", "@pg", "$as", "==", "!=", "<=", "&&", "||", "!", "(", ")", "{", "}",
    "allow", "deny", "->", "pod:shop/app=web", "svc:shop/db", "ns:dev", "ip:192.0.2.0/24", "node:n1", "any", "80-90/tcp", "icmp/8", "*", "-", ","};

Parts lines_of(std::string_view text) {
  Parts lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Quoted texts, words, runs of blanks, and single other characters; together they are the text.
Parts tokens_of(std::string_view text) {
  const auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("_.:/").find(c) != std::string_view::npos; };
  Parts tokens;
  while (!text.empty()) {
    const auto run = [&](auto belongs) { return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin()); };
    std::size_t length = 1;
    if (text[0] == '"') length = std::min(text.find('"', 1), text.size() - 1) + 1;
    else if (text[0] == ' ') length = run([](char c) { return c == ' '; });
    else if (in_word(text[0])) length = run(in_word);
    tokens.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return tokens;
}

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  bool mostly() { return below(3) != 0; }

  std::string change(std::string_view text) {
    const bool by_lines = below(2) == 0;
    Parts parts = by_lines ? lines_of(text) : tokens_of(text);
    for (std::size_t round = below(4) + 1; round != 0 && !parts.empty(); --round) by_lines ? change_line(parts) : change_token(parts);
    std::string changed;
    for (const std::string& part : parts) changed.append(part).append(by_lines ? "\n" : "");
    return changed;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  const char* word() { return words[below(std::size(words))]; }

  void change_line(Parts& lines) {
    const std::size_t at = below(lines.size()), other = below(lines.size());
    std::string& line = lines[at];
    const std::size_t colon = line.find(": ");
    switch (below(7)) {
      case 0: {
        const std::string copy = lines[other];
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), copy);
        break;
      }
      case 1: lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 2: std::swap(line, lines[other]); break;
      case 3: line.insert(0, "  "); break;
      case 4: line.erase(0, std::min<std::size_t>(2, line.find_first_not_of(' '))); break;
      default:
        if (colon != std::string::npos) line = line.substr(0, colon + 2) + word();
    }
  }

  /// A few neighbours are taken together, so that whole elements and pairs are doubled and dropped.
  void change_token(Parts& tokens) {
    const std::size_t at = below(tokens.size()), other = below(tokens.size());
    const auto from = tokens.begin() + static_cast<std::ptrdiff_t>(at);
    const auto to = from + static_cast<std::ptrdiff_t>(std::min(below(6) + 1, tokens.size() - at));
    switch (below(5)) {
      case 0: {
        const Parts copy(from, to);
        tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(other), copy.begin(), copy.end());
        break;
      }
      case 1: tokens.erase(from, to); break;
      case 2: std::swap(tokens[at], tokens[other]); break;
      case 3: tokens[at] = tokens[other]; break;
      default: tokens[at] = tokens[at].starts_with('"') && below(2) == 0 ? std::string("\"") + word() + "\"" : word();
    }
  }

  std::minstd_rand random_;
};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  Mutator mutator(seed);
  if (size == 0 || !mutator.mostly()) return LLVMFuzzerMutate(data, size, max_size);
  const std::string text = mutator.change({reinterpret_cast<const char*>(data), size});
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
