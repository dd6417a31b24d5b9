// From records to exchanges: finds the connection of each record, keeps its stream in order, runs its protocol session.
//
//   clew_data_event, clew_bytes_event -> Chunk -> ProtocolSession -> Exchange
//
// Used by one thread (the one that polls), except Counters().
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "agent/conn/counters.h"
#include "agent/conn/process_event_sink.h"
#include "agent/kernel/event_source.h"
#include "agent/protocols/exchange.h"
#include "agent/protocols/session.h"
#include "base/mutex.h"
#include "base/sink.h"
#include "base/time.h"

namespace clew::conn {

class Tracker;

struct ConnTableOptions {
  std::size_t max_connections = 65536;               // above it the one idle for longest is dropped
  std::size_t max_buffered_per_connection = 160 << 10;  // bytes: two heads of CLEW_HEAD_MAX and some
  std::size_t max_buffered = 16 << 20;               // bytes, over all connections
  // Unix sockets have no CONN_CLOSE; a TCP connection's may have been lost. A dropped TCP connection that speaks again
  // has lost its addresses, so those are kept for longer.
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes(5);
  std::chrono::nanoseconds tcp_idle_timeout = std::chrono::hours(1);
  // Lets time pass on a quiet node: KernelClock::now when tracing. Empty: the time of the records alone (replays, tests).
  std::function<KernelNanos()> clock;
};

class ConnTable final : public kernel::EventSink {
 public:
  // Exchanges go to `out`, CLEW_EVENT_PROC records to `processes`; both must outlive the table.
  ConnTable(ConnTableOptions options, Sink<protocols::Exchange>& out, ProcessEventSink& processes);
  ~ConnTable() override;

  void OnEvent(const clew_event_header& header, std::string_view record) override;
  // Also to be called when a poll found no record: what waits for a late neighbour or for silence is decided here.
  void OnDrained() override;
  // At the end: closes all connections, so that open exchanges come out as incomplete.
  void Flush();

  std::size_t connections() const { return trackers_.size(); }
  // Bytes kept for partial heads and held records.
  std::size_t buffered() const { return buffered_; }

  // All counters of this stage and of the protocols, as of the last OnDrained or Flush. Any thread.
  std::vector<NamedCounter> Counters() const;

 private:
  using Trackers = std::unordered_map<std::uint64_t, std::unique_ptr<Tracker>>;

  ConnTableOptions options_;
  Sink<protocols::Exchange>& out_;
  ProcessEventSink& processes_;
  Trackers trackers_;
  std::size_t buffered_ = 0;
};

}  // namespace clew::conn
