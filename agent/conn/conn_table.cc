#include "agent/conn/conn_table.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "agent/conn/decode.h"

namespace clew::conn {
namespace {

// A CONN_CLOSE is recorded by another processor than the last data, maybe before it.
constexpr std::uint8_t kEndingDrains = 2;
// Nanoseconds since boot, 146 years: a record with a later time is damaged, and differences of
// times below cannot overflow.
constexpr std::uint64_t kMaxTime = std::uint64_t{1} << 62;

}  // namespace

ConnTable::ConnTable(ConnTableOptions options, Sink<protocols::Exchange>& out,
                     ProcessEventSink& processes)
    : options_(std::move(options)),
      processes_(processes),
      late_parents_({}, out),
      context_{counters_, parse_counters_, late_parents_, options_.max_buffered_per_connection} {}

void ConnTable::OnEvent(const clew_event_header& header, std::string_view record) {
  ++counters_.records;
  if (header.ts_ns > kMaxTime) {
    ++counters_.malformed_records;
    return;
  }
  last_time_ = std::max(last_time_, KernelNanosFrom(header.ts_ns));
  switch (header.type) {
    case CLEW_EVENT_CONN_OPEN:
      return OnOpen(record);
    case CLEW_EVENT_DATA:
    case CLEW_EVENT_BYTES: {
      DecodedChunk decoded;
      const bool is_data = header.type == CLEW_EVENT_DATA;
      if (!(is_data ? DecodeData(record, decoded) : DecodeBytes(record, decoded))) break;
      return OnChunk(decoded.chunk, header);
    }
    case CLEW_EVENT_EOF:
      return OnEof(header);
    case CLEW_EVENT_CONN_CLOSE: {
      const auto entry = Find(header.conn);
      if (entry != other_.end()) SetEnding(*entry, Ending::kClosed, KernelNanosFrom(header.ts_ns));
      return;
    }
    case CLEW_EVENT_PROC: {
      clew_proc_event event;
      if (!DecodeProcess(record, event)) break;
      return OnProcess(event);
    }
    case CLEW_EVENT_HANDBACK: {
      clew_handback_event event;
      if (!DecodeHandback(record, event)) break;
      return late_parents_.OnHandback(event);
    }
    case CLEW_EVENT_REENTER:
      return;  // not for us
    default:
      break;
  }
  ++counters_.malformed_records;
}

// other_.end() when there is none, whatever list it would be in.
ConnTable::List::iterator ConnTable::Find(std::uint64_t conn) {
  const auto found = index_.find(conn);
  return found == index_.end() ? other_.end() : found->second;
}

ConnTable::List::iterator ConnTable::FindOrAdd(std::uint64_t conn, bool is_open_record) {
  if (const auto entry = Find(conn); entry != other_.end()) return entry;
  if (index_.size() >= options_.max_connections) {
    const bool tcp_is_older =
        other_.empty() || (!tcp_.empty() && tcp_.back().last_seen < other_.back().last_seen);
    List& victims = list(tcp_is_older);
    ++counters_.evicted;
    Remove(std::prev(victims.end()), last_time_);
  }
  ++counters_.opened;
  if (!is_open_record) ++counters_.without_open;
  other_.emplace_front(conn);
  index_.emplace(conn, other_.begin());
  return other_.begin();
}

void ConnTable::Touch(List::iterator entry, const clew_event_header& header) {
  entry->last_seen = std::max(entry->last_seen, KernelNanosFrom(header.ts_ns));
  List& entries = list(entry->is_tcp);
  entries.splice(entries.begin(), entries, entry);
  if (header.tgid == entry->tgid) return;
  if (entry->tgid != 0) {
    const auto old = conns_of_process_.find(entry->tgid);
    if (--old->second == 0) conns_of_process_.erase(old);
  }
  entry->tgid = header.tgid;
  if (entry->tgid != 0) ++conns_of_process_[entry->tgid];
  if (entry->ending == Ending::kExited)
    entry->ending = Ending::kNone;  // another process shares the socket
}

void ConnTable::OnOpen(std::string_view record) {
  ConnInfo info;
  if (!DecodeOpen(record, info)) {
    ++counters_.malformed_records;
    return;
  }
  // A socket can be connected again after it was closed; its streams begin anew.
  if (const auto old = Find(info.id); old != other_.end() && old->tracker.opened()) {
    ++counters_.closed;
    Remove(old, old->ending == Ending::kNone ? last_time_ : old->end_time);
  }
  const auto entry = FindOrAdd(info.id, true);
  const bool is_tcp = info.family == AF_INET || info.family == AF_INET6;
  if (is_tcp != entry->is_tcp) {
    list(is_tcp).splice(list(is_tcp).begin(), list(entry->is_tcp), entry);
    entry->is_tcp = is_tcp;
  }
  entry->last_seen = last_time_;
  entry->tracker.SetInfo(std::move(info));
}

void ConnTable::OnChunk(const Chunk& chunk, const clew_event_header& header) {
  const auto entry = FindOrAdd(header.conn, false);
  Touch(entry, header);
  entry->tracker.OnChunk(chunk, context_);
  Settle(*entry);
  if (buffered_ > options_.max_buffered && entry->buffered > 0) {
    ++counters_.over_buffer_limit;
    entry->tracker.Abandon(chunk.time, context_);
    Settle(*entry);
  }
}

void ConnTable::OnEof(const clew_event_header& header) {
  Direction direction;
  if (!DecodeDirection(header, direction)) {
    ++counters_.malformed_records;
    return;
  }
  const auto entry = Find(header.conn);
  if (entry == other_.end()) return;
  Touch(entry, header);
  entry->tracker.OnEof(direction, KernelNanosFrom(header.ts_ns), context_);
  Settle(*entry);
}

void ConnTable::OnProcess(const clew_proc_event& event) {
  if (event.what == CLEW_PROC_EXIT && conns_of_process_.contains(event.h.tgid))
    exited_.insert(event.h.tgid);
  processes_.OnProcess(event);
}

void ConnTable::SetEnding(Entry& entry, Ending ending, KernelNanos time) {
  entry.ending = ending;
  entry.end_time = time;
  entry.drains = 0;
  Settle(entry);
}

void ConnTable::Settle(Entry& entry) {
  const std::size_t bytes = entry.tracker.buffered();
  buffered_ += bytes - entry.buffered;
  entry.buffered = bytes;
  if (entry.in_waiting || (entry.ending == Ending::kNone && !entry.tracker.waiting())) return;
  entry.in_waiting = true;
  waiting_.push_back(entry.id);
}

void ConnTable::Remove(List::iterator entry, KernelNanos time) {
  entry->tracker.OnClose(time, context_);
  buffered_ -= entry->buffered;
  if (entry->tgid != 0) {
    const auto process = conns_of_process_.find(entry->tgid);
    if (--process->second == 0) conns_of_process_.erase(process);
  }
  index_.erase(entry->id);
  list(entry->is_tcp).erase(entry);
}

void ConnTable::OnDrained() {
  const KernelNanos now = Now();
  EndExited();
  ServeWaiting(now);
  Expire(tcp_, options_.tcp_idle_timeout, now);
  Expire(other_, options_.idle_timeout, now);
  late_parents_.OnDrained(now);
  Publish();
}

void ConnTable::ServeWaiting(KernelNanos now) {
  const std::vector<std::uint64_t> waiting = std::exchange(waiting_, {});
  for (const std::uint64_t conn : waiting) {
    const auto entry = Find(conn);
    if (entry == other_.end()) continue;
    entry->in_waiting = false;
    entry->tracker.OnDrained(now, context_);
    if (entry->ending != Ending::kNone && ++entry->drains >= kEndingDrains) {
      ++(entry->ending == Ending::kClosed ? counters_.closed : counters_.exited);
      Remove(entry, entry->end_time);
    } else {
      Settle(*entry);
    }
  }
}

// Most processes that exit never had a connection, so a walk over all of them is rare enough to
// need no index.
void ConnTable::EndExited() {
  if (exited_.empty()) return;
  for (List* entries : {&tcp_, &other_}) {
    for (Entry& entry : *entries) {
      if (entry.ending == Ending::kNone && exited_.contains(entry.tgid))
        SetEnding(entry, Ending::kExited, last_time_);
    }
  }
  exited_.clear();
}

void ConnTable::Expire(List& entries, std::chrono::nanoseconds timeout, KernelNanos now) {
  while (!entries.empty() && now - entries.back().last_seen > timeout) {
    ++counters_.expired;
    Remove(std::prev(entries.end()), now);
  }
}

KernelNanos ConnTable::Now() const {
  return options_.clock ? std::max(last_time_, options_.clock()) : last_time_;
}

void ConnTable::Flush() {
  for (List* entries : {&tcp_, &other_}) {
    while (!entries->empty()) Remove(std::prev(entries->end()), last_time_);
  }
  waiting_.clear();
  late_parents_.Flush();
  Publish();
}

void ConnTable::Publish() {
  MutexLock lock(mutex_);
  published_ = counters_;
  published_parse_ = parse_counters_;
}

std::vector<NamedCounter> ConnTable::Counters() const {
  std::vector<NamedCounter> named = late_parents_.Counters();
  MutexLock lock(mutex_);
  AppendNamed(published_, named);
  AppendNamed(published_parse_, named);
  return named;
}

}  // namespace clew::conn
