// Where the span stage finds out who emitted a span.
#pragma once

#include <cstdint>
#include <memory>

#include "agent/span/span.h"

namespace clew::span {

class ResourceLookup {
 public:
  virtual ~ResourceLookup() = default;
  // The resource of process `tgid`, the same object for all its spans; never null, for unknown
  // processes one that says so. Called on the ring thread.
  virtual std::shared_ptr<const Resource> Lookup(std::uint32_t tgid) = 0;
};

}  // namespace clew::span
