// What tests of the exporter share: short delays, counters by name, waiting for what another thread does.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/export/exporter.h"

namespace clew::exporting {

inline ExportOptions Quick(std::vector<std::string> endpoints = {"a"},
                           std::chrono::milliseconds first_backoff = std::chrono::milliseconds(2)) {
  ExportOptions options;
  options.endpoints = std::move(endpoints);
  options.batch_delay = std::chrono::milliseconds(5);
  options.backoff = {.initial = first_backoff, .max = 5 * first_backoff};
  return options;
}

inline std::uint64_t Counter(const Exporter& exporter, std::string_view name) {
  for (const auto& counter : exporter.Counters()) {
    if (counter.name == name) return counter.value;
  }
  ADD_FAILURE() << name;
  return 0;
}

inline bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace clew::exporting
