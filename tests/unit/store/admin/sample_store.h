// Stores for the tests of checks and backups.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "open_store.h"
#include "store/admin/reports.h"
#include "test_spans.h"

namespace clew::store {

inline std::unique_ptr<RocksStore> OpenSample(const std::string& path) {
  return OpenStore({.path = path, .segment_rows = 20});
}

// Traces `first` and following, each of one span; noise, so that tables have many blocks.
inline SpanBatch SampleTraces(std::uint64_t first, std::uint64_t count) {
  std::mt19937_64 random(first);
  SpanBatch batch;
  for (std::uint64_t i = first; i < first + count; ++i) {
    std::string noise;
    for (int n = 0; n < 500; ++n) noise += static_cast<char>('!' + random() % 90);
    batch.push_back(MakeSpan({.trace = i, .payload = noise}));
  }
  return batch;
}

inline constexpr std::uint64_t kSampleSealed = 100;
inline constexpr std::uint64_t kSampleHot = 10;

// A closed store with sealed and hot spans.
inline void MakeSample(const std::string& path) {
  const auto store = OpenSample(path);
  CLEW_CHECK(store->Append(SampleTraces(1, kSampleSealed)).has_value());
  CLEW_CHECK(store->Seal().has_value());
  CLEW_CHECK(store->Append(SampleTraces(1000, kSampleHot)).has_value());
}

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void WriteFile(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
// Sorted.
inline std::vector<std::string> NamesIn(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Collects what is handed out, as "place: problem".
class Damages {
 public:
  EachDamage each() {
    return [this](const Damage& damage) {
      lines_.push_back(damage.place + ": " + damage.problem);
      CLEW_CHECK(!damage.remedy.empty());
    };
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace clew::store
