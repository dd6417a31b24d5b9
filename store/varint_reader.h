// A cursor over varints and byte strings, the parts that the store's own formats are made of. Every
// read that does not fit throws a protozero::exception; the caller's boundary catches it.
#pragma once

#include <cstdint>
#include <cstring>
#include <protozero/buffer_string.hpp>
#include <protozero/exception.hpp>
#include <protozero/varint.hpp>
#include <string>
#include <string_view>

namespace clew::store {

class VarintReader {
 public:
  explicit VarintReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool done() const { return at_ == end_; }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }

  std::uint64_t Varint() { return protozero::decode_varint(&at_, end_); }
  // A number of at most `limit`.
  std::uint64_t VarintUpTo(std::uint64_t limit) {
    const std::uint64_t value = Varint();
    if (value > limit) throw protozero::invalid_length_exception{};
    return value;
  }
  // A count of things of at least one byte each, so that a forged one cannot make us reserve
  // memory.
  std::uint64_t Count() {
    const std::uint64_t count = Varint();
    if (count > remaining()) throw protozero::end_of_buffer_exception{};
    return count;
  }
  std::string_view Sized() { return Take(Count()); }
  std::string_view Take(std::size_t size) {
    if (size > remaining()) throw protozero::end_of_buffer_exception{};
    const std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }
  std::uint8_t U8() { return static_cast<std::uint8_t>(Take(1)[0]); }
  std::uint32_t U32le() {
    std::uint32_t value;  // little-endian like every machine that Clew runs on
    std::memcpy(&value, Take(sizeof(value)).data(), sizeof(value));
    return value;
  }

 private:
  const char* at_;
  const char* end_;
};

inline void AppendVarint(std::string& out, std::uint64_t value) {
  protozero::add_varint_to_buffer(&out, value);
}
inline void AppendSized(std::string& out, std::string_view bytes) {
  AppendVarint(out, bytes.size());
  out += bytes;
}
// Any plain number as it lies in memory (little-endian).
template <typename T>
void AppendRaw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace clew::store
