#include "agent/conn/held_input.h"

#include <algorithm>
#include <utility>

namespace clew::conn {
namespace {

std::size_t Weight(const HeldInput::Item& item) {
  return sizeof(item) + item.bytes.size() + item.last.size();
}

}  // namespace

Chunk HeldInput::Item::chunk() const {
  Chunk chunk = meta;
  chunk.bytes = bytes;
  chunk.last = last;
  return chunk;
}

void HeldInput::AddChunk(const Chunk& chunk, std::uint32_t taken) { Add(MakeItem(chunk, taken)); }

void HeldInput::AddGap(std::uint64_t lost) {
  Item item;
  item.kind = Item::Kind::kGap;
  item.lost = lost;
  Add(std::move(item));
}

void HeldInput::AddEof(KernelNanos time) {
  Item item;
  item.kind = Item::Kind::kEof;
  item.time = time;
  Add(std::move(item));
}

void HeldInput::PopFront() {
  bytes_ -= Weight(items_.front());
  items_.pop_front();
}

void HeldInput::TrimFront(std::uint32_t taken) {
  Item rest = MakeItem(items_.front().chunk(), taken);
  PopFront();
  bytes_ += Weight(rest);
  items_.push_front(std::move(rest));
}

HeldInput::Item HeldInput::MakeItem(const Chunk& chunk, std::uint32_t taken) {
  Item item;
  item.meta = chunk;
  item.meta.offset += taken;
  item.meta.size -= taken;
  item.meta.bytes = {};
  item.meta.last = {};
  if (taken > 0) item.meta.seq = 0;
  // The context is that of a request, and what waits is a response.
  item.meta.context = nullptr;
  item.bytes = chunk.bytes.substr(std::min<std::size_t>(taken, chunk.bytes.size()));
  const std::size_t last = std::min<std::size_t>(chunk.last.size(), item.meta.size);
  item.last = chunk.last.substr(chunk.last.size() - last);
  return item;
}

void HeldInput::Add(Item item) {
  bytes_ += Weight(item);
  items_.push_back(std::move(item));
}

}  // namespace clew::conn
