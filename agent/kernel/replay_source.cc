#include "agent/kernel/replay_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace clew::kernel {
namespace {

constexpr std::size_t kReadSize = 256 << 10;
constexpr int kMaxEventsPerPoll =
    4096;  // a recording without ends of drains must not starve the caller

}  // namespace

ReplaySource::ReplaySource(Fd file, std::string path, ProcessMetadataSink& processes)
    : file_(std::move(file)), path_(std::move(path)), processes_(processes) {}

Result<std::unique_ptr<ReplaySource>> ReplaySource::Open(const std::string& path,
                                                         ProcessMetadataSink& processes) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return ErrnoError("open", path, errno);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return ErrnoError("stat", path, errno);
  if (!S_ISREG(status.st_mode))
    return Error{Code::kInvalid, "open " + path + ": not a regular file"};
  std::unique_ptr<ReplaySource> source(new ReplaySource(std::move(file), path, processes));
  const auto filled = source->Fill(kRecordingHeaderSize);
  if (!filled) return filled.error();
  auto header = DecodeHeader(std::string_view(source->buffer_).substr(0, kRecordingHeaderSize));
  if (!header) return Error{header.error().code, path + ": " + header.error().message};
  source->header_ = std::move(*header);
  source->position_ = kRecordingHeaderSize;
  return source;
}

Result<bool> ReplaySource::Fill(std::size_t size) {
  if (buffer_.size() - position_ >= size) return true;
  consumed_ += position_;
  buffer_.erase(0, position_);
  position_ = 0;
  while (buffer_.size() < size) {
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kReadSize);
    const ssize_t n = read(file_.get(), buffer_.data() + before, kReadSize);
    buffer_.resize(before + static_cast<std::size_t>(n > 0 ? n : 0));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("read", path_, errno);
    if (n == 0) return false;
  }
  return true;
}

Error ReplaySource::Corrupt(const char* what) const {
  return Error{Code::kCorrupt,
               path_ + ": " + what + " at offset " + std::to_string(consumed_ + position_)};
}

Result<int> ReplaySource::Poll(std::chrono::milliseconds, EventSink& sink) {
  int events = 0;
  while (events < kMaxEventsPerPoll) {
    auto filled = Fill(kEntryHeaderSize);
    if (!filled) return filled.error();
    if (!*filled) {
      if (position_ < buffer_.size()) return Corrupt("the recording ends within an entry");
      if (events > 0) break;  // the end is told by the next call
      return Error{Code::kNotFound, path_ + ": the recording ends"};
    }
    ByteCursor in(std::string_view(buffer_).substr(position_, kEntryHeaderSize));
    const std::uint8_t kind = *in.U8();
    const std::uint32_t length = *in.U32be();
    if (length > kMaxEntry) return Corrupt("an entry is longer than any can be");
    filled = Fill(kEntryHeaderSize + length);
    if (!filled) return filled.error();
    if (!*filled) return Corrupt("the recording ends within an entry");
    const std::string_view payload =
        std::string_view(buffer_).substr(position_ + kEntryHeaderSize, length);
    switch (static_cast<EntryKind>(kind)) {
      case EntryKind::kEvent: {
        if (!IsWholeRecord(payload))
          return Corrupt("an event is not of the form that its type has");
        clew_event_header header;  // the payload may lie at any address
        std::memcpy(&header, payload.data(), sizeof(header));
        sink.OnEvent(header, payload);
        ++events;
        break;
      }
      case EntryKind::kProcess: {
        ByteCursor process(payload);
        const auto tgid = process.U32be();
        if (!tgid) return Corrupt("a process entry is too short");
        processes_.OnProcessMetadata(*tgid, process.rest());
        break;
      }
      case EntryKind::kDrained:
        position_ += kEntryHeaderSize + length;
        sink.OnDrained();
        return events;
      default:
        return Corrupt("an entry is of an unknown kind");
    }
    position_ += kEntryHeaderSize + length;
  }
  sink.OnDrained();
  return events;
}

}  // namespace clew::kernel
