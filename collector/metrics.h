// The collector's counters in Prometheus' text format.
#pragma once

#include <cstddef>
#include <string>

#include "collector/counters.h"
#include "store/rocks_store.h"

namespace clew::collector {

std::string RenderMetrics(const Counters& counters, const store::StoreStats& store,
                          const store::RocksStore::Health& health, std::size_t bytes_in_flight);

}  // namespace clew::collector
