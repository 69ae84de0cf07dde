// Entrance: fetch(). Kinds are asked for one by one, so that one that the cluster does not know, or does not show,
// spoils no other. JSON, because of YAML nobody can tell that it ends early.
#include "cli/kubectl.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/child.h"
#include "cli/collect.h"
#include "ir/parallel.h"

namespace policyconv::cli {
namespace {

using End = ChildResult::End;

constexpr std::string_view policies[] = {"ciliumnetworkpolicies.cilium.io",
                                         "ciliumclusterwidenetworkpolicies.cilium.io", "ciliumcidrgroups.cilium.io",
                                         "networkpolicies.networking.k8s.io"};

/// What frontend/cluster_objects.cpp reads. The first one every cluster has: whether there is a cluster shows there.
constexpr std::string_view facts[] = {"namespaces",
                                      "nodes",
                                      "pods",
                                      "services",
                                      "endpointslices.discovery.k8s.io",
                                      "servicecidrs.networking.k8s.io",
                                      "deployments.apps",
                                      "statefulsets.apps",
                                      "daemonsets.apps",
                                      "jobs.batch",
                                      "cronjobs.batch",
                                      "virtualmachines.kubevirt.io",
                                      "vpcs.kubeovn.io",
                                      "subnets.kubeovn.io",
                                      "vpc-nat-gateways.kubeovn.io",
                                      "vips.kubeovn.io",
                                      "ips.kubeovn.io",
                                      "security-groups.kubeovn.io"};

/// One call of kubectl.
struct Query {
  std::string resource;               // with its group
  std::vector<std::string> selected;  // arguments that say which of them
  bool is_policy = false, is_fact = false;
  bool may_be_nothing = false;  // prints nothing if there is none
};

std::vector<Query> queries(Wanted wanted) {
  std::vector<Query> all;
  if (wanted == Wanted::Migration) {
    for (const std::string_view name : facts) all.push_back({std::string(name), {"--all-namespaces"}, false, true});
    for (const std::string_view name : policies) all.push_back({std::string(name), {"--all-namespaces"}, true, false});
    return all;
  }
  for (const std::string_view name : collected_resources())
    all.push_back({std::string(name), {"--all-namespaces"}, true, true});
  std::vector<std::string> selected = {"--namespace=kube-system", "--ignore-not-found"};
  for (const std::string_view name : collected_config_maps()) selected.emplace_back(name);
  all.push_back({"configmaps", std::move(selected), true, true, true});
  return all;
}

std::string title(const Query& query) {
  return "kubectl get " + query.resource;
}

std::vector<std::string> command(const Kubectl& kubectl, const Query& query) {
  std::vector<std::string> words = {kubectl.program, "get", query.resource};
  words.insert(words.end(), query.selected.begin(), query.selected.end());
  words.insert(words.end(), {"--output=json", "--request-timeout=60s"});
  if (!kubectl.context.empty()) words.push_back("--context=" + kubectl.context);
  return words;
}

bool has(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return text.find(part) != text.npos; });
}

