// Decompression of requests, bounded.
//
// gRPC 1.51 decompresses a message as a whole before it looks at the size limit: 64 MB of zeros
// well packed become 60 GB of memory. So that is switched off for the receiver
// (rpc::ListenOptions::raw_compressed), and done here. gRPC does not tell a raw service which
// algorithm was used; the bytes do, and no export request begins like either of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::receiver {

// Whether a message begins as gRPC's "gzip" (RFC 1952) or "deflate" (zlib, RFC 1950) does. As
// protobuf, the former would be a wire type that does not exist and the latter an unknown field 15
// of the request.
bool LooksCompressed(std::string_view message);

// The decompressed message. kExhausted when it is over `limit` bytes, kInvalid when it is damaged
// or cut short.
Result<std::string> Inflate(std::string_view compressed, std::size_t limit);

}  // namespace clew::receiver
