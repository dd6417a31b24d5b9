// Every case of tests/golden/http1 gives its exchanges, however the bytes are cut into calls.
// UPDATE_GOLDEN=1 writes the *.expected files anew; read their diff before committing it.
#include "tests/unit/agent/protocols/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace clew::protocols::golden {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(CLEW_SOURCE_DIR) / "tests/golden/http1";

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Case ReadCase(const std::string& name) { return Parse(ReadFile(kFolder / (name + ".bytes"))); }

std::vector<std::string> AllCases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".bytes") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Those that do not depend on where calls begin.
std::vector<std::string> SplittableCases() {
  std::vector<std::string> names = AllCases();
  std::erase_if(names, [](const std::string& name) { return ReadCase(name).whole; });
  return names;
}

// `step` as two calls, the first with `n` of its bytes.
std::vector<Step> SplitAt(const std::vector<Step>& steps, std::size_t index, std::size_t n) {
  std::vector<Step> result = steps;
  Step second = steps[index];
  second.bytes.erase(0, n);
  result[index].bytes.resize(n);
  result.insert(result.begin() + static_cast<std::ptrdiff_t>(index) + 1, second);
  return result;
}

std::vector<Step> ByteByByte(const std::vector<Step>& steps) {
  std::vector<Step> result;
  for (const Step& step : steps) {
    if (step.kind != Step::Kind::kBytes) {
      result.push_back(step);
      continue;
    }
    for (const char c : step.bytes) {
      result.push_back(step);
      result.back().bytes = c;
    }
  }
  return result;
}

class Golden : public testing::TestWithParam<std::string> {
 protected:
  const Case case_ = ReadCase(GetParam());
};
class SplitGolden : public Golden {};

TEST_P(Golden, GivesTheExpectedExchanges) {
  const std::filesystem::path expected = kFolder / (GetParam() + ".expected");
  const std::string actual = Replay(case_.steps);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(expected, std::ios::binary) << actual;
  EXPECT_EQ(actual, ReadFile(expected));
}

TEST_P(SplitGolden, GivesTheSameAtEverySplitPoint) {
  const std::string whole = Replay(case_.steps);
  for (std::size_t i = 0; i < case_.steps.size(); ++i) {
    for (std::size_t n = 1; n < case_.steps[i].bytes.size(); ++n) {
      ASSERT_EQ(Replay(SplitAt(case_.steps, i, n)), whole) << "step " << i << " at byte " << n;
    }
  }
}

TEST_P(SplitGolden, GivesTheSameByteByByte) {
  EXPECT_EQ(Replay(ByteByByte(case_.steps)), Replay(case_.steps));
}

const auto kName = [](const testing::TestParamInfo<std::string>& info) { return info.param; };
INSTANTIATE_TEST_SUITE_P(Http1, Golden, testing::ValuesIn(AllCases()), kName);
INSTANTIATE_TEST_SUITE_P(Http1, SplitGolden, testing::ValuesIn(SplittableCases()), kName);

}  // namespace
}  // namespace clew::protocols::golden
