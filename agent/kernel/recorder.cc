#include "agent/kernel/recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.h"

namespace clew::kernel {
namespace {

constexpr std::size_t kBufferSize = 1 << 20;
constexpr mode_t kOwnerOnly = 0600;

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::Make(const std::string& path,
                                                 const RecordingHeader& header, EventSink& next) {
  Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (!file.valid()) return ErrnoError("create", path, errno);
  std::unique_ptr<Recorder> recorder(new Recorder(std::move(file), path, next));
  recorder->buffer_ = EncodeHeader(header);
  if (auto written = recorder->Flush(); !written) return written.error();
  return recorder;
}

Recorder::Recorder(Fd file, std::string path, EventSink& next)
    : file_(std::move(file)), path_(std::move(path)), next_(next) {
  buffer_.reserve(kBufferSize + kMaxEntry + kEntryHeaderSize);
}

Recorder::~Recorder() {
  if (auto written = Flush(); !written)
    LOG_ERROR("recording is not complete", {"error", written.error().message});
}

// Passed on first, written then: what later stages say of a process while they work on the event
// comes before it in the file.
void Recorder::OnEvent(const clew_event_header& header, std::string_view record) {
  in_drain_ = true;
  next_.OnEvent(header, record);
  Append(EntryKind::kEvent, {}, record);
}

void Recorder::OnDrained() {
  next_.OnDrained();
  if (in_drain_) Append(EntryKind::kDrained, {}, {});
  in_drain_ = false;
}

void Recorder::WriteProcess(std::uint32_t tgid, std::string_view metadata) {
  std::string prefix;
  AppendU32be(prefix, tgid);
  Append(EntryKind::kProcess, prefix, metadata);
}

void Recorder::Append(EntryKind kind, std::string_view prefix, std::string_view payload) {
  const std::size_t size = prefix.size() + payload.size();
  if (failed_ || size > kMaxEntry) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  entries_.fetch_add(1, std::memory_order_relaxed);
  AppendEntryHeader(buffer_, kind, size);
  buffer_.append(prefix).append(payload);
  if (buffer_.size() < kBufferSize) return;
  if (auto written = Flush(); !written) {
    failed_ = true;
    LOG_ERROR("recording ends here", {"error", written.error().message});
  }
}

Status Recorder::Flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && !failed_) {
    const ssize_t n = write(file_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const Error error = ErrnoError("write", path_, errno);
      buffer_.clear();
      return error;
    }
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
  return {};
}

std::vector<NamedCounter> Recorder::Counters() const {
  return {
      {"recorded_entries", "Entries written to the --record file",
       entries_.load(std::memory_order_relaxed)},
      {"recorded_entries_lost", "Entries that could not be written",
       lost_.load(std::memory_order_relaxed)},
  };
}

}  // namespace clew::kernel
