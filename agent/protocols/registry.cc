#include "agent/protocols/http1/session.h"
#include "agent/protocols/session.h"

namespace clew::protocols {
namespace {

bool LooksLikeHttp1(std::string_view first_bytes) {
  return http1::LooksLikeRequest(first_bytes) != http1::Likeness::kNo ||
         http1::LooksLikeResponse(first_bytes) != http1::Likeness::kNo;
}

std::unique_ptr<ProtocolSession> MakeHttp1(const conn::ConnInfo& conn, ParseCounters& counters) {
  return std::make_unique<http1::Session>(conn, counters, context::RandomIds());
}

}  // namespace

const std::vector<Protocol>& Registry() {
  static const std::vector<Protocol> protocols = {
      {.name = "http1", .looks_like = LooksLikeHttp1, .make = MakeHttp1},
  };
  return protocols;
}

}  // namespace clew::protocols
