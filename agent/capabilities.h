// Which of the privileges that tracing needs this process lacks.
#pragma once

#include <string>
#include <string_view>

namespace clew::agent {

// Names of the missing capabilities ("CAP_BPF, CAP_NET_ADMIN") by the text of /proc/self/status;
// empty when all are there. CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as in the kernel
// (capabilities(7)).
std::string MissingCapabilities(std::string_view proc_status);

// One line for a human: what failed, and what to do about it, if `message` was an error for want of
// permission.
std::string ExplainDenied(const std::string& message);

}  // namespace clew::agent
