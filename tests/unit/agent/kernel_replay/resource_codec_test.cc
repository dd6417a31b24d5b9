#include "agent/process/resource_codec.h"

#include <gtest/gtest.h>

namespace clew::process {
namespace {

span::Resource Shop() {
  return {.attributes = {{"service.name", std::string("shop")},
                         {"process.pid", std::int64_t{-7}},
                         {"empty", std::string()}},
          .service_name = "shop"};
}

TEST(ResourceCodec, RoundTrips) {
  const auto decoded = DecodeResource(EncodeResource(Shop()));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->service_name, "shop");
  EXPECT_EQ(decoded->attributes, Shop().attributes);
}

TEST(ResourceCodec, TruncatedOrUnknownBytesAreRefusedAndLongOnesBounded) {
  const std::string whole = EncodeResource(Shop());
  int accepted = 0;
  for (std::size_t n = 0; n < whole.size(); ++n)
    accepted += DecodeResource(whole.substr(0, n)) ? 1 : 0;
  EXPECT_EQ(accepted, 3) << "only where an attribute ends: none, one, two of them";
  EXPECT_FALSE(DecodeResource("x"));
  EXPECT_FALSE(DecodeResource(std::string("?\0\0", 3)));
  span::Resource many;
  for (int i = 0; i < 300; ++i) many.attributes.emplace_back("k", std::string("v"));
  EXPECT_FALSE(DecodeResource(EncodeResource(many)));
  span::Resource longest;
  longest.attributes.emplace_back("k", std::string(100'000, 'x'));
  EXPECT_EQ(
      std::get<std::string>(DecodeResource(EncodeResource(longest))->attributes[0].second).size(),
      65535u);
}

}  // namespace
}  // namespace clew::process
