#include "store/engine/counts.h"

#include <xxhash.h>

#include <algorithm>
#include <protozero/pbf_writer.hpp>

#include "store/query/attributes.h"
#include "store/wire_reader.h"

namespace clew::store {
namespace {

// Field numbers. DO NOT REUSE: they are on disk.
enum Field : std::uint32_t { kSpans = 1, kLastSeen = 2, kOperation = 3, kTruncated = 4 };
enum OperationField : std::uint32_t {
  kOperationSpans = 1,
  kOperationLastSeen = 2,
  kName = 3,
  kKind = 4
};

void ReadOperation(std::string_view bytes, ServiceCounts& counts) {
  std::pair<std::string, std::uint8_t> key;
  OperationCounts operation;
  for (WireReader in(bytes); in.Next();) {
    if (in.Is(kOperationSpans, WireType::kVarint)) {
      operation.spans = in.Varint();
    } else if (in.Is(kOperationLastSeen, WireType::kFixed64)) {
      operation.last_seen = in.Time();
    } else if (in.Is(kName, WireType::kBytes)) {
      key.first = in.Bytes();
    } else if (in.Is(kKind, WireType::kVarint)) {
      key.second = static_cast<std::uint8_t>(in.Varint());
    } else {
      in.Skip();
    }
  }
  counts.operations[std::move(key)] = operation;
}

// The entry under `key`; nothing when there is none and no room for another.
template <typename Map, typename Key>
typename Map::mapped_type* Room(Map& map, const Key& key, std::size_t limit) {
  const auto at = map.find(key);
  if (at != map.end()) return &at->second;
  if (map.size() >= limit) return nullptr;
  return &map[typename Map::key_type(key)];
}

// The keys that `read` finds in a message; true when they are those of `keys` already.
template <typename Read>
bool SameKeys(Read read, std::string_view message, const std::vector<std::string>& keys) {
  std::size_t i = 0;
  bool same = true;
  read(message, [&](std::string_view key, const ValueView&) {
    same = i < keys.size() && keys[i] == key;
    ++i;
    return same;
  });
  return same && i == keys.size();
}

}  // namespace

void ServiceCounts::Merge(const ServiceCounts& other) {
  spans += other.spans;
  last_seen = std::max(last_seen, other.last_seen);
  truncated = truncated || other.truncated;
  for (const auto& [key, operation] : other.operations) {
    OperationCounts* const into = Room(operations, key, kMaxOperations);
    if (into == nullptr) {
      truncated = true;
      continue;
    }
    into->spans += operation.spans;
    into->last_seen = std::max(into->last_seen, operation.last_seen);
  }
}

void Counts::Merge(const Counts& other) {
  for (const auto& [name, service] : other.services) {
    if (ServiceCounts* const into = Room(services, name, kMaxServices)) into->Merge(service);
  }
  keys_truncated = keys_truncated || other.keys_truncated;
  for (const auto& [key, spans] : other.keys) {
    if (std::uint64_t* const into = Room(keys, key, kMaxAttributeKeys)) {
      *into += spans;
    } else {
      keys_truncated = true;
    }
  }
}

void ServiceCounts::Subtract(const ServiceCounts& other) {
  spans -= std::min(spans, other.spans);
  for (const auto& [key, operation] : other.operations) {
    const auto at = operations.find(key);
    if (at == operations.end()) continue;
    at->second.spans -= std::min(at->second.spans, operation.spans);
    if (at->second.spans == 0) operations.erase(at);
  }
}

void Counts::Subtract(const Counts& other) {
  for (const auto& [name, service] : other.services) {
    const auto at = services.find(name);
    if (at == services.end()) continue;
    at->second.Subtract(service);
    if (at->second.spans == 0) services.erase(at);
  }
  for (const auto& [key, spans] : other.keys) {
    const auto at = keys.find(key);
    if (at == keys.end()) continue;
    at->second -= std::min(at->second, spans);
    if (at->second == 0) keys.erase(at);
  }
}

namespace {

// Takes a place of `room`; false when there is none.
bool Take(std::size_t& room) {
  if (room == 0) return false;
  --room;
  return true;
}

}  // namespace

Counts Counts::Admitted(const Counts& other) const {
  Counts admitted;
  std::size_t room = kMaxServices - std::min(kMaxServices, services.size());
  for (const auto& [name, service] : other.services) {
    const auto at = services.find(name);
    if (at == services.end() && !Take(room)) continue;
    ServiceCounts& into = admitted.services[name] = service;
    if (at == services.end()) continue;
    const auto& known = at->second.operations;
    std::size_t places = kMaxOperations - std::min(kMaxOperations, known.size());
    const std::size_t refused = std::erase_if(into.operations, [&](const auto& operation) {
      return !known.contains(operation.first) && !Take(places);
    });
    if (refused > 0) into.truncated = true;
  }
  room = kMaxAttributeKeys - std::min(kMaxAttributeKeys, keys.size());
  for (const auto& [key, spans] : other.keys) {
    if (keys.contains(key) || Take(room)) admitted.keys[key] = spans;
  }
  return admitted;
}

Counts Counts::Common(const Counts& other) const {
  Counts common;
  for (const auto& [name, unused] : other.services) {
    const auto at = services.find(name);
    if (at != services.end()) common.services.insert(*at);
  }
  for (const auto& [key, unused] : other.keys) {
    const auto at = keys.find(key);
    if (at != keys.end()) common.keys.insert(*at);
  }
  return common;
}

SpanCounter::Place SpanCounter::FindPlace(const SpanRecord& span) {
  const std::uint64_t seed =
      XXH3_64bits_withSeed(span.service.data(), span.service.size(), span.kind);
  const auto [at, is_new] =
      places_.try_emplace(XXH3_64bits_withSeed(span.name.data(), span.name.size(), seed));
  if (!is_new) return at->second;
  Place& place = at->second;
  place.service = Room(counts_.services, span.service, kMaxServices);
  if (place.service == nullptr) return place;
  const std::pair<std::string, std::uint8_t> key{span.name, span.kind};
  place.operation = Room(place.service->operations, key, kMaxOperations);
  if (place.operation == nullptr) place.service->truncated = true;
  return place;
}

void SpanCounter::Add(const SpanRecord& span) {
  const Place place = FindPlace(span);
  if (place.service != nullptr) {
    ++place.service->spans;
    place.service->last_seen = std::max(place.service->last_seen, span.end);
  }
  if (place.operation != nullptr) {
    ++place.operation->spans;
    place.operation->last_seen = std::max(place.operation->last_seen, span.end);
  }
  try {
    if (!SameKeys(ReadSpanAttributes, span.span, span_run_.keys)) {
      CountRun(span_run_, AttributeScope::kSpan);
      ReadSpanAttributes(span.span, [this](std::string_view key, const ValueView&) {
        span_run_.keys.emplace_back(key);
        return true;
      });
    }
    if (span.resource.get() != resource_) {
      CountRun(resource_run_, AttributeScope::kResource);
      resource_ = span.resource.get();
      ReadResourceAttributes(*span.resource, [this](std::string_view key, const ValueView&) {
        resource_run_.keys.emplace_back(key);
        return true;
      });
    }
  } catch (const protozero::exception&) {  // what came before the damage counts
  }
  ++span_run_.spans;
  ++resource_run_.spans;
}

void SpanCounter::Finish() {
  CountRun(span_run_, AttributeScope::kSpan);
  CountRun(resource_run_, AttributeScope::kResource);
  resource_ = nullptr;
}

void SpanCounter::CountRun(Run& run, AttributeScope scope) {
  if (run.spans > 0) {
    std::sort(run.keys.begin(), run.keys.end());  // a span that has a key twice counts once
    run.keys.erase(std::unique(run.keys.begin(), run.keys.end()), run.keys.end());
    for (std::string& key : run.keys) {
      if (std::uint64_t* const spans =
              Room(counts_.keys, Counts::KeyOf{std::move(key), scope}, kMaxAttributeKeys)) {
        *spans += run.spans;
      } else {
        counts_.keys_truncated = true;
      }
    }
  }
  run = {};
}

std::string Encode(const ServiceCounts& counts) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint64(kSpans, counts.spans);
  writer.add_fixed64(kLastSeen, ToUint64(counts.last_seen));
  for (const auto& [key, operation] : counts.operations) {
    protozero::pbf_writer inner(writer, kOperation);
    inner.add_uint64(kOperationSpans, operation.spans);
    inner.add_fixed64(kOperationLastSeen, ToUint64(operation.last_seen));
    inner.add_bytes(kName, key.first);
    inner.add_uint32(kKind, key.second);
  }
  if (counts.truncated) writer.add_bool(kTruncated, true);
  return out;
}

Result<ServiceCounts> DecodeServiceCounts(std::string_view bytes) {
  ServiceCounts counts;
  try {
    for (WireReader in(bytes); in.Next();) {
      if (in.Is(kSpans, WireType::kVarint)) {
        counts.spans = in.Varint();
      } else if (in.Is(kLastSeen, WireType::kFixed64)) {
        counts.last_seen = in.Time();
      } else if (in.Is(kOperation, WireType::kBytes)) {
        ReadOperation(in.Bytes(), counts);
      } else if (in.Is(kTruncated, WireType::kVarint)) {
        counts.truncated = in.Varint() != 0;
      } else {
        in.Skip();
      }
    }
  } catch (const protozero::exception& error) {
    return Error{Code::kCorrupt, std::string("stored service counts: ") + error.what()};
  }
  return counts;
}

}  // namespace clew::store
