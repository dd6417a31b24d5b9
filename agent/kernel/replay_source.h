// Reads a --record file as if it were the ring buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/kernel/event_source.h"
#include "agent/kernel/recording.h"
#include "base/fd.h"
#include "base/result.h"

namespace clew::kernel {

// Receives what a recording says of processes, before the events that need it.
class ProcessMetadataSink {
 public:
  virtual ~ProcessMetadataSink() = default;
  // `metadata` is valid during the call only, and as hostile as the file.
  virtual void OnProcessMetadata(std::uint32_t tgid, std::string_view metadata) = 0;
};

// Never waits: delivers one drain of the recording for each Poll, in the order in which it was
// recorded. A file that ends within an entry, or has one that cannot be, gives kCorrupt with the
// offset; what came before has been delivered.
class ReplaySource final : public EventSource {
 public:
  // `processes` must outlive the source.
  static Result<std::unique_ptr<ReplaySource>> Open(const std::string& path,
                                                    ProcessMetadataSink& processes);

  Result<int> Poll(std::chrono::milliseconds timeout, EventSink& sink) override;
  const RecordingHeader& header() const { return header_; }

 private:
  ReplaySource(Fd file, std::string path, ProcessMetadataSink& processes);
  // Makes at least `size` bytes available in buffer_ from position_ on; false at the end of the
  // file.
  Result<bool> Fill(std::size_t size);
  Error Corrupt(const char* what) const;

  Fd file_;
  const std::string path_;
  ProcessMetadataSink& processes_;
  RecordingHeader header_;
  std::string buffer_;
  std::size_t position_ = 0;    // of the next unread byte in buffer_
  std::uint64_t consumed_ = 0;  // file offset of buffer_[0]
};

}  // namespace clew::kernel
