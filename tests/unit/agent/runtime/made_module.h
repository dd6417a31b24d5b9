// An extension module made for tests: code, data with pointers, imported functions, no symbols.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace clew::runtime {

// Code begins at address 0x1000, data at 0x100000.
class MadeModule {
 public:
  static constexpr std::uint64_t kCode = 0x1000;
  static constexpr std::uint64_t kData = 0x100000;

  // Each appends and returns an address.
  std::uint64_t Code(const std::string& bytes);
  std::uint64_t Data(const std::string& bytes);
  std::uint64_t Text(const std::string& text) { return Data(text + '\0'); }
  // A stub for the imported function, outside of .text.
  std::uint64_t Stub(const std::string& import);
  // A call of `target`: 5 bytes.
  std::uint64_t Call(std::uint64_t target);
  // The loader puts a pointer to `target` at `address`.
  void Point(std::uint64_t address, std::uint64_t target) { pointers_[address] = target; }

  // Where the file has the code at `address`.
  static std::uint64_t OffsetOf(std::uint64_t address);
  std::string File() const;

 private:
  std::string code_, stubs_, data_;
  std::map<std::uint64_t, std::uint64_t> pointers_;
  std::map<std::uint64_t, std::string> imports_;
};

}  // namespace clew::runtime
