// The segment reader and its filter: any bytes end in an error or in spans, never in anything else.
// What a damaged segment hides behind its checks is found by giving the checks what they want.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/segment/reader.h"
#include "store/segment/segment_match.h"
#include "store/segment/segment_writer.h"
#include "store/varint_reader.h"

namespace {

using clew::store::SegmentCheck;
using clew::store::VarintReader;

// The segment with every check made to fit, as far as its directory can be read.
std::string WithChecks(std::string bytes) {
  try {
    VarintReader in(bytes);
    in.Take(clew::store::kSegmentMagic.size() + 1);
    const std::size_t size = in.U32le();
    const std::size_t begin = bytes.size() - in.remaining();
    VarintReader entries(in.Take(size));
    entries.Varint();
    entries.Varint();
    const std::size_t check_at = bytes.size() - in.remaining();
    std::size_t offset = check_at + sizeof(std::uint32_t);
    for (std::uint64_t left = entries.Count(); left > 0; --left) {
      entries.Varint();
      const std::size_t stream = entries.VarintUpTo(bytes.size() - offset);
      const std::uint32_t check = SegmentCheck(std::string_view(bytes).substr(offset, stream));
      const std::size_t at = begin + size - entries.remaining();
      entries.U32le();
      bytes.replace(at, sizeof(check), reinterpret_cast<const char*>(&check), sizeof(check));
      offset += stream;
    }
    const std::uint32_t check = SegmentCheck(std::string_view(bytes).substr(begin, size));
    bytes.replace(check_at, sizeof(check), reinterpret_cast<const char*>(&check), sizeof(check));
  } catch (const protozero::exception&) {
  } catch (const std::out_of_range&) {
  }
  return bytes;
}

clew::store::Predicate Condition(clew::store::Field field, const char* key, const char* text) {
  clew::store::Condition condition;
  condition.field = field;
  condition.key = key;
  condition.literal.text = text;
  return *clew::store::Predicate::Make(std::move(condition));
}

void ReadAll(const std::string& bytes) {
  const auto segment = clew::store::SegmentReader::Open(bytes);
  if (!segment) return;
  for (std::size_t trace = 0; trace < (*segment)->traces() && trace < 64; ++trace) {
    const auto read = (*segment)->ReadTrace(trace, [](clew::store::SpanRecord&& span, auto) {
      return span.resource != nullptr || (std::abort(), false);
    });
    const auto glanced = (*segment)->Glance(trace, [](const clew::store::SpanGlance&) {});
    if (read && !glanced) std::abort();
  }
  std::vector<clew::store::Predicate> predicates;
  predicates.push_back(Condition(clew::store::Field::kService, "", "shop"));
  predicates.push_back(Condition(clew::store::Field::kAttribute, "payload", "x"));
  const auto rows = clew::store::MatchRows(**segment, predicates);
  if (rows && rows->size() != (*segment)->rows()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ReadAll(bytes);
  ReadAll(WithChecks(bytes));
  if (const auto filter = clew::store::TermFilter::Open(bytes)) {
    filter->MayContain(size);
    filter->Range(size);
  }
  return 0;
}
