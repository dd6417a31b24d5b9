// Compares what arrived with what was sent, byte by byte, while allowing for the header lines that
// injection may add.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clew::selftest {

// "{method} /clew-self-test/{path} HTTP/1.1", Host and Content-Length lines, the empty line.
// `extra` is whole header lines. No line of it begins with "t": WireCheck tells inserted lines by
// that.
std::string RequestHead(std::string_view path, std::size_t body_size, std::string_view extra = "");
// A whole response with a body of Pattern(0, body_size).
std::string Response(std::size_t body_size);

// The bytes after which Pattern() repeats.
inline constexpr std::size_t kPatternPeriod = 65521;  // the largest prime below 64 KiB
// `size` bytes of a fixed pseudo-random stream from `offset` on. Its period is a prime number of
// bytes, so that a page, a segment or a buffer that is lost, doubled or moved does not fit.
std::string Pattern(std::size_t offset, std::size_t size);
// Whether `bytes` is what Pattern(offset, bytes.size()) gives, without building it.
bool IsPattern(std::size_t offset, std::string_view bytes);

class WireCheck {
 public:
  // Appends an HTTP request (head and body): behind its first line one `traceparent` line may be
  // inserted, and one `tracestate` line behind that.
  void ExpectRequest(std::string_view request);
  // Appends bytes that must arrive as they are.
  void ExpectBytes(std::string_view bytes);

  // Takes the next bytes that arrived; at most wanted() of them, so that nothing behind the
  // expected end is consumed. False at the first wrong byte; problem() then says where.
  bool Feed(std::string_view arrived);
  // How many bytes must still come at least. 0: complete.
  std::size_t wanted() const { return expected_.size() - matched_; }
  bool complete() const { return wanted() == 0; }
  // Expected bytes that have arrived, insertions not counted.
  std::size_t matched() const { return matched_; }
  const std::string& problem() const { return problem_; }
  int requests() const { return static_cast<int>(insertion_points_.size()); }
  // Requests whose `traceparent` line was inserted.
  int headers_seen() const { return headers_seen_; }

 private:
  bool FeedInserted(char c);
  bool Fail(std::string problem);

  std::string expected_;
  std::vector<std::size_t> insertion_points_;  // ascending offsets into expected_
  std::size_t next_point_ = 0;
  std::size_t matched_ = 0;
  std::string inserted_;          // the inserted line that is arriving
  bool has_traceparent_ = false;  // at the current insertion point
  int headers_seen_ = 0;
  std::string problem_;
};

}  // namespace clew::selftest
