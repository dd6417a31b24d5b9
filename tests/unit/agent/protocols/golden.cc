#include "tests/unit/agent/protocols/golden.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

#include "agent/protocols/http1/session.h"
#include "tests/unit/agent/protocols/collector.h"

namespace clew::protocols::golden {
namespace {

std::string Unescape(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    const char c = i + 1 < text.size() ? text[++i] : '?';
    switch (c) {
      case 'r':
        bytes += '\r';
        break;
      case 'n':
        bytes += '\n';
        break;
      case 't':
        bytes += '\t';
        break;
      case '\\':
        bytes += '\\';
        break;
      case 'x':
        bytes += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
        break;
      default:
        throw std::runtime_error("unknown escape in: " + text);
    }
  }
  return bytes;
}

Step ParseBytes(std::istringstream& line, bool cut) {
  Step step;
  line >> step.time;
  if (cut) line >> step.unseen;
  std::string rest;
  line.get();  // the space before BYTES
  std::getline(line, rest);
  if (const auto last = rest.find(" ~~ "); cut && last != std::string::npos) {
    step.last = Unescape(rest.substr(last + 4));
    rest.resize(last);
  }
  step.bytes = Unescape(rest);
  return step;
}

Step ParseStep(const std::string& text) {
  std::istringstream line(text);
  std::string word;
  line >> word;
  Step step;
  if (word == "<" || word == ">" || word == "<~" || word == ">~") {
    step = ParseBytes(line, word.size() == 2);
  } else if (word == "<gap" || word == ">gap") {
    step.kind = Step::Kind::kGap;
    line >> step.unseen;
  } else {
    if (word == "<eof" || word == ">eof")
      step.kind = Step::Kind::kEof;
    else if (word == "tick")
      step.kind = Step::Kind::kTick;
    else if (word == "close")
      step.kind = Step::Kind::kClose;
    else
      throw std::runtime_error("unknown step: " + text);
    line >> step.time;
  }
  if (word[0] == '>') step.direction = conn::Direction::kEgress;
  return step;
}

std::string SizeText(const std::optional<std::uint64_t>& size) {
  return size ? std::to_string(*size) : "?";
}

const char* OriginText(std::uint8_t origin) {
  static constexpr const char* kNames[] = {"none", "new", "traceparent", "b3", "parent", "adopted", "option"};
  return origin < std::size(kNames) ? kNames[origin] : "?";
}

void Print(const Exchange& e, std::ostream& out) {
  out << (e.role == Role::kServer ? "server" : "client") << " #" << e.request_number << ' '
      << e.method << ' ' << e.target << " HTTP/" << e.protocol_version << " -> " << e.status_code;
  if (e.upgraded) out << " upgraded";
  if (e.incomplete) out << " incomplete";
  out << "\n  time " << ToUint64(e.request_start) << ' ' << ToUint64(e.request_end) << ' '
      << ToUint64(e.response_start) << ' ' << ToUint64(e.response_end) << "\n  body "
      << SizeText(e.request_body_size) << ' ' << SizeText(e.response_body_size) << "\n  context "
      << OriginText(e.context.origin) << ' ' << e.context.trace_id.ToHex() << ' '
      << e.context.span_id.ToHex() << " parent "
      << (e.context.parent_id.valid() ? e.context.parent_id.ToHex() : "-") << " flags "
      << static_cast<int>(e.context.flags) << '\n';
  if (!e.context.trace_state.empty()) out << "  state " << e.context.trace_state << '\n';
  if (!e.host.empty()) out << "  host " << e.host << '\n';
  if (!e.user_agent.empty()) out << "  agent " << e.user_agent << '\n';
  if (!e.forwarded_for.empty()) out << "  forwarded " << e.forwarded_for << '\n';
  if (e.scheme != "http") out << "  scheme " << e.scheme << '\n';
}

void Print(const ParseCounters& c, std::ostream& out) {
  const std::pair<const char*, std::uint64_t> all[] = {
      {"gaps", c.gaps},
      {"resyncs", c.resyncs},
      {"given_up", c.given_up},
      {"not_this_protocol", c.not_this_protocol},
      {"head_too_long", c.head_too_long},
      {"orphan_responses", c.orphan_responses},
      {"partial_heads", c.partial_heads},
      {"truncated_heads", c.truncated_heads},
  };
  for (const auto& [name, value] : all) {
    if (value > 0) out << name << ' ' << value << '\n';
  }
}

}  // namespace

Case Parse(const std::string& text) {
  Case result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line == "whole")
      result.whole = true;
    else
      result.steps.push_back(ParseStep(line));
  }
  return result;
}

std::string Replay(const std::vector<Step>& steps) {
  const conn::ConnInfo info;
  ParseCounters counters;
  CountingIds ids;
  Collected out;
  http1::Session session(info, counters, ids);
  std::array<std::uint64_t, 2> offsets{};
  for (const Step& step : steps) {
    if (session.finished()) break;
    std::uint64_t& offset = offsets[static_cast<std::size_t>(step.direction)];
    const KernelNanos time = KernelNanosFrom(step.time);
    switch (step.kind) {
      case Step::Kind::kBytes: {
        conn::Chunk chunk{.direction = step.direction, .time = time, .offset = offset};
        chunk.bytes = step.bytes;
        chunk.last = step.last;
        chunk.size = static_cast<std::uint32_t>(step.bytes.size() + step.unseen + step.last.size());
        offset += session.OnChunk(chunk, false, out);
        break;
      }
      case Step::Kind::kGap:
        session.OnGap(step.direction, step.unseen, out);
        offset += step.unseen;
        break;
      case Step::Kind::kEof:
        session.OnEof(step.direction, time, out);
        break;
      case Step::Kind::kTick:
        session.OnTick(time, out);
        break;
      case Step::Kind::kClose:
        session.OnClose(time, out);
        break;
    }
  }
  std::ostringstream text;
  for (const Exchange& exchange : out.exchanges) Print(exchange, text);
  Print(counters, text);
  if (session.finished() && (steps.empty() || steps.back().kind != Step::Kind::kClose))
    text << "finished\n";
  return text.str();
}

}  // namespace clew::protocols::golden
