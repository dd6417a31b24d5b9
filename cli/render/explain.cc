#include "cli/render/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/render/json_dump.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace clew::cli {
namespace {

struct Meaning {
  std::string_view name;
  std::string_view words;
};

// How a CLIENT span found the request that it was made for: docs/causality.md, "The evidence".
constexpr Meaning kMethods[] = {
    {"payload", "The request carries the traceparent of exactly one request that this process was "
                "serving: it is that one, forwarded."},
    {"runtime", "The runtime's own structures in the process name the request for which the call "
                "was made."},
    {"thread", "The thread that sent it had read the parent's request from a blocking socket and "
               "had not answered it yet."},
    {"continuation", "The event loop's callback that sent it had just read from the parent's "
                     "connection, or the reply to an earlier call of the parent."},
    {"clone", "The thread or process that sent it was started by the one that served the parent, "
              "and had not waited for other work since."},
    {"handback", "A pool's worker sent it; when it had the reply it woke the one thread that had "
                 "read the parent's request and waited for a result. That was seen after the call "
                 "had left with a trace id of its own, and the collector put the two traces "
                 "together."},
};

constexpr Meaning kNone[] = {
    {"no_evidence", "Nothing said for which request the sending thread worked: it had read none, "
                    "or serves several at a time without a layer that can tell them apart."},
    {"answered", "The request that the sending thread had worked for was answered already, or is "
                 "too old: what comes behind an answer has no parent."},
    {"disagreed", "Two layers of evidence named different requests, so neither was believed."},
    {"demoted", "In this process such evidence contradicted itself before, and is not used any "
                "more."},
    {"unsure", "On the event loop another request may have been waiting for this turn, and the "
               "call might be that one's."},
    {"loop_callback", "The event loop's callback that sent it works for no request that is known: "
                      "a timer, a DNS answer, work that came back from another thread."},
};

constexpr Meaning kInject[] = {
    {"inserted", "On its way out the request got a traceparent header from Clew that names this "
                 "span."},
    {"rewritten", "On its way out the traceparent that the process forwarded was made to name this "
                  "span."},
    {"adopted", "The application's own header was left as it is."},
    {"skipped_split_head", "It got no header: its head was written in pieces."},
    {"skipped_large_head", "It got no header: its head is too large to be examined at once."},
    {"skipped_no_room", "It got no header: the send buffer might not have taken it whole."},
    {"skipped_helper", "It got no header: the kernel refused the insertion."},
    {"skipped_unsure", "It got no header: it was not certain that a request begins there."},
    {"skipped_busy", "It got no header: another message was being examined at that moment."},
    {"tcp_option", "It could get no header; its context left in a TCP option, for an agent at the "
                   "other end."},
    {"skipped_option_room", "It could get no header, and its segment had no room for a TCP option."},
    {"skipped_option_place", "It could get no header, and no TCP option either: it did not begin "
                             "with a segment of its own."},
};

template <std::size_t n>
std::string_view Find(const Meaning (&table)[n], std::string_view name) {
  const auto at = std::find_if(std::begin(table), std::end(table),
                               [&](const Meaning& entry) { return entry.name == name; });
  return at == std::end(table) ? std::string_view{} : at->words;
}

std::string Attribute(const SpanView& span, std::string_view key) {
  if (span.source == nullptr) return {};
  for (const auto& attribute : span.source->attributes()) {
    if (attribute.key() != key) continue;
    const auto& value = attribute.value();
    if (value.has_string_value()) return value.string_value();
    if (value.has_double_value()) return fmt::format("{}", value.double_value());
    if (value.has_int_value()) return std::to_string(value.int_value());
  }
  return {};
}

// The span that `span` names as its parent; null when it is not there. Zipkin's way is to share an
// id: then it is the client's.
const SpanView* ParentOf(const std::vector<SpanView>& spans, const SpanView& span) {
  const SpanView* found = nullptr;
  for (const SpanView& other : spans) {
    if (&other == &span || other.span_id != span.parent_id) continue;
    if (found == nullptr || other.kind == SpanKind::kClient) found = &other;
  }
  return found;
}

std::string Certainty(const std::string& confidence) {
  if (confidence == "1") return "This is decisive: such evidence is used only where it is certain.";
  return "Confidence " + confidence + " of 1.";
}

// Any span that begins a trace may be claimed: docs/causality.md, "Between processes".
void ExplainClaim(Explanation& out) {
  out.reasons.push_back("Its sender found out later where it belongs (" + out.method +
                        "), and the collector put the two traces together.");
  out.reasons.push_back(Certainty(out.confidence));
}

void ExplainServer(const SpanView& span, const SpanView* parent, Explanation& out) {
  const bool on_wire = !Attribute(span, "clew.request.tcp_seq").empty();
  auto& say = out.reasons;
  if (out.method == "join") {
    say.push_back(
        "The request carried no header. The caller's span is the other end of the same connection: "
        "both agents saw the request begin at the same TCP sequence number (" +
        Attribute(span, "clew.request.tcp_seq") + "), at about the same time.");
    say.push_back("Confidence " + out.confidence +
                  " of 1: two machines may use the same addresses, and numbers come again.");
  } else if (!out.method.empty()) {
    ExplainClaim(out);
  } else if (!span.parent_id.valid()) {
    out.method = "none";
    say.push_back("The request came without a context, in its headers or in a TCP option.");
    say.push_back(on_wire ? "No call of a traced process was seen at the same place on the wire: "
                            "the caller is not traced, or its span was lost or has not come yet."
                          : "Where on the wire it began is not known either, so that it could not "
                            "be joined with a call.");
  } else if (Attribute(span, "clew.context.source") == "tcp_option") {
    out.method = "tcp_option";
    say.push_back("The segment in which the request begins carried a TCP option of the caller's "
                  "agent, which names the parent.");
    if (parent == nullptr) say.push_back("The parent itself was not received.");
  } else {
    out.method = "header";
    const std::string inject = parent == nullptr ? "" : Attribute(*parent, "clew.inject");
    if (inject == "inserted") {
      say.push_back("The request carried a traceparent header, which the caller's agent had put in.");
    } else if (inject == "rewritten") {
      say.push_back("The request carried a traceparent header that its caller had forwarded, and in "
                    "which the caller's agent had put its own span.");
    } else {
      say.push_back("The request carried a header that names the parent.");
    }
    if (parent == nullptr) say.push_back("The parent itself was not received.");
  }
}

void ExplainClient(const SpanView& span, const SpanView* parent, Explanation& out) {
  auto& say = out.reasons;
  if (out.method == "none") {
    const std::string_view why = Find(kNone, out.none);
    say.emplace_back(why.empty() ? "There was no decisive evidence for which request it was made."
                                 : why);
    say.emplace_back("A missing link can be lived with, a wrong one cannot: so it has no parent.");
  } else {
    const std::string_view how = Find(kMethods, out.method);
    say.push_back(how.empty() ? "It was linked by \"" + out.method + "\"." : std::string(how));
    if (!out.confidence.empty()) say.push_back(Certainty(out.confidence));
    if (parent == nullptr) say.push_back("The parent itself was not received.");
  }
  const std::string_view inject = Find(kInject, out.inject);
  if (!inject.empty()) say.emplace_back(inject);
  if (!Attribute(span, "clew.request.tcp_seq").empty()) {
    say.emplace_back("The called side can be joined with it by its place on the wire.");
  }
}

}  // namespace

