// What the store tells those who keep it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace clew::store {

// Something that is not as it was written.
struct Damage {
  std::string place;    // "segment 493216/17", "file 000123.sst (segment)"
  std::string problem;  // what is wrong there
  std::string remedy;   // what can be done
};
using EachDamage = std::function<void(const Damage&)>;

// What a check has read, damaged or not.
struct CheckReport {
  std::uint64_t files = 0;     // tables of the database
  std::uint64_t bytes = 0;     // of these files
  std::uint64_t segments = 0;  // sealed ones that were found
  std::uint64_t spans = 0;     // that can be read, sealed and hot
  std::uint64_t traces = 0;    // index rows that lead to a segment
  std::uint64_t damages = 0;   // how many were handed out
};

struct FamilyDetails {
  std::string name;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};
// Segments that were sealed in one hour.
struct BucketDetails {
  std::uint32_t bucket = 0;  // hours since 1970
  std::uint64_t segments = 0;
  std::uint64_t spans = 0;
  std::uint64_t bytes = 0;  // of segments and their filters
  UnixNanos min_start{};    // of the traces that have spans there
  UnixNanos max_start{};
};
struct StoreDetails {
  std::uint32_t format = 0;
  std::uint64_t spans = 0;  // sealed and hot
  std::uint64_t traces = 0;
  std::uint64_t hot_spans = 0;  // not sealed yet
  std::uint64_t services = 0;
  std::uint64_t segments = 0;
  UnixNanos oldest{};  // earliest and latest start of a trace; zero: empty
  UnixNanos newest{};
  std::uint64_t log_bytes = 0;        // of the write-ahead log
  std::uint64_t disk_free_bytes = 0;  // of the file system
  std::vector<FamilyDetails> families;
  std::vector<BucketDetails> buckets;  // oldest first
  // Longest time from an append to its segment since the store was opened; nothing of a stopped
  // one.
  std::optional<std::chrono::nanoseconds> seal_lag;
};

struct BackupReport {
  std::string path;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t spans = 0;  // that were read when it was verified
  bool linked = false;      // tables are hard links to those of the store: the same disk
};

struct CompactReport {
  std::uint64_t bytes_before = 0;  // of all tables
  std::uint64_t bytes_after = 0;
};

}  // namespace clew::store