/// The last line that is no log line (`E1123 10:00:00.123456 ...`), which is where kubectl gives its reason.
std::string reason_in(std::string_view complaints) {
  constexpr std::size_t most = 400;
  std::string_view reason;
  while (!complaints.empty()) {
    const std::size_t end = std::min(complaints.find('\n'), complaints.size());
    std::string_view line = complaints.substr(0, end);
    complaints.remove_prefix(std::min(end + 1, complaints.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool logged = line.size() > 5 && has(line.substr(0, 1), {"E", "W", "I", "F"}) &&
                        std::all_of(line.begin() + 1, line.begin() + 5, [](char c) { return c >= '0' && c <= '9'; });
    if (line.find_first_not_of(" \t") != line.npos && (!logged || reason.empty())) reason = line;
  }
  if (reason.starts_with("error: ")) reason.remove_prefix(7);
  if (reason.empty()) return "it gave no reason";
  return reason.size() <= most ? std::string(reason) : std::string(reason.substr(0, most)) + "...";
}

/// `jane` in `User "jane" cannot list resource ...`.
std::string user_in(std::string_view complaints) {
  constexpr std::string_view before = "User \"";
  const std::size_t at = complaints.find(before);
  if (at == complaints.npos) return "this user";
  const std::string_view rest = complaints.substr(at + before.size());
  return fmt::format("`{}`", rest.substr(0, rest.find('"')));
}

/// What a ClusterRole must say to let somebody read this.
std::string missing_rule(const Query& query, std::string_view verb) {
  const std::size_t dot = std::min(query.resource.find('.'), query.resource.size());
  const std::string group = query.resource.substr(std::min(dot + 1, query.resource.size()));
  return fmt::format("{{apiGroups: [{}], resources: [{}], verbs: [{}]}}", group.empty() ? "\"\"" : group,
                     query.resource.substr(0, dot), verb);
}

void report_forbidden(const Query& query, std::string_view complaints, Diagnostics& diagnostics) {
  const std::string_view verb = has(complaints, {" cannot get "}) ? "get" : "list";
  diagnostics.report<Kind::ForbiddenByCluster>({}, user_in(complaints), verb, query.resource,
                                               missing_rule(query, verb));
}

/// kubectl has ended by itself and says that it failed.
void report_failure(const Kubectl& kubectl, const Query& query, const ChildResult& ended, Diagnostics& diagnostics) {
  const std::string_view said = ended.err;
  const std::string call = title(query), reason = reason_in(said);
  if (ended.code == 127 && said.empty())
    diagnostics.report<Kind::NoKubectl>({}, "no such program on the PATH");
  else if (has(said, {"Forbidden", "is forbidden"}))
    report_forbidden(query, said, diagnostics);
  else if (has(said, {"Unauthorized", "You must be logged in", "provide credentials", "getting credentials"}))
    diagnostics.report<Kind::NotLoggedIn>({}, call, reason);
  else if (has(said, {"does not exist", "context was not found"}) && has(said, {"context"}))
    diagnostics.report<Kind::UnknownContext>(
        {}, kubectl.context.empty() ? "the current context" : fmt::format("the context `{}`", kubectl.context), reason);
  else if (has(said, {"invalid configuration", "error loading config", "rror loading kubeconfig"}))
    diagnostics.report<Kind::UnknownContext>({}, "the kubeconfig", reason);
  else if (has(said, {"Unable to connect", "was refused", "no such host", "i/o timeout", "handshake",
                      "x509:", "tls:", "deadline exceeded", "Client.Timeout", "request canceled", "no route to host",
                      "unreachable", "connection reset", "unexpected EOF", "ServiceUnavailable"}))
    diagnostics.report<Kind::NoCluster>({}, call, reason);
  else
    diagnostics.report<Kind::KubectlFailed>({}, call, reason);
}

/// Why this is not the whole answer; nullptr if it is. Strings are passed over, since they may hold brackets.
const char* cut_short(std::string_view json) {
  if (json.find_first_not_of(" \t\r\n") == json.npos) return "it is empty";
  std::size_t depth = 0, at = json.find_first_not_of(" \t\r\n");
  if (json[at] != '{') return "it is no JSON object";
  for (bool quoted = false; at < json.size(); ++at) {
    const char c = json[at];
    if (quoted && c == '\\')
      ++at;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '{' || c == '['))
      ++depth;
    else if (!quoted && (c == '}' || c == ']') && --depth == 0)
      break;
  }
  if (at >= json.size()) return "it ends in the middle of an object";
  return json.find_first_not_of(" \t\r\n", at + 1) == json.npos ? nullptr : "something follows the object";
}

bool is_unknown_kind(const ChildResult& ended) {
  return ended.end == End::Exited && ended.code != 0 &&
         has(ended.err, {"the server doesn't have a resource type", "could not find the requested resource",
                         "no matches for kind"});
}

