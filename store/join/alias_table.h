// Aliases in memory: for the store in memory, and for tests.
#pragma once

#include <map>
#include <set>

#include "store/join/alias.h"
#include "store/join/family.h"
#include "store/join/joiner.h"

namespace clew::store {

class AliasTable final : public AliasReader {
 public:
  // What an append has decided.
  void Add(const Joins& joins) {
    for (const auto& [trace, alias] : joins.aliases) {
      aliases_.emplace(trace, alias);
      children_[alias.parent_trace].insert(trace);
    }
    for (const auto& [top, extent] : joins.extents) extents_[top] = extent;
  }
  // A family that is gone.
  void Forget(const Family& family) {
    for (const FamilyMember& member : family) {
      aliases_.erase(member.trace);
      children_.erase(member.trace);
    }
    extents_.erase(family.front().trace);
  }
  std::size_t size() const { return aliases_.size(); }

  Result<std::optional<Alias>> AliasOf(const TraceId& trace) const override {
    const auto at = aliases_.find(trace);
    return at == aliases_.end() ? std::optional<Alias>() : at->second;
  }
  Result<FamilyExtent> ExtentOf(const TraceId& top) const override {
    const auto at = extents_.find(top);
    return at == extents_.end() ? FamilyExtent{} : at->second;
  }
  Status EachChild(const TraceId& parent,
                   const std::function<bool(const TraceId&)>& each) const override {
    const auto at = children_.find(parent);
    if (at == children_.end()) return {};
    for (const TraceId& child : at->second) {
      if (!each(child)) break;
    }
    return {};
  }

 private:
  std::map<TraceId, Alias> aliases_;
  std::map<TraceId, std::set<TraceId>> children_;
  std::map<TraceId, FamilyExtent> extents_;
};

}  // namespace clew::store
