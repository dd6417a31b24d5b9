#include "agent/metrics.h"

#include <gtest/gtest.h>

namespace clew::agent {
namespace {

bool HasLine(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, PlainCountersAndGaugesHaveTheirOwnName) {
  const std::string text =
      RenderMetrics({{"exchanges", "Requests.", 5}}, {{"processes", "Now.", 2}});
  EXPECT_TRUE(HasLine(text, "# TYPE clew_agent_exchanges_total counter"));
  EXPECT_TRUE(HasLine(text, "clew_agent_exchanges_total 5")) << text;
  EXPECT_TRUE(HasLine(text, "# TYPE clew_agent_processes gauge"));
  EXPECT_TRUE(HasLine(text, "clew_agent_processes 2"));
  EXPECT_NE(text.find("process_resident_memory_bytes "), std::string::npos);
  EXPECT_NE(text.find("process_cpu_seconds_total "), std::string::npos);
}

TEST(Metrics, ReasonsAreLabelsOfOneFamily) {
  const std::string text = RenderMetrics({{"drop_ring_full", "x", 1},
                                          {"drop_user_fault", "y", 2},
                                          {"inject_inserted", "z", 3},
                                          {"inject_skip_no_room", "z", 4},
                                          {"inject_adopted", "z", 5},
                                          {"spans_dropped_queue_full", "q", 6},
                                          {"spans_server", "s", 7},
                                          {"spans_sent", "s", 8}},
                                         {});
  EXPECT_TRUE(HasLine(text, "clew_agent_kernel_drops_total{reason=\"ring_full\"} 1")) << text;
  EXPECT_TRUE(HasLine(text, "clew_agent_kernel_drops_total{reason=\"user_fault\"} 2"));
  EXPECT_TRUE(HasLine(text, "clew_agent_injections_total{outcome=\"inserted\"} 3"));
  EXPECT_TRUE(HasLine(text, "clew_agent_injection_skips_total{reason=\"no_room\"} 4"));
  EXPECT_TRUE(HasLine(text, "clew_agent_injection_skips_total{reason=\"adopted\"} 5"));
  EXPECT_TRUE(HasLine(text, "clew_agent_spans_dropped_total{reason=\"queue_full\"} 6"));
  EXPECT_TRUE(HasLine(text, "clew_agent_spans_total{kind=\"server\"} 7"));
  EXPECT_TRUE(HasLine(text, "clew_agent_spans_sent_total 8"));
  const std::string type = "# TYPE clew_agent_kernel_drops_total counter";
  EXPECT_EQ(text.find(type), text.rfind(type)) << "one family, one header";
}

}  // namespace
}  // namespace clew::agent
