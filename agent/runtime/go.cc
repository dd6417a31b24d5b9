#include "agent/runtime/go.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/runtime/go_symbols.h"
#include "agent/runtime/probe_point.h"

namespace clew::runtime {
namespace {

using process::ReadAt;

constexpr std::string_view kStart =
    "runtime.newproc.func1";                            // what `go` does on the scheduler's stack
constexpr std::string_view kQueue = "runtime.runqput";  // ... with the new goroutine
constexpr std::string_view kExit = "runtime.goexit1";   // in which goroutines end
constexpr std::string_view kLeave = "runtime.mcall";    // ... for the scheduler
constexpr std::string_view kRoundTrip = "net/http.(*persistConn).roundTrip";
constexpr std::string_view kWrite = "net/http.persistConnWriter.Write";

constexpr std::uint64_t kMaxBefore = 64 * 1024;  // bytes of .text before Go's code: C's start
constexpr std::uint64_t kMaxCaller = 4096;
constexpr std::uint64_t kAlignment = 16;  // of functions
constexpr std::uint8_t kCall = 0xe8;
constexpr std::uint64_t kCallSize = 5;

struct Call {
  std::uint64_t text = 0;    // where in the file Go's code begins
  std::uint64_t offset = 0;  // of the instruction, in the file
};

// Go's code, of which only a few functions are looked at.
class Code {
 public:
  explicit Code(const ReadAt& executable)
      : executable_(executable), section_(process::FindSection(executable, ".text")) {}

  // The first call of `callee` in `caller`, where Go's code begins at most `most_before` bytes into
  // the section: before it may be C code. No header says reliably where it begins, but the call,
  // which is relative, fits in one place only.
  std::optional<Call> FindCall(const GoFunction& caller, const GoFunction& callee,
                               std::uint64_t most_before) const {
    if (!section_ || caller.size > kMaxCaller || caller.entry >= section_->sh_size)
      return std::nullopt;
    std::string code(std::min(most_before + caller.size, section_->sh_size - caller.entry), '\0');
    if (!executable_(section_->sh_offset + caller.entry, code.data(), code.size()))
      return std::nullopt;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
    for (std::uint64_t at = 0; at + kCallSize <= code.size(); ++at) {
      if (bytes[at] != kCall) continue;
      std::int32_t distance;
      std::memcpy(&distance, bytes + at + 1, sizeof(distance));
      const std::uint64_t inside = callee.entry - caller.entry - kCallSize -
                                   static_cast<std::uint64_t>(std::int64_t{distance});
      if (inside >= caller.size || inside > at) continue;
      const std::uint64_t before = at - inside;
      if (before % kAlignment != 0 || before > most_before ||
          !BeginsInstruction({bytes + before, inside + kCallSize}, inside))
        continue;
      return Call{section_->sh_offset + before, section_->sh_offset + caller.entry + at};
    }
    return std::nullopt;
  }

  // Whether Go's code begins at `text` and `caller` calls `callee` there.
  bool Calls(std::uint64_t text, const GoFunction& caller, const GoFunction& callee) const {
    const auto call = FindCall(caller, callee, text - section_->sh_offset);
    return call && call->text == text;
  }

  // Where in the file a probe at the beginning of `function` goes.
  std::optional<std::uint64_t> BeginningOf(std::uint64_t text, const GoFunction& function) const {
    std::array<std::uint8_t, kProbeCodeBytes> code{};
    const std::size_t size = std::min<std::uint64_t>(function.size, code.size());
    if (!executable_(text + function.entry, code.data(), size)) return std::nullopt;
    const auto point = FindProbePoint(std::span(code).first(size), Convention::kGo);
    if (!point) return std::nullopt;
    return text + function.entry + *point;
  }

 private:
  const ReadAt& executable_;
  const std::optional<Elf64_Shdr> section_;
};

// The goexit1 that calls mcall: the other one of that name is its wrapper.
std::optional<GoFunction> FindExit(const Code& code, std::uint64_t text,
                                   const GoFunctions& functions) {
  for (const GoFunction& exit : functions.find(kExit)->second) {
    for (const GoFunction& leave : functions.find(kLeave)->second) {
      if (code.Calls(text, exit, leave)) return exit;
    }
  }
  return std::nullopt;
}

Plan Missing(std::string_view what) { return {.missing = std::string(what)}; }

}  // namespace

Plan PlanGo(const process::ReadAt& executable) {
  const std::vector<std::string_view> names = {kStart, kQueue, kExit, kLeave, kRoundTrip, kWrite};
  const GoFunctions functions = FindGoFunctions(executable, names);
  // Without net/http's client there are no calls to be linked.
  if (functions.find(kRoundTrip) == functions.end()) return {};
  for (const std::string_view name : names) {
    const auto found = functions.find(name);
    if (found == functions.end()) return Missing(name);
    if (found->second.size() != 1 && name != kExit && name != kLeave) return Missing(name);
  }
  const auto only = [&](std::string_view name) { return functions.find(name)->second.front(); };
  const Code code(executable);
  const auto start = code.FindCall(only(kStart), only(kQueue), kMaxBefore);
  if (!start) return Missing(kQueue);
  const auto exit = FindExit(code, start->text, functions);
  if (!exit) return Missing(kExit);
  // What the program makes of it: see go_started in bpf/runtime_go.bpf.c.
  const std::uint64_t exit_distance = start->text + exit->entry - start->offset;
  Plan plan{.kind = Kind::kGo};
  plan.probes.push_back({.program = "go_started",
                         .offset = start->offset,
                         .cookie = exit_distance << 32 | exit->size});
  for (const auto& [name, program] :
       {std::pair{kRoundTrip, "go_round_trip"}, {kWrite, "go_write"}}) {
    const auto offset = code.BeginningOf(start->text, only(name));
    if (!offset) return Missing(name);
    plan.probes.push_back({program, *offset});
  }
  return plan;
}

}  // namespace clew::runtime
