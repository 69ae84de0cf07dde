// Sources that a tool has to render first: the command that does. Files of Helm and Kustomize are recognised by what
// stands in the directories above them.
#pragma once

#include <string>

#include "ir/diagnostics.h"
#include "ir/source.h"

namespace policyconv::cli {

/// `kubectl kustomize DIR | policyconv migrate -` for a kustomization.yaml.
[[nodiscard]] std::string kustomize_command(const std::string& kustomization);

/// Gives each refused template the command that renders it.
void suggest_rendering(const Sources& sources, Diagnostics& diagnostics);

}  // namespace policyconv::cli
