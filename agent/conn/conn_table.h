// From records to exchanges: finds the connection of each record, keeps its stream in order, runs
// its protocol session.
//
//   clew_data_event, clew_bytes_event -> Chunk -> ProtocolSession -> LateParents -> Exchange
//
// Used by one thread (the one that polls), except Counters().
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/conn/counters.h"
#include "agent/conn/late_parents.h"
#include "agent/conn/process_event_sink.h"
#include "agent/conn/tracker.h"
#include "agent/kernel/event_source.h"
#include "agent/protocols/exchange.h"
#include "agent/protocols/session.h"
#include "base/mutex.h"
#include "base/sink.h"
#include "base/time.h"

namespace clew::conn {

struct ConnTableOptions {
  std::size_t max_connections = 65536;  // above it the one idle for longest is dropped
  std::size_t max_buffered_per_connection = 160
                                            << 10;  // bytes: two heads of CLEW_HEAD_MAX and some
  std::size_t max_buffered = 16 << 20;              // bytes, over all connections
  // Unix sockets have no CONN_CLOSE; a TCP connection's may have been lost. A dropped TCP
  // connection that speaks again has lost its addresses, so those are kept for longer.
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes(5);
  std::chrono::nanoseconds tcp_idle_timeout = std::chrono::hours(1);
  // Lets time pass on a quiet node: KernelClock::now when tracing. Empty: the time of the records
  // alone (replays, tests).
  std::function<KernelNanos()> clock;
};

class ConnTable final : public kernel::EventSink {
 public:
  // Exchanges go to `out`, CLEW_EVENT_PROC records to `processes`; both must outlive the table.
  ConnTable(ConnTableOptions options, Sink<protocols::Exchange>& out, ProcessEventSink& processes);

  void OnEvent(const clew_event_header& header, std::string_view record) override;
  // Also to be called when a poll found no record: what waits for a late neighbour or for silence
  // is decided here.
  void OnDrained() override;
  // At the end: closes all connections, so that open exchanges come out as incomplete.
  void Flush();

  std::size_t connections() const { return index_.size(); }
  // Bytes kept for partial heads and held records.
  std::size_t buffered() const { return buffered_; }

  // All counters of this stage and of the protocols, as of the last OnDrained or Flush. Any thread.
  std::vector<NamedCounter> Counters() const;

 private:
  // Why a connection will be closed when its last records had time to come.
  enum class Ending : std::uint8_t { kNone, kClosed, kExited };
  struct Entry {
    explicit Entry(std::uint64_t conn) : id(conn), tracker(conn) {}

    std::uint64_t id;
    Tracker tracker;
    KernelNanos last_seen{};
    KernelNanos end_time{};
    std::size_t buffered = 0;  // its part of buffered_
    std::uint32_t tgid = 0;    // used it last; 0: nobody yet
    Ending ending = Ending::kNone;
    std::uint8_t drains = 0;  // since ending was set
    bool is_tcp = false;      // which of lists_ it is in
    bool in_waiting = false;
  };
  using List = std::list<Entry>;

  List& list(bool is_tcp) { return is_tcp ? tcp_ : other_; }
  List::iterator Find(std::uint64_t conn);
  List::iterator FindOrAdd(std::uint64_t conn, bool is_open_record);
  void Touch(List::iterator entry, const clew_event_header& header);
  void OnOpen(std::string_view record);
  void OnChunk(const Chunk& chunk, const clew_event_header& header);
  void OnEof(const clew_event_header& header);
  void OnProcess(const clew_proc_event& event);
  void SetEnding(Entry& entry, Ending ending, KernelNanos time);
  // After anything that a tracker was given: its bytes, and whether it waits for a drain.
  void Settle(Entry& entry);
  void Remove(List::iterator entry, KernelNanos time);
  void ServeWaiting(KernelNanos now);
  void EndExited();
  void Expire(List& entries, std::chrono::nanoseconds timeout, KernelNanos now);
  KernelNanos Now() const;
  void Publish();

  const ConnTableOptions options_;
  ProcessEventSink& processes_;
  LateParents late_parents_;
  ConnCounters counters_;
  protocols::ParseCounters parse_counters_;
  TrackerContext context_;
  // The connections, those that moved bytes last at the front. Two lists, since each has its own
  // time-out.
  List tcp_;
  List other_;
  std::unordered_map<std::uint64_t, List::iterator> index_;
  std::unordered_map<std::uint32_t, std::uint32_t> conns_of_process_;
  std::vector<std::uint64_t> waiting_;  // connections that want to know of drains
  std::unordered_set<std::uint32_t>
      exited_;  // processes with connections that ended since the last drain
  std::size_t buffered_ = 0;
  KernelNanos last_time_{};

  mutable Mutex mutex_;
  ConnCounters published_ GUARDED_BY(mutex_);
  protocols::ParseCounters published_parse_ GUARDED_BY(mutex_);
};

}  // namespace clew::conn
