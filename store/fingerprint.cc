#include "store/fingerprint.h"

#include <xxhash.h>

namespace clew::store {

std::uint64_t Fingerprinter::Of(const SpanRecord& span) {
  if (span.resource.get() != resource_ || span.scope.get() != scope_) {
    resource_ = span.resource.get();
    scope_ = span.scope.get();
    const std::uint64_t resource = XXH3_64bits(resource_->data(), resource_->size());
    context_ = XXH3_64bits_withSeed(scope_->data(), scope_->size(), resource);
  }
  return XXH3_64bits_withSeed(span.span.data(), span.span.size(), context_);
}

}  // namespace clew::store
