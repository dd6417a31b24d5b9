#include "agent/process/resource_codec.h"

#include "base/bytes.h"

namespace clew::process {
namespace {

constexpr std::size_t kMaxText = 65535;
constexpr std::size_t kMaxAttributes = 256;
constexpr std::uint8_t kText = 's';
constexpr std::uint8_t kNumber = 'i';

void AppendText(std::string& out, std::string_view text) {
  text = text.substr(0, kMaxText);
  AppendU16be(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

std::optional<std::string_view> TakeText(ByteCursor& in) {
  const auto length = in.U16be();
  return length ? in.Take(*length) : std::nullopt;
}

}  // namespace

std::string EncodeResource(const span::Resource& resource) {
  std::string out;
  for (const auto& [key, value] : resource.attributes) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      AppendU8(out, kText);
      AppendText(out, key);
      AppendText(out, *text);
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      AppendU8(out, kNumber);
      AppendText(out, key);
      AppendU64be(out, static_cast<std::uint64_t>(*number));
    }
  }
  return out;
}

std::optional<span::Resource> DecodeResource(std::string_view bytes) {
  ByteCursor in(bytes);
  span::Resource resource;
  while (in.remaining() > 0) {
    const auto type = in.U8();
    const auto key = TakeText(in);
    if (!key || resource.attributes.size() >= kMaxAttributes) return std::nullopt;
    if (*type == kText) {
      const auto text = TakeText(in);
      if (!text) return std::nullopt;
      if (*key == "service.name") resource.service_name = *text;
      resource.attributes.emplace_back(*key, std::string(*text));
    } else if (*type == kNumber) {
      const auto number = in.U64be();
      if (!number) return std::nullopt;
      resource.attributes.emplace_back(*key, static_cast<std::int64_t>(*number));
    } else {
      return std::nullopt;
    }
  }
  return resource;
}

}  // namespace clew::process