/// Reports what went wrong, if anything did.
void check(const Kubectl& kubectl, const Query& query, const ChildResult& ended, std::size_t most_megabytes,
           Diagnostics& diagnostics) {
  switch (ended.end) {
    case End::NotStarted:
      diagnostics.report<Kind::NoKubectl>({}, std::generic_category().message(ended.code));
      return;
    case End::TimedOut:
      diagnostics.report<Kind::KubectlTimeout>({}, title(query), kubectl.patience.count());
      return;
    case End::TooLarge:
      diagnostics.report<Kind::FileTooLarge>({}, title(query), most_megabytes);
      return;
    case End::Signalled:
      diagnostics.report<Kind::KubectlFailed>({}, title(query), fmt::format("it was ended by signal {}", ended.code));
      return;
    case End::Exited:
      break;
  }
  if (ended.code != 0) return report_failure(kubectl, query, ended, diagnostics);
  if (query.may_be_nothing && ended.out.empty()) return;
  if (const char* why = cut_short(ended.out)) diagnostics.report<Kind::KubectlTruncated>({}, title(query), why);
}

/// Would the next call fail for the same reason?
bool is_hopeless(const Diagnostics& diagnostics) {
  const auto& all = diagnostics.all();
  return std::any_of(all.begin(), all.end(),
                     [](const Diagnostic& found) { return found.kind != Kind::ForbiddenByCluster; });
}

class Fetcher {
 public:
  Fetcher(const Kubectl& kubectl, Wanted wanted, std::size_t most_megabytes)
      : kubectl_(kubectl), wanted_(wanted), most_megabytes_(most_megabytes), queries_(queries(wanted)), answers_(queries_.size()) {}

  Fetched fetch(Sources& sources, Diagnostics& diagnostics) {
    ask(0);  // alone, since what is wrong with the cluster is wrong with every kind
    check(kubectl_, queries_[0], answers_[0], most_megabytes_, diagnostics);
    if (is_hopeless(diagnostics)) return {};
    in_parallel(queries_.size() - 1, kubectl_.jobs, [this](std::size_t i) { ask(i + 1); });
    std::vector<std::string> unknown;
    for (std::size_t i = 1; i < queries_.size(); ++i) {
      if (is_unknown_kind(answers_[i]))
        unknown.push_back(queries_[i].resource);
      else
        check(kubectl_, queries_[i], answers_[i], most_megabytes_, diagnostics);
      if (is_hopeless(diagnostics)) break;  // the calls after it fail for the same reason
    }
    if (diagnostics.has_errors()) return {};
    if (!unknown.empty()) diagnostics.report<Kind::KindsNotInCluster>({}, fmt::format("{}", fmt::join(unknown, ", ")));
    return keep(sources);
  }

 private:
  void ask(std::size_t i) {
    answers_[i] = run_child(command(kubectl_, queries_[i]), kubectl_.patience, most_megabytes_ * megabyte);
  }

  Fetched keep(Sources& sources) {
    Fetched fetched;
    for (std::size_t i = 0; i < queries_.size(); ++i) {
      std::string text = is_unknown_kind(answers_[i]) ? std::string() : std::move(answers_[i].out);
      // An assessment says what a dump lacks, and this one has been asked for everything.
      if (const std::string none = empty_list(queries_[i].resource); wanted_ == Wanted::Assessment && !none.empty())
        text += fmt::format("---\n{}\n", none);
      if (text.empty()) continue;
      const std::uint32_t file = sources.add(title(queries_[i]), std::move(text));
      if (queries_[i].is_policy) fetched.policies.push_back(file);
      if (queries_[i].is_fact) fetched.facts.push_back(file);
    }
    return fetched;
  }

  const Kubectl& kubectl_;
  Wanted wanted_;
  std::size_t most_megabytes_;  // of one answer
  std::vector<Query> queries_;
  std::vector<ChildResult> answers_;
};

}  // namespace

Fetched fetch(const Kubectl& kubectl, Wanted wanted, Sources& sources, Diagnostics& diagnostics) {
  Diagnostics own;  // what others said before is not about kubectl
  Fetched fetched = Fetcher(kubectl, wanted, sources.limits().file_megabytes).fetch(sources, own);
  diagnostics.append(std::move(own));
  return fetched;
}

}  // namespace policyconv::cli
