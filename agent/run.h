// The two ways in which the agent runs.
#pragma once

#include <atomic>

#include "agent/config.h"

namespace clew::agent {

// Set by a signal handler: the agent shall end.
using StopFlag = std::atomic<bool>;

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// Traces until `stop`. Both return the exit status and have said in the log what failed.
int RunLive(const AgentConfig& config, const StopFlag& stop);
// Drives the pipeline from config.replay until the file ends or `stop`.
int RunReplay(const AgentConfig& config, const StopFlag& stop);

}  // namespace clew::agent