Explanation Explain(const std::vector<SpanView>& spans, std::size_t at) {
  const SpanView& span = spans[at];
  const SpanView* const parent = span.parent_id.valid() ? ParentOf(spans, span) : nullptr;
  Explanation out{.method = Attribute(span, "clew.link.method"),
                  .confidence = Attribute(span, "clew.link.confidence"),
                  .none = Attribute(span, "clew.link.none"),
                  .inject = Attribute(span, "clew.inject")};
  if (span.kind == SpanKind::kServer) {
    ExplainServer(span, parent, out);
  } else if (span.kind == SpanKind::kClient && !out.method.empty()) {
    ExplainClient(span, parent, out);
  } else if (!out.method.empty()) {
    ExplainClaim(out);
  } else {
    out.method = span.parent_id.valid() ? "sdk" : "none";
    out.reasons.emplace_back(span.parent_id.valid()
                                 ? "The instrumentation that made the span has named its parent."
                                 : "The instrumentation that made the span has named no parent.");
  }
  return out;
}

std::string DrawExplanation(const std::vector<SpanView>& spans, std::size_t at,
                            const Style& style) {
  const SpanView& span = spans[at];
  const Explanation why = Explain(spans, at);
  const auto line = [&](const char* what, const SpanView& of) {
    return fmt::format("{:<7} {}  {}  {}  {}\n", what, of.span_id.ToHex(), KindName(of.kind),
                       style.Paint(ColourOf(of.service), style.Clean(of.service)),
                       style.Clean(of.name));
  };
  std::string out = line("SPAN", span);
  const SpanView* const parent = span.parent_id.valid() ? ParentOf(spans, span) : nullptr;
  if (parent != nullptr) {
    out += line("PARENT", *parent);
  } else {
    out += "PARENT  " +
           (span.parent_id.valid() ? span.parent_id.ToHex() + "  (not received)" : "none") + "\n";
  }
  out += "METHOD  " + style.Clean(why.method) + "\n\n";
  for (const std::string& reason : why.reasons) out += style.Clean(reason) + "\n";
  return out;
}

std::string ExplanationJson(const std::vector<SpanView>& spans, std::size_t at,
                            const JsonOptions& options) {
  const SpanView& span = spans[at];
  const Explanation why = Explain(spans, at);
  const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  const SpanView* const parent = span.parent_id.valid() ? ParentOf(spans, span) : nullptr;
  Json json = {{"schema", "clew.explain/v1"},
               {"trace_id", span.trace_id.ToHex()},
               {"span_id", span.span_id.ToHex()},
               {"kind", KindName(span.kind)},
               {"service", span.service},
               {"name", span.name},
               {"parent_span_id", text(span.parent_id.valid() ? span.parent_id.ToHex() : "")},
               {"parent_received", parent != nullptr},
               {"method", why.method},
               {"confidence", text(why.confidence)},
               {"none", text(why.none)},
               {"inject", text(why.inject)},
               {"reasons", why.reasons}};
  return Dump(json, options);
}

}  // namespace clew::cli
