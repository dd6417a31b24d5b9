#include "agent/kernel/counters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <array>
#include <numeric>

#include "bpf/include/event.h"

namespace clew::kernel {
namespace {

struct Name {
  const char* name;
  const char* help;
};

// In the order of enum clew_drop.
constexpr std::array<Name, CLEW_DROP_MAX> kDrops = {{
    {"drop_ring_full", "Records lost because the ring buffer was full."},
    {"drop_user_fault", "Buffers of traced processes that could not be read."},
    {"drop_conn_full", "Sockets without room for their state."},
    {"drop_live_full", "Requests without room in the context table."},
    {"drop_unknown_call", "Socket calls whose buffers are not understood, such as io_uring's: lengths only."},
    {"drop_proc_full", "Processes without room in the process table."},
    {"drop_thread_full", "Threads without room in the thread table."},
    {"drop_head_too_long", "Request heads given up because they are longer than 64 KiB."},
}};
// In the order of enum clew_inject.
constexpr std::array<Name, CLEW_INJECT_MAX> kInjects = {{
    {"inject_none", "Requests that were not looked at."},
    {"inject_inserted", "Requests into which a traceparent was inserted."},
    {"inject_rewritten", "Requests whose forwarded traceparent got our span as parent."},
    {"inject_adopted", "Requests with a traceparent of the application's own, left alone."},
    {"inject_skip_split_head", "Requests skipped because their head came in pieces."},
    {"inject_skip_large_head", "Requests skipped because their head is longer than what is examined."},
    {"inject_skip_no_room", "Requests skipped because the send buffer might not have taken them whole."},
    {"inject_skip_helper", "Requests skipped because the kernel refused the insertion."},
    {"inject_skip_unsure", "Requests skipped because of a traceparent that is not ours to change."},
    {"inject_skip_busy", "Requests skipped because another one was being examined on that CPU."},
    {"inject_option", "Requests without a header whose context left in a TCP option."},
    {"inject_skip_option_room", "Requests without a header whose first segment had no room for the option either."},
    {"inject_skip_option_place", "Requests without a header that did not begin with a segment of their own."},
}};
// In the order of enum stat of bpf/maps.bpf.h.
constexpr std::array<Name, 21> kStats = {{
    {"socket_calls", "Socket calls of traced processes."},
    {"copied_bytes", "Payload bytes copied from traced processes."},
    {"sockets_entered", "Sockets put under injection."},
    {"sockets_left_not_http", "Sockets taken from injection because they do not speak HTTP."},
    {"sockets_left_acknowledged", "Sockets of processes that use FIONREAD, taken out when their request was acknowledged."},
    {"sockets_left_large", "Sockets taken out while a body larger than the send buffer was written."},
    {"sockets_enter_failed", "Sockets that the kernel refused to put under injection."},
    {"self_test_inserted", "Headers inserted into the self-test's own requests."},
    {"thread_evidence_demoted", "Processes whose threads contradicted the evidence of the serving thread."},
    {"clone_evidence_expired", "Started threads that waited for a condition and lost their request."},
    {"evidence_disagreed", "Requests for which two layers named different parents."},
    {"loop_evidence_demoted", "Processes whose event loops contradicted the evidence of continuation."},
    {"loop_evidence_unsure", "Calls on event loops that may be of another request that waited for its turn: no parent."},
    {"option_received", "Contexts that came in TCP options."},
    {"option_taken", "... and became that of a request."},
    {"option_differed", "... and were of another trace than the request's own header, which stands."},
    {"self_test_options", "TCP options on the self-test's own segments."},
    {"task_evidence_demoted", "Processes whose asyncio tasks answered another request than the one that they worked for."},
    {"goroutine_evidence_demoted", "Processes whose goroutines contradicted the evidence of the serving goroutine."},
    {"java_evidence_demoted", "Processes whose virtual threads (Java) contradicted the evidence of the serving one."},
    {"handback_evidence_demoted", "Processes whose threads woke others than those that they were known to work for."},
}};
constexpr std::uint32_t kSelfTestInserted = 7;
constexpr std::uint32_t kSelfTestOptions = 16;

template <std::size_t N>
void Append(int fd, const std::array<Name, N>& names, std::vector<NamedCounter>& out) {
  for (std::uint32_t i = 0; i < N; ++i) out.push_back({names[i].name, names[i].help, ReadPerCpu(fd, i)});
}

}  // namespace

std::uint32_t SelfTestInsertedStat() { return kSelfTestInserted; }
std::uint32_t SelfTestOptionsStat() { return kSelfTestOptions; }

std::uint64_t ReadPerCpu(int map_fd, std::uint32_t key) {
  std::vector<std::uint64_t> values(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  if (bpf_map_lookup_elem(map_fd, &key, values.data()) != 0) return 0;
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}

std::vector<NamedCounter> ReadCounters(const Programs& programs) {
  std::vector<NamedCounter> out;
  Append(programs.drops_fd(), kDrops, out);
  Append(programs.injects_fd(), kInjects, out);
  Append(programs.stats_fd(), kStats, out);
  out.push_back({"missed_runs", "Program runs that the kernel left out because of recursion on a CPU.", programs.MissedRuns()});
  return out;
}

}  // namespace clew::kernel
