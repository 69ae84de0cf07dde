#include "tests/bench/walk.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>
#include <yaml.h>

#include <sstream>
#include <stdexcept>

namespace policyconv::bench {
namespace {

struct Count final : YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark&) override { ++events; }
  void OnDocumentEnd() override { ++events; }
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { ++events; }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { ++events; }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override { ++events; }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    ++events;
  }
  void OnSequenceEnd() override { ++events; }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    ++events;
  }
  void OnMapEnd() override { ++events; }

  std::size_t events = 0;
};

}  // namespace

std::size_t walk_yaml_cpp(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  Count count;
  while (parser.HandleNextDocument(count)) {
  }
  return count.events;
}

std::size_t walk_libyaml(const std::string& text) {
  yaml_parser_t parser;
  if (yaml_parser_initialize(&parser) == 0) throw std::runtime_error("libyaml: no memory");
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::size_t events = 0;
  bool good = true;
  for (bool more = true; more;) {
    yaml_event_t event;
    good = yaml_parser_parse(&parser, &event) != 0;
    if (!good) break;
    more = event.type != YAML_STREAM_END_EVENT;
    if (more && event.type != YAML_STREAM_START_EVENT) ++events;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  if (!good) throw std::runtime_error("libyaml: this is no YAML");
  return events;
}

}  // namespace policyconv::bench
