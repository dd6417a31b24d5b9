// Which processes listen on given TCP ports.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/process/proc_fs.h"

namespace clew::process {

// Inode -> port of the listening sockets on `ports` in the text of /proc/PID/net/tcp or tcp6.
std::unordered_map<std::uint64_t, std::uint16_t> ParseListeners(
    std::string_view text, const std::set<std::uint16_t>& ports);

// Process -> those of `ports` that it listens on, for all of `processes`; processes without one are
// left out. Reads the socket tables once per network namespace and the descriptors only of
// processes in a namespace where somebody listens on one of the ports. A socket inherited over fork
// belongs to all its holders.
std::map<std::uint32_t, std::vector<std::uint16_t>> FindListeners(
    const ProcFs& proc, const std::vector<std::uint32_t>& processes,
    const std::set<std::uint16_t>& ports);

}  // namespace clew::process
