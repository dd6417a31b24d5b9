#include "cli/render/waterfall.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>

#include "cli/render/text.h"
#include "tests/unit/cli/make_span.h"

namespace clew::cli {
namespace {

constexpr SpanKind kServer = SpanKind::kServer;
constexpr SpanKind kClient = SpanKind::kClient;

// Compares with tests/unit/cli/golden/NAME.txt; UPDATE_GOLDEN=1 writes it instead.
void ExpectGolden(const std::string& name, const std::string& drawn) {
  const std::string path = std::string(CLEW_SOURCE_DIR) + "/tests/unit/cli/golden/" + name + ".txt";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << drawn;
  std::ifstream file(path);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(drawn, expected) << path;
}

void ExpectFits(const std::string& drawn, int width) {
  std::istringstream lines(drawn);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(Columns(line), width) << line;
}

std::vector<SpanView> Checkout() {
  std::vector<SpanView> spans = {
      MakeSpan(1, 0, "frontend", "GET /orders/{id}", kServer, 0, 212),
      MakeSpan(2, 1, "frontend", "GET", kClient, 3, 208),
      MakeSpan(3, 2, "checkout", "GET /api/v1/orders/{id}", kServer, 5, 207),
      MakeSpan(4, 3, "checkout", "SELECT orders", kClient, 10, 24.2),
      MakeSpan(5, 3, "checkout", "POST", kClient, 30, 201),
      MakeSpan(6, 5, "pay", "POST /charge", kServer, 48, 199),
  };
  spans[3].peer = "db:5432";
  for (const std::size_t failed : {std::size_t{4}, std::size_t{5}}) {
    spans[failed].error = true;
    spans[failed].status = "503";
  }
  return spans;
}

TEST(Waterfall, DrawsACallPerLine) {
  ExpectGolden("checkout", DrawWaterfall(Checkout(), {}, {.width = 110}));
}

TEST(Waterfall, DrawsASpanPerLineWhenAsked) {
  ExpectGolden("checkout_all", DrawWaterfall(Checkout(), {.all_spans = true}, {.width = 110}));
  ExpectGolden("checkout_wide", DrawWaterfall(Checkout(), {.wide = true}, {.width = 140}));
}

TEST(Waterfall, FallsBackToAscii) {
  const std::string drawn = DrawWaterfall(Checkout(), {}, {.ascii = true, .width = 110});
  ExpectGolden("checkout_ascii", drawn);
  for (const char c : drawn) ASSERT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
}

TEST(Waterfall, MarksACallWhoseEndsWereJoined) {
  std::vector<SpanView> spans = Checkout();
  spans[2].joined = true;
  EXPECT_NE(DrawWaterfall(spans, {}, {.width = 140}).find("GET /api/v1/orders/{id} (joined)"),
            std::string::npos);
}

TEST(Waterfall, PaintsErrorsRed) {
  const std::string drawn = DrawWaterfall(Checkout(), {}, {.colour = true, .width = 110});
  EXPECT_NE(drawn.find("\x1b[31m✗ 503\x1b[0m"), std::string::npos);
  EXPECT_NE(drawn.find("\x1b[31mERROR\x1b[0m"), std::string::npos);
}

TEST(Waterfall, SaysWhatIsMissing) {
  std::vector<SpanView> spans = Checkout();
  spans.erase(spans.begin() + 1);
  ExpectGolden("missing_parent", DrawWaterfall(spans, {}, {.width = 110}));
}

TEST(Waterfall, DrawsSkewedClocksAsTheyAreAndWithoutNegativeBars) {
  std::vector<SpanView> spans = Checkout();
  spans[2].start -= 500'000'000;  // the checkout's clock is half a second behind
  spans[2].end -= 500'000'000;
  spans[5].end = spans[5].start;
  ExpectGolden("skewed", DrawWaterfall(spans, {}, {.width = 110}));
}

TEST(Waterfall, IsNotCorruptedByWhatASpanIsCalled) {
  std::vector<SpanView> spans = Checkout();
  spans[0].name = "GET /\x1b[2J\x1b]0;owned\x07\n\u202eevil";
  spans[2].service = "\u6ce8\u6587\u30b5\u30fc\u30d3\u30b9";
  spans[3].peer = std::string(5000, 'x');
  spans[5].status =
      "\x9b"
      "31m" +
      std::string(300, '\t');
  const std::string drawn = DrawWaterfall(spans, {}, {.width = 110});
  ExpectGolden("hostile", drawn);
  ExpectFits(drawn, 110);
}

TEST(Waterfall, FitsAnyTerminalAndHidesNoRow) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<SpanView> spans;
    const int count = 1 + static_cast<int>(random() % 60);
    for (int i = 1; i <= count; ++i) {
      const double start = static_cast<double>(random() % 100);
      // Mostly chains, so that trees get deeper than what is drawn.
      const int parent = random() % 4 == 0 ? static_cast<int>(random() % 61) : i - 1;
      SpanView span = MakeSpan(static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(parent),
                               std::string(random() % 40, 's'), std::string(random() % 90, 'n'),
                               static_cast<SpanKind>(random() % 6), start,
                               start + static_cast<double>(random() % 50));
      span.error = random() % 3 == 0;
      if (span.error) span.status = std::string(random() % 30, 'e');
      spans.push_back(std::move(span));
    }
    for (const int width : {0, 60, 81, 120, 300}) {
      for (const bool wide : {false, true}) {
        const std::string drawn =
            DrawWaterfall(spans, {.all_spans = true, .wide = wide}, {.width = width});
        ExpectFits(drawn, std::max(width, 60));
        EXPECT_GE(std::count(drawn.begin(), drawn.end(), '\n'), count + 2);
      }
    }
  }
}

}  // namespace
}  // namespace clew::cli
