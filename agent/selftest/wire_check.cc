#include "agent/selftest/wire_check.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/hex.h"

namespace clew::selftest {
namespace {

constexpr std::size_t kPeriod = kPatternPeriod;
// The longest line that an insertion may have: "tracestate: " with the 512 characters that W3C asks
// to propagate.
constexpr std::size_t kMaxInserted = 600;

// Two periods, so that any run of up to one period is contiguous.
const std::string& PatternBytes() {
  static const std::string bytes = [] {
    std::string once(kPeriod, '\0');
    std::uint64_t state = 0x9e3779b97f4a7c15;  // xorshift64
    for (char& c : once) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      c = static_cast<char>(state >> 32);
    }
    return once + once;
  }();
  return bytes;
}

// "traceparent: 00-{32 hex}-{16 hex}-{2 hex}\r\n"
bool IsTraceparentLine(std::string_view line) {
  constexpr std::string_view kName = "traceparent: 00-";
  if (line.size() != kName.size() + 32 + 1 + 16 + 1 + 2 + 2 || !line.starts_with(kName))
    return false;
  line.remove_prefix(kName.size());
  return IsLowerHex(line.substr(0, 32)) && line[32] == '-' && IsLowerHex(line.substr(33, 16)) &&
         line[49] == '-' && IsLowerHex(line.substr(50, 2)) && line.ends_with("\r\n");
}

bool IsTracestateLine(std::string_view line) {
  return line.starts_with("tracestate: ") && line.ends_with("\r\n");
}

}  // namespace

std::string RequestHead(std::string_view path, std::size_t body_size, std::string_view extra) {
  std::string head = body_size ? "POST" : "GET";
  head.append(" /clew-self-test/").append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  head.append(extra);
  if (body_size) head.append("Content-Length: ").append(std::to_string(body_size)).append("\r\n");
  return head.append("\r\n");
}

std::string Response(std::size_t body_size) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body_size) + "\r\n\r\n" +
         Pattern(0, body_size);
}

std::string Pattern(std::size_t offset, std::size_t size) {
  std::string out;
  out.reserve(size);
  while (size > 0) {
    const std::size_t run = std::min(size, kPeriod);
    out.append(PatternBytes(), offset % kPeriod, run);
    offset += run;
    size -= run;
  }
  return out;
}

bool IsPattern(std::size_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t run = std::min(bytes.size(), kPeriod);
    if (std::memcmp(bytes.data(), PatternBytes().data() + offset % kPeriod, run) != 0) return false;
    offset += run;
    bytes.remove_prefix(run);
  }
  return true;
}

void WireCheck::ExpectRequest(std::string_view request) {
  insertion_points_.push_back(expected_.size() + request.find("\r\n") + 2);
  expected_.append(request);
}

void WireCheck::ExpectBytes(std::string_view bytes) { expected_.append(bytes); }

bool WireCheck::Feed(std::string_view arrived) {
  while (problem_.empty() && !arrived.empty()) {
    if (next_point_ < insertion_points_.size() && matched_ == insertion_points_[next_point_]) {
      if (!inserted_.empty() || arrived[0] == 't') {
        if (!FeedInserted(arrived[0])) return false;
        arrived.remove_prefix(1);
        continue;
      }
      ++next_point_;
      has_traceparent_ = false;
    }
    const std::size_t end =
        next_point_ < insertion_points_.size() ? insertion_points_[next_point_] : expected_.size();
    const std::size_t run = std::min(arrived.size(), end - matched_);
    if (run == 0) return Fail("bytes after the end, " + std::to_string(arrived.size()));
    if (std::memcmp(arrived.data(), expected_.data() + matched_, run) != 0) {
      const auto differs =
          std::mismatch(arrived.begin(), arrived.begin() + run, expected_.begin() + matched_);
      matched_ += differs.first - arrived.begin();
      return Fail("byte " + std::to_string(matched_) + " of " + std::to_string(expected_.size()) +
                  " differs");
    }
    matched_ += run;
    arrived.remove_prefix(run);
  }
  return problem_.empty();
}

bool WireCheck::FeedInserted(char c) {
  inserted_.push_back(c);
  if (c != '\n') {
    return inserted_.size() < kMaxInserted ||
           Fail("an inserted line of more than " + std::to_string(kMaxInserted) + " bytes");
  }
  if (!has_traceparent_ && IsTraceparentLine(inserted_)) {
    has_traceparent_ = true;
    ++headers_seen_;
  } else if (has_traceparent_ && IsTracestateLine(inserted_)) {
    ++next_point_;
    has_traceparent_ = false;
  } else {
    return Fail("an inserted line is no trace header");
  }
  inserted_.clear();
  return true;
}

bool WireCheck::Fail(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

}  // namespace clew::selftest
