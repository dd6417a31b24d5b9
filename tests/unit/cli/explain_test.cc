#include <utility>

#include "tests/unit/cli/commands_fixture.h"

namespace clew::cli {
namespace {

// A span of the trace, with attributes as text or number.
void AddExplained(FakeClient& client, char id, char parent, int kind,
                  const std::vector<std::pair<std::string, std::string>>& texts,
                  double confidence = -1) {
  auto* resource = client.chunks.emplace_back().add_resource_spans();
  auto* service = resource->mutable_resource()->add_attributes();
  service->set_key("service.name");
  service->mutable_value()->set_string_value("shop");
  auto* span = resource->add_scope_spans()->add_spans();
  span->set_trace_id(std::string(16, 'T'));
  span->set_span_id(std::string(8, id));
  if (parent != 0) span->set_parent_span_id(std::string(8, parent));
  span->set_name("GET");
  span->set_kind(static_cast<opentelemetry::proto::trace::v1::Span::SpanKind>(kind));
  for (const auto& [key, value] : texts) {
    auto* attribute = span->add_attributes();
    attribute->set_key(key);
    attribute->mutable_value()->set_string_value(value);
  }
  if (confidence >= 0) {
    auto* attribute = span->add_attributes();
    attribute->set_key("clew.link.confidence");
    attribute->mutable_value()->set_double_value(confidence);
  }
}

class ExplainTest : public CommandsTest {
 protected:
  Answer Explained(char id) {
    options_.trace_id = std::string(32, '5');
    options_.span_id = *SpanId::FromBytes(std::string(8, id));
    return Do(Command::kExplain);
  }
};

TEST_F(ExplainTest, AJoinedSpanSaysThatBothEndsSawTheSamePlaceOnTheWire) {
  AddExplained(client_, 'c', 0, 3, {{"clew.link.method", "none"}, {"clew.link.none", "answered"}});
  AddExplained(client_, 's', 'c', 2,
               {{"clew.link.method", "join"}, {"clew.request.tcp_seq", "4711"}}, 0.99);
  EXPECT_EQ(Explained('s').out,
            "SPAN    7373737373737373  server  shop  GET\n"
            "PARENT  6363636363636363  client  shop  GET\n"
            "METHOD  join\n\n"
            "The request carried no header. The caller's span is the other end of the same "
            "connection: both agents saw the request begin at the same TCP sequence number (4711), "
            "at about the same time.\n"
            "Confidence 0.99 of 1: two machines may use the same addresses, and numbers come "
            "again.\n");
  EXPECT_EQ(Explained('c').out,
            "SPAN    6363636363636363  client  shop  GET\n"
            "PARENT  none\n"
            "METHOD  none\n\n"
            "The request that the sending thread had worked for was answered already, or is too "
            "old: what comes behind an answer has no parent.\n"
            "A missing link can be lived with, a wrong one cannot: so it has no parent.\n");
}

TEST_F(ExplainTest, AHeaderIsExplainedByTheSideThatPutItIn) {
  AddExplained(client_, 'r', 0, 2, {});
  AddExplained(client_, 'c', 'r', 3, {{"clew.link.method", "thread"}, {"clew.inject", "inserted"}},
               1);
  AddExplained(client_, 's', 'c', 2, {});
  EXPECT_NE(Explained('s').out.find("which the caller's agent had put in"), std::string::npos);
  const std::string call = Explained('c').out;
  EXPECT_NE(call.find("METHOD  thread"), std::string::npos);
  EXPECT_NE(call.find("had not answered it yet"), std::string::npos);
  EXPECT_NE(call.find("This is decisive"), std::string::npos);
  EXPECT_NE(call.find("names this span"), std::string::npos);
  EXPECT_NE(Explained('r').out.find("without a context"), std::string::npos);
}

TEST_F(ExplainTest, EachMethodThatASpanMayCarryHasWords) {
  const char* const methods[] = {"payload", "runtime", "thread", "continuation",
                                 "clone",   "handback"};
  char id = 'a';
  for (const char* const method : methods) {
    AddExplained(client_, id, 'r', 3, {{"clew.link.method", method}}, 1);
    const std::string why = Explained(id++).out;
    EXPECT_EQ(why.find("It was linked by"), std::string::npos) << why;
  }
}

TEST_F(ExplainTest, ACallThatAPoolMadeSaysThatTheTracesWereJoinedAfterwards) {
  AddExplained(client_, 'r', 0, 2, {});
  AddExplained(client_, 'c', 'r', 3, {{"clew.link.method", "handback"}}, 0.99);
  const std::string call = Explained('c').out;
  EXPECT_NE(call.find("PARENT  7272727272727272"), std::string::npos) << call;
  EXPECT_NE(call.find("METHOD  handback"), std::string::npos) << call;
  EXPECT_NE(call.find("woke the one thread"), std::string::npos) << call;
  EXPECT_NE(call.find("Confidence 0.99 of 1."), std::string::npos) << call;
}

TEST_F(ExplainTest, AClaimOfAnySenderSaysThatItsSenderMadeIt) {
  for (const int kind : {1, 2}) {
    client_.chunks.clear();
    AddExplained(client_, 'j', 'r', kind, {{"clew.link.method", "queue"}}, 0.5);
    const std::string job = Explained('j').out;
    EXPECT_NE(job.find("Its sender found out"), std::string::npos) << job;
    EXPECT_NE(job.find("(queue)"), std::string::npos) << job;
    EXPECT_NE(job.find("Confidence 0.5 of 1."), std::string::npos) << job;
  }
}

TEST_F(ExplainTest, ATcpOptionIsExplainedAtBothEnds) {
  AddExplained(client_, 'c', 0, 3, {{"clew.link.method", "none"}, {"clew.inject", "tcp_option"}});
  AddExplained(client_, 's', 'c', 2, {{"clew.context.source", "tcp_option"}});
  const std::string served = Explained('s').out;
  EXPECT_NE(served.find("METHOD  tcp_option"), std::string::npos) << served;
  EXPECT_NE(served.find("names the parent"), std::string::npos) << served;
  EXPECT_NE(Explained('c').out.find("left in a TCP option"), std::string::npos);
}

TEST_F(ExplainTest, JsonHasTheFactsBesideTheWords) {
  AddExplained(client_, 'c', 'x', 3, {{"clew.link.method", "new\x1bmethod"}}, 0.5);
  options_.format = Format::kJsonLines;
  EXPECT_EQ(Explained('c').out,
            R"({"schema":"clew.explain/v1","trace_id":"54545454545454545454545454545454",)"
            R"("span_id":"6363636363636363","kind":"client","service":"shop","name":"GET",)"
            R"("parent_span_id":"7878787878787878","parent_received":false,)"
            R"("method":"new\u001bmethod","confidence":"0.5","none":null,"inject":null,)"
            R"("reasons":["It was linked by \"new\u001bmethod\".","Confidence 0.5 of 1.",)"
            R"("The parent itself was not received."]})"
            "\n");
  options_.format = Format::kTable;
  EXPECT_EQ(Explained('c').out.find('\x1b'), std::string::npos);
}

TEST_F(ExplainTest, ASpanIdAloneIsLookedForInTheNewestTraces) {
  AddSummary(true, 0);
  AddExplained(client_, 'c', 0, 1, {});
  options_.span_id = *SpanId::FromBytes("cccccccc");
  EXPECT_NE(Do(Command::kExplain).out.find("has named no parent"), std::string::npos);
  EXPECT_EQ(client_.asked_for, "54545454545454545454545454545454");
  EXPECT_EQ(client_.searches.front().limit(), 1000u);
  options_.span_id = *SpanId::FromBytes("absent!!");
  const Answer answer = Do(Command::kExplain);
  EXPECT_EQ(answer.exit_code, kNotFound);
  EXPECT_NE(answer.err.find("in the newest 1 traces"), std::string::npos);
}

}  // namespace
}  // namespace clew::cli
