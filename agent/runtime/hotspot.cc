#include "agent/runtime/hotspot.h"

#include <array>
#include <initializer_list>
#include <optional>
#include <utility>

#include "agent/process/mapped_file.h"
#include "agent/process/read_file.h"
#include "agent/runtime/elf_symbols.h"

namespace clew::runtime {
namespace {

constexpr std::size_t kMaxMaps = 4 << 20;  // bytes of /proc/PID/maps
constexpr std::uint64_t kWord = 8;

// A field by its names, the newest first: JDK 11 to 25 call some of them differently.
using Names = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Looks for what a layout needs, and says what is missing.
class Lookup {
 public:
  explicit Lookup(const VmTables& tables) : tables_(tables) {}

  std::uint32_t Offset(const Names& names) {
    const std::uint32_t offset = OffsetIfAny(names);
    if (offset == 0) Miss(names);
    return offset;
  }
  // 0: there is no such field. None that is asked for begins its structure.
  std::uint32_t OffsetIfAny(const Names& names) const {
    for (const auto& [type, field] : names) {
      if (const auto offset = tables_.Offset(type, field)) return *offset;
    }
    return 0;
  }
  std::uint64_t Static(const Names& names) {
    for (const auto& [type, field] : names) {
      if (const auto value = tables_.Static(type, field)) return *value;
    }
    return Miss(names);
  }
  std::uint32_t Static32(const Names& names) {
    for (const auto& [type, field] : names) {
      if (const auto value = tables_.Static32(type, field)) return *value;
    }
    return Miss(names);
  }
  const std::string& missing() const { return missing_; }

 private:
  std::uint32_t Miss(const Names& names) {
    const auto& [type, field] = *names.begin();
    missing_ = std::string(type) + "::" + std::string(field);
    return 0;
  }

  const VmTables& tables_;
  std::string missing_;
};

// Why the machine's heap is not read; empty: it is.
std::string Unreadable(const std::map<std::string, bool, std::less<>>& flags) {
  const auto is = [&](std::string_view name) {
    const auto flag = flags.find(name);
    return flag != flags.end() && flag->second;
  };
  // The others move objects while the program runs, or colour what leads to them.
  if (!is("UseG1GC") && !is("UseParallelGC") && !is("UseSerialGC"))
    return "a collector other than G1, Parallel and Serial";
  if (!is("UseTLAB")) return "no thread-local allocation buffers";
  if (!is("UseCompressedClassPointers") || is("UseCompactObjectHeaders"))
    return "object headers without a class pointer of 4 bytes";
  return {};
}

constexpr std::array<std::string_view, 7> kFlags = {"UseG1GC",
                                                    "UseParallelGC",
                                                    "UseSerialGC",
                                                    "UseTLAB",
                                                    "UseCompressedClassPointers",
                                                    "UseCompressedOops",
                                                    "UseCompactObjectHeaders"};

}  // namespace

Plan PlanJava(const process::ReadAt&) { return {.kind = Kind::kJava, .waits = true}; }

Result<JavaLayout> LayoutOfJava(const VmTables& tables) {
  const auto flags = tables.Flags(kFlags);
  if (const std::string why = Unreadable(flags); !why.empty())
    return Error{Code::kUnsupported, "java: " + why};
  const auto narrow = flags.find("UseCompressedOops");
  Lookup get(tables);
  JavaLayout layout;
  layout.class_base = get.Static({{"CompressedKlassPointers", "_base"},
                                  {"CompressedKlassPointers", "_narrow_klass._base"},
                                  {"Universe", "_narrow_klass._base"}});
  layout.class_shift = get.Static32({{"CompressedKlassPointers", "_shift"},
                                     {"CompressedKlassPointers", "_narrow_klass._shift"},
                                     {"Universe", "_narrow_klass._shift"}});
  layout.oop_base = get.Static({{"CompressedOops", "_base"},
                                {"CompressedOops", "_narrow_oop._base"},
                                {"Universe", "_narrow_oop._base"}});
  layout.oop_shift = get.Static32({{"CompressedOops", "_shift"},
                                   {"CompressedOops", "_narrow_oop._shift"},
                                   {"Universe", "_narrow_oop._shift"}});
  layout.oop_bytes = narrow != flags.end() && narrow->second ? 4 : 8;
  layout.os_thread = get.Offset({{"Thread", "_osthread"}, {"JavaThread", "_osthread"}});
  layout.stack_base = get.Offset({{"JavaThread", "_stack_base"}, {"Thread", "_stack_base"}});
  layout.thread_object = get.Offset({{"JavaThread", "_threadObj"}});
  layout.object_by_handle = tables.IsOf("JavaThread", "_threadObj", "OopHandle") ? 1 : 0;
  layout.mounted = get.OffsetIfAny({{"JavaThread", "_cont_entry"}});
  layout.owner_id =
      get.OffsetIfAny({{"JavaThread", "_monitor_owner_id"}, {"JavaThread", "_lock_id"}});
  layout.pthread = get.Offset({{"OSThread", "_pthread_id"}});
  layout.class_name = get.Offset({{"Klass", "_name"}});
  layout.class_super = get.Offset({{"Klass", "_super"}});
  layout.symbol_length = get.Offset({{"Symbol", "_length"}});
  layout.symbol_text = get.Offset({{"Symbol", "_body[0]"}, {"Symbol", "_body"}});
  const std::uint32_t buffer = get.Offset({{"Thread", "_tlab"}});
  const auto start = tables.Offset("ThreadLocalAllocBuffer", "_start");
  const auto top = tables.Offset("ThreadLocalAllocBuffer", "_top");
  const std::uint64_t heap = get.Static({{"Universe", "_collectedHeap"}});
  const std::uint32_t reserved = get.Offset({{"CollectedHeap", "_reserved"}});
  if (!get.missing().empty()) return Error{Code::kUnsupported, "java: no " + get.missing()};
  if (!start || top != *start + kWord)
    return Error{Code::kUnsupported, "java: no ThreadLocalAllocBuffer::_start with _top behind it"};
  layout.buffer = buffer + *start;
  // A MemRegion: where it begins, and how many words it has.
  const auto begin = tables.Word(heap + reserved);
  const auto words = tables.Word(heap + reserved + kWord);
  if (!begin || !words || *begin == 0 || *words == 0 ||
      *words > (~std::uint64_t{0} - *begin) / kWord)
    return Error{Code::kUnsupported, "java: its heap is not there yet"};
  layout.heap_begin = *begin;
  layout.heap_end = *begin + *words * kWord;
  return layout;
}

Result<JavaLayout> ReadHotSpot(const std::string& proc) {
  const auto maps = process::ReadFile(proc + "/maps", kMaxMaps);
  if (!maps) return maps.error();
  const auto library = process::FindMapped(*maps, "libjvm.so");
  if (!library) return Error{Code::kUnsupported, "java: no libjvm.so"};
  const Fd file = process::OpenRegular((proc + "/root" + library->path).c_str());
  const Fd memory = process::OpenRegular((proc + "/mem").c_str());
  if (!file.valid() || !memory.valid())
    return Error{Code::kDenied, "java: cannot read the process; the agent needs CAP_SYS_PTRACE"};
  auto variables = FindVariables(process::ReadFrom(file), VmTables::Variables());
  for (auto& [name, address] : variables) address += library->address;
  const auto tables = VmTables::Read(variables, process::ReadFrom(memory));
  if (!tables) return Error{Code::kUnsupported, "java: libjvm.so does not describe itself"};
  return LayoutOfJava(*tables);
}

}  // namespace clew::runtime
