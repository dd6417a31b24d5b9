#include "agent/kernel/recording.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <vector>

#include "agent/kernel/recorder.h"
#include "agent/kernel/replay_source.h"
#include "tests/unit/agent/kernel_replay/events.h"
#include "tests/unit/agent/kernel_replay/temp_file.h"

namespace clew::kernel {
namespace {

constexpr std::chrono::milliseconds kNow{0};

// What comes out, as text lines, in order.
class Journal : public EventSink, public ProcessMetadataSink {
 public:
  void OnEvent(const clew_event_header& header, std::string_view record) override {
    lines.push_back("event " + std::to_string(header.conn) + " " + std::to_string(record.size()));
    if (before_event_is_written) before_event_is_written();
  }
  void OnDrained() override { lines.push_back("drained"); }
  void OnProcessMetadata(std::uint32_t tgid, std::string_view metadata) override {
    lines.push_back("process " + std::to_string(tgid) + " " + std::string(metadata));
  }
  std::vector<std::string> lines;
  std::function<void()> before_event_is_written;
};

void Give(EventSink& sink, const std::string& record) {
  clew_event_header header;
  std::memcpy(&header, record.data(), sizeof(header));
  sink.OnEvent(header, record);
}

// Polls to the end; the error that it ends with.
Error ReplayAll(const std::string& path, Journal& journal) {
  auto source = ReplaySource::Open(path, journal);
  if (!source) return source.error();
  for (int i = 0; i < 1000; ++i) {
    if (auto polled = (*source)->Poll(kNow, journal); !polled) return polled.error();
  }
  return Error{Code::kInternal, "no end"};
}

std::string SmallRecording(const TempFile& file) {
  Journal next;
  auto recorder = Recorder::Make(
      file.path(), {.clock_offset = std::chrono::nanoseconds(-5), .boot_id = "boot"}, next);
  EXPECT_TRUE(recorder);
  (*recorder)->WriteProcess(42, "shop");
  Give(**recorder, OpenEvent(1, 10));
  (*recorder)->OnDrained();
  (*recorder)->OnDrained();  // nothing in between: not written
  Give(**recorder, DataEvent(1, 20, CLEW_INGRESS, 0, "GET / HTTP/1.1\r\n\r\n", CLEW_DATA_REQUEST));
  Give(**recorder, BytesOf(HeaderOf(CLEW_EVENT_CONN_CLOSE, 1, 30)));
  recorder->reset();
  return file.Read();
}

TEST(Recording, WhatWasRecordedIsReplayedInItsOrder) {
  const TempFile file;
  SmallRecording(file);
  Journal journal;
  const Error end = ReplayAll(file.path(), journal);
  EXPECT_EQ(end.code, Code::kNotFound) << end.message;
  EXPECT_EQ(journal.lines,
            (std::vector<std::string>{"process 42 shop", "event 1 80", "drained",
                                      "event 1 " + std::to_string(sizeof(clew_data_event) + 18),
                                      "event 1 32", "drained"}));
  Journal other;
  EXPECT_EQ((*ReplaySource::Open(file.path(), other))->header().clock_offset,
            std::chrono::nanoseconds(-5));
  EXPECT_EQ((*ReplaySource::Open(file.path(), other))->header().boot_id, "boot");
}

TEST(Recording, OneWithTheFirstEventsIsReadToo) {
  const TempFile file;
  std::string older = SmallRecording(file);
  older[15] = 1;
  file.Write(older);
  Journal journal;
  EXPECT_EQ(ReplayAll(file.path(), journal).code, Code::kNotFound);
  EXPECT_EQ(journal.lines.size(), 6u);
}

TEST(Recording, IsForItsOwnersEyesOnly) {
  const TempFile file;
  SmallRecording(file);
  struct stat status {};
  ASSERT_EQ(stat(file.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(Recording, WhatIsSaidOfAProcessDuringAnEventComesBeforeIt) {
  const TempFile file;
  Journal next;
  auto recorder = Recorder::Make(file.path(), {}, next);
  ASSERT_TRUE(recorder);
  next.before_event_is_written = [&]() { (*recorder)->WriteProcess(7, "x"); };
  Give(**recorder, OpenEvent(1, 10));
  recorder->reset();
  Journal journal;
  ReplayAll(file.path(), journal);
  EXPECT_EQ(journal.lines, (std::vector<std::string>{"process 7 x", "event 1 80", "drained"}));
}

TEST(Recording, EveryTruncationIsToldAndNothingIsMadeUp) {
  const TempFile file;
  const std::string whole = SmallRecording(file);
  Journal complete;
  ReplayAll(file.path(), complete);
  int clean_ends = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    file.Write(whole.substr(0, n));
    Journal journal;
    const Error end = ReplayAll(file.path(), journal);
    EXPECT_TRUE(end.code == Code::kCorrupt || end.code == Code::kNotFound)
        << n << " " << end.message;
    clean_ends += end.code == Code::kNotFound ? 1 : 0;
    EXPECT_LE(journal.lines.size(), complete.lines.size() + 1) << n;
  }
  EXPECT_EQ(clean_ends, 5) << "where an entry ends";
}

TEST(Recording, HostileBytesAreRefusedWithAReason) {
  const TempFile file;
  const std::string whole = SmallRecording(file);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char value : {'\xff', '\0', '\x7f'}) {
      std::string corrupt = whole;
      corrupt[i] = value;
      file.Write(corrupt);
      Journal journal;
      EXPECT_FALSE(ReplayAll(file.path(), journal).message.empty());
    }
  }
}

TEST(Recording, OtherFilesAndOtherVersionsAreNamedAsSuch) {
  const TempFile file;
  Journal journal;
  EXPECT_EQ(ReplayAll(file.path(), journal).code, Code::kNotFound);
  file.Write("GIF89a");
  EXPECT_NE(ReplayAll(file.path(), journal).message.find("not a recording"), std::string::npos);
  std::string newer = EncodeHeader({});
  newer[11] = 9;
  file.Write(newer);
  EXPECT_NE(ReplayAll(file.path(), journal).message.find("format 9"), std::string::npos);
  newer = EncodeHeader({});
  newer[15] = CLEW_EVENT_VERSION + 1;
  file.Write(newer);
  EXPECT_NE(ReplayAll(file.path(), journal).message.find("this agent reads format 1, events 1 to 2"),
            std::string::npos);
  std::string swapped = EncodeHeader({});
  std::swap(swapped[16], swapped[19]);
  file.Write(swapped);
  EXPECT_NE(ReplayAll(file.path(), journal).message.find("byte order"), std::string::npos);
  EXPECT_EQ(ReplayAll("/dev/zero", journal).code, Code::kInvalid);
}

TEST(Recording, OnlyWholeRecordsAreEvents) {
  for (const std::string& record : {OpenEvent(1, 1), DataEvent(1, 1, CLEW_INGRESS, 0, "abc", 0),
                                    BytesOf(HeaderOf(CLEW_EVENT_EOF, 1, 1))}) {
    EXPECT_TRUE(IsWholeRecord(record));
    EXPECT_FALSE(IsWholeRecord(std::string_view(record).substr(0, record.size() - 1)));
  }
  EXPECT_FALSE(IsWholeRecord(BytesOf(HeaderOf(CLEW_EVENT_REENTER, 1, 1)))) << "for the loader only";
  EXPECT_FALSE(IsWholeRecord(BytesOf(HeaderOf(0, 1, 1))));
  EXPECT_FALSE(IsWholeRecord(""));
}

TEST(Recorder, AFullDiskEndsTheRecordingAndNotTheTracing) {
  Journal next;
  auto recorder = Recorder::Make("/dev/full", {}, next);
  EXPECT_FALSE(recorder) << "even the header does not fit";
}

}  // namespace
}  // namespace clew::kernel
