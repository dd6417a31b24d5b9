// One counter as a stage hands it to whoever exports it.
#pragma once

#include <cstdint>
#include <string_view>

namespace clew {

// `name` and `help` have static storage; the name is lower-case words joined by '_', without prefix and suffix.
struct NamedCounter {
  std::string_view name;
  std::string_view help;
  std::uint64_t value = 0;
};

}  // namespace clew
