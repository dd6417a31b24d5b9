// CPython's built-in types in an extension module, found by their names: a type, its methods and its
// attributes are tables of pointers in the module's data, in stripped builds too.
// Source: CPython, Include/cpython/object.h (PyTypeObject), Include/object.h (PyType_Spec),
// Include/methodobject.h, Include/descrobject.h; unchanged from 3.9 to 3.13.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/runtime/elf_image.h"

namespace clew::runtime {

// The address of the function, or nullopt: there is none, or more than one type of that name has it.
// `type` is qualified by its module: "_asyncio.Task".
std::optional<std::uint64_t> FindInit(const ElfImage& module, std::string_view type);
std::optional<std::uint64_t> FindMethod(const ElfImage& module, std::string_view type,
                                        std::string_view method);
// What reads the attribute.
std::optional<std::uint64_t> FindGetter(const ElfImage& module, std::string_view type,
                                        std::string_view attribute);

}  // namespace clew::runtime
