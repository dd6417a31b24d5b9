// The OpenTelemetry resource of a process.
#pragma once

#include <memory>
#include <string>

#include "agent/process/process_info.h"
#include "agent/span/span.h"

namespace clew::process {

// What is the same for all processes of this machine.
struct HostInfo {
  std::string name;     // host.name
  std::string id;       // /etc/machine-id; empty: unknown
  std::string boot_id;  // not exported; makes instance ids unique
  static HostInfo Read();
};

// Attributes by the semantic conventions for resources (service, process, host, container, os,
// telemetry): service.name first, those of OTEL_RESOURCE_ATTRIBUTES last, without overriding what
// was measured. Of the command line only the command's name is exported: arguments may hold
// credentials. `service_name` empty: derived from the process.
std::shared_ptr<const span::Resource> MakeResource(const ProcessInfo& info, const HostInfo& host,
                                                   const std::string& service_name);

}  // namespace clew::process
