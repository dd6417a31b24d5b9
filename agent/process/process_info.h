// What user space knows about a process, read from /proc once and again after an exec.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace clew::process {

// Everything here was written by the process or by whoever started it: bounded when read, never
// trusted, and the arguments and the environment are never logged or exported, since they may hold
// credentials.
struct ProcessInfo {
  std::uint32_t tgid = 0;  // in the initial pid namespace
  std::uint32_t parent_tgid = 0;
  std::uint64_t start_ticks = 0;  // since boot, /proc/PID/stat field 22: tells a reused pid apart

  std::string comm;  // at most 15 characters
  std::string exe;   // path of the executable, " (deleted)" removed; empty: not readable
  std::vector<std::string> arguments;  // argv, at most kMaxArguments of kMaxArgumentBytes together
  std::string working_directory;

  std::string cgroup;        // cgroup2 path below its mount, "/system.slice/nginx.service"
  std::string container_id;  // 64 hex digits, from the cgroup path; empty: no container

  std::string otel_service_name;         // environment OTEL_SERVICE_NAME
  std::string otel_resource_attributes;  // environment OTEL_RESOURCE_ATTRIBUTES
  std::string node_package;  // "name" of the package.json beside the script that node runs

  bool go_binary = false;                      // the executable has Go's build information
  std::vector<std::uint16_t> listening_ports;  // filled by a port scan only
};

inline constexpr std::size_t kMaxArguments = 64;
inline constexpr std::size_t kMaxArgumentBytes = 16 * 1024;

}  // namespace clew::process
