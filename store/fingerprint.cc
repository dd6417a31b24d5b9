#include "store/fingerprint.h"

#include <xxhash.h>

namespace clew::store {

std::uint64_t Fingerprinter::Of(const SpanRecord& span) {
  if (span.resource != resource_ || span.scope != scope_) {
    resource_ = span.resource;
    scope_ = span.scope;
    const std::uint64_t resource = XXH3_64bits(resource_->data(), resource_->size());
    context_ = XXH3_64bits_withSeed(scope_->data(), scope_->size(), resource);
  }
  return XXH3_64bits_withSeed(span.span.data(), span.span.size(), context_);
}

}  // namespace clew::store
