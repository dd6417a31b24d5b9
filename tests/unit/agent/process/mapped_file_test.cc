#include "agent/process/mapped_file.h"

#include <gtest/gtest.h>

namespace clew::process {
namespace {

constexpr std::string_view kMaps =
    "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n"
    "7f1000000000-7f1000200000 r--p 00200000 08:01 17                 /opt/a b/lib/libjvm.so\n"
    "7f1000000000-7f1000200000 r--p 00000000 08:01 17                 /opt/a b/lib/libjvm.so\n"
    "7f2000000000-7f2000200000 r-xp 00000000 08:01 18                 /opt/notlibjvm.so\n"
    "7fff00000000-7fff00001000 r-xp 00000000 00:00 0                  [vdso]\n";

TEST(MappedFile, IsWhereItsFirstByteLies) {
  const auto file = FindMapped(kMaps, "libjvm.so");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->path, "/opt/a b/lib/libjvm.so");
  EXPECT_EQ(file->address, 0x7f1000000000u);
}

TEST(MappedFile, ANameThatEndsLikeItIsAnotherOne) {
  EXPECT_EQ(FindMapped(kMaps, "notlibjvm.so")->address, 0x7f2000000000u);
  EXPECT_FALSE(FindMapped(kMaps, "jvm.so"));
}

TEST(MappedFile, WhatIsNoFileIsNotFound) {
  EXPECT_FALSE(FindMapped(kMaps, "[vdso]"));
  EXPECT_FALSE(FindMapped("", "libjvm.so"));
  EXPECT_FALSE(FindMapped("zz-1 r 0 0 0 /libjvm.so", "libjvm.so"));
  EXPECT_FALSE(FindMapped("/libjvm.so", "libjvm.so"));
  EXPECT_FALSE(FindMapped("libjvm.so", "libjvm.so"));
}

TEST(MappedFile, TheLastLineNeedsNoEnd) {
  EXPECT_TRUE(FindMapped("10-20 r--p 00000000 08:01 17 /libjvm.so", "libjvm.so"));
}

}  // namespace
}  // namespace clew::process
