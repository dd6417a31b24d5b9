// What the store counts beside the spans: services with their operations, and attribute keys.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/span_store.h"

namespace clew::store {

// Bounds, whatever is sent. What comes first is kept, the rest is not listed (Listing::truncated);
// its spans are stored and found like all others.
inline constexpr std::size_t kMaxServices = 10'000;
inline constexpr std::size_t kMaxOperations = 2'000;  // of a service
inline constexpr std::size_t kMaxAttributeKeys = 10'000;

struct OperationCounts {
  std::uint64_t spans = 0;
  UnixNanos last_seen{};
};
struct ServiceCounts {
  std::uint64_t spans = 0;
  UnixNanos last_seen{};
  std::map<std::pair<std::string, std::uint8_t>, OperationCounts> operations;  // name, kind
  bool truncated = false;  // it has more operations

  void Merge(const ServiceCounts& other);
  void Subtract(const ServiceCounts& other);
};

struct Counts {
  using KeyOf = std::pair<std::string, AttributeScope>;
  std::map<std::string, ServiceCounts, std::less<>> services;
  std::map<KeyOf, std::uint64_t> keys;
  bool keys_truncated = false;

  void Merge(const Counts& other);
  // What is left without any spans goes. `last_seen` stays: who was seen last is not known.
  void Subtract(const Counts& other);
  // What of `other` merging takes up within the bounds. A service that loses operations by it is
  // truncated.
  Counts Admitted(const Counts& other) const;
  // The entries of this that `other` has, too.
  Counts Common(const Counts& other) const;
};

// Counts spans into a Counts. Spans with the attributes of the span before, which most are, cost
// little more than reading their keys. One thread.
class SpanCounter {
 public:
  explicit SpanCounter(Counts& counts) : counts_(counts) {}
  // As Finish.
  ~SpanCounter() { Finish(); }
  SpanCounter(const SpanCounter&) = delete;
  SpanCounter& operator=(const SpanCounter&) = delete;
  void Add(const SpanRecord& span);
  // Everything is in the counts now.
  void Finish();

 private:
  // Spans in a row that have the same keys.
  struct Run {
    std::vector<std::string> keys;
    std::uint64_t spans = 0;
  };
  void CountRun(Run& run, AttributeScope scope);

  // Where the spans of a service, name and kind are counted.
  struct Place {
    ServiceCounts* service = nullptr;      // null: no room
    OperationCounts* operation = nullptr;  // null: no room
  };
  Place FindPlace(const SpanRecord& span);

  Counts& counts_;
  // By the 64-bit hash of all three: comparing names with one another is what counting would cost.
  std::unordered_map<std::uint64_t, Place> places_;
  Run span_run_;
  Run resource_run_;
  const std::string* resource_ = nullptr;
};

// The value of a row of a service.
std::string Encode(const ServiceCounts& counts);
Result<ServiceCounts> DecodeServiceCounts(std::string_view bytes);

}  // namespace clew::store
