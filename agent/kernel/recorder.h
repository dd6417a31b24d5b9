// Writes what the kernel side delivers to a file, on its way to the next stage.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/kernel/event_source.h"
#include "agent/kernel/recording.h"
#include "base/counter.h"
#include "base/fd.h"
#include "base/result.h"

namespace clew::kernel {

// Ring thread, except Counters(). Writes are buffered and go to the page cache; when one fails
// (disk full), recording stops, is said so in the log, and tracing goes on.
class Recorder final : public EventSink {
 public:
  // Creates or truncates `path`, readable by its owner alone: the file holds payloads. `next` must
  // outlive the recorder.
  static Result<std::unique_ptr<Recorder>> Make(const std::string& path,
                                                const RecordingHeader& header, EventSink& next);
  ~Recorder() override;

  void OnEvent(const clew_event_header& header, std::string_view record) override;
  void OnDrained() override;
  // What a replay must know of a process. Called while `next` works on an event, it comes before
  // that event in the file.
  void WriteProcess(std::uint32_t tgid, std::string_view metadata);
  // Writes what is buffered.
  Status Flush();

  std::vector<NamedCounter> Counters() const;

 private:
  Recorder(Fd file, std::string path, EventSink& next);
  void Append(EntryKind kind, std::string_view prefix, std::string_view payload);

  Fd file_;
  const std::string path_;
  EventSink& next_;
  std::string buffer_;
  bool in_drain_ = false;  // events since the last end of a drain
  bool failed_ = false;
  std::atomic<std::uint64_t> entries_{0}, lost_{0};
};

}  // namespace clew::kernel
