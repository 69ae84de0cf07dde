// The line is a tree of JSON, so one rule serves for everything in it: whatever can be taken out is taken out. Large parts
// go first, since each trial compiles the case anew.
#include "tests/long/shrink.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/address.h"

namespace policyconv::long_tests {
namespace {

using json = nlohmann::json;
using Path = json::json_pointer;

/// By these others refer to an object, or know what it is.
bool is_identity(std::string_view key) {
  constexpr std::array<std::string_view, 5> kept{"apiVersion", "kind", "metadata", "name", "namespace"};
  return std::find(kept.begin(), kept.end(), key) != kept.end();
}

class Shrinker {
 public:
  Shrinker(json line, Symptom symptom, const Damage& damage) : line_(std::move(line)), symptom_(symptom), question_{symptom.against, damage} {}

  Shrunk run() {
    keep_one_flow();
    for (json before; before != line_;) {
      before = line_;
      for (const char* part : {"/policies", "/objects"}) drop_elements(Path(part));
      for (const char* part : {"/policies", "/objects"}) drop_inside(Path(part));
      for (const char* part : {"/policies", "/objects"}) simplify(Path(part));
      simplify_flow();
    }
    line_["features"] = json::array();
    Shrunk shrunk{with_verdicts(line_), {}, tried_};
    for (const Failure& failure : judge(line_, question_).failures)
      if (failure.symptom == symptom_) shrunk.words += failure.words + "\n";
    return shrunk;
  }

 private:
  /// Takes `smaller` if it still fails the same way.
  bool take(json smaller) {
    ++tried_;
    const Judgement judgement = judge(smaller, question_);
    const bool fails = std::any_of(judgement.failures.begin(), judgement.failures.end(),
                                   [&](const Failure& failure) { return failure.symptom == symptom_; });
    if (fails) line_ = std::move(smaller);
    return fails;
  }

  void keep_one_flow() {
    const Judgement judgement = judge(line_, question_);
    for (const Failure& failure : judgement.failures) {
      if (failure.symptom != symptom_) continue;
      json smaller = line_;
      smaller["flows"] = json::array({line_["flows"][failure.flow]});
      if (take(std::move(smaller))) return;
    }
  }

  /// Halves, quarters and so on, down to single elements; from the end, as what comes later refers to what is before.
  void drop_elements(const Path& path) {
    for (std::size_t size = std::max<std::size_t>(line_[path].size() / 2, 1); size > 0; size /= 2)
      for (std::size_t end = line_[path].size(); end > 0;) {
        const std::size_t first = end > size ? end - size : 0;
        json smaller = line_;
        json& list = smaller[path];
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(first), list.begin() + static_cast<std::ptrdiff_t>(end));
        take(std::move(smaller));
        end = first;
      }
  }

  void drop_inside(const Path& path) {
    if (line_[path].is_array()) {
      if (path.to_string() != "/policies" && path.to_string() != "/objects") drop_elements(path);
      for (std::size_t i = 0; i < line_[path].size(); ++i) drop_inside(path / i);
    } else if (line_[path].is_object()) {
      for (const std::string& key : keys(path)) {
        if (!is_identity(key)) {
          json smaller = line_;
          smaller[path].erase(key);
          if (take(std::move(smaller))) continue;
        }
        drop_inside(path / key);
      }
    }
  }

  [[nodiscard]] std::vector<std::string> keys(const Path& path) const {
    std::vector<std::string> all;
    for (const auto& [key, value] : line_[path].items()) all.push_back(key);
    return all;
  }

  void simplify(const Path& path) {
    if (line_[path].is_structured()) {
      if (line_[path].is_array())
        for (std::size_t i = 0; i < line_[path].size(); ++i) simplify(path / i);
      else
        for (const std::string& key : keys(path)) simplify(path / key);
      return;
    }
    for (json& simpler : simpler_than(line_[path], path.back())) {
      json smaller = line_;
      smaller[path] = std::move(simpler);
      if (take(std::move(smaller))) return;
    }
  }

  /// In the order of preference; each only if it is not what is there.
  static std::vector<json> simpler_than(const json& value, const std::string& key) {
    std::vector<json> all;
    if (key == "port" && value.is_string() && value != "80") all.emplace_back("80");
    if (key == "endPort" && value.is_number() && value.get<int>() > 81) all.emplace_back(81);
    if (const auto cidr = value.is_string() ? parse_cidr(value.get<std::string>()) : std::nullopt)
      for (const int length : {0, 8, 16, 24, 32, 48, 64, 128})
        if (length < cidr->length) all.emplace_back(shortened(*cidr, length));
    return all;
  }

  static std::string shortened(const Cidr& cidr, int length) {
    const std::string address = to_string(first_address(cidr));
    return to_string(*parse_cidr(fmt::format("{}/{}", address, length)));
  }

  void simplify_flow() {
    if (line_["flows"].size() != 1 || line_["flows"][0]["port"] == 80) return;
    json smaller = line_;
    json& flow = smaller["flows"][0];
    flow["port"] = 80;
    if (flow["protocol"] == "UDP" || flow["protocol"] == "SCTP") flow["protocol"] = "TCP";
    if (flow["protocol"] == "TCP") take(std::move(smaller));
  }

  json line_;
  Symptom symptom_;
  Question question_;
  std::size_t tried_ = 0;
};

}  // namespace

Shrunk shrink(const json& line, Symptom symptom, const Damage& damage) {
  return Shrinker(line, symptom, damage).run();
}

std::string report(const Shrunk& shrunk) {
  const int minor = minor_of(shrunk.line);
  return fmt::format(
      "{}The smallest case, found in {} trials (verdicts by our source evaluator, to be confirmed by Cilium's engine{}):\n{}\n",
      shrunk.words, shrunk.tried,
      minor == 20 ? "" : fmt::format("; for Cilium 1.{}, so it belongs into tests/long/found.jsonl only", minor), shrunk.line.dump());
}

}  // namespace policyconv::long_tests
