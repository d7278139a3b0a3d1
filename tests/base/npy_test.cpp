#include "base/npy.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/file.h"

namespace mote {
namespace {

std::vector<std::byte> npy_text(const std::string& header, const std::string& data, char version = 1) {
  std::string text = std::string("\x93NUMPY") + version + '\0' + static_cast<char>(header.size());
  text.append(version == 1 ? 1 : 3, '\0');
  text += header + data;
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

template <class T>
void round_trip(const std::vector<T>& values, const std::vector<std::int64_t>& shape) {
  const NpyArray array = npy_array<T>(shape, values);
  const NpyArray back = parse_npy(format_npy(array), "memory");
  EXPECT_EQ(back.type, array.type);
  EXPECT_EQ(back.shape, shape);
  EXPECT_EQ(back.bytes, array.bytes);
}

TEST(Npy, EveryTypeRoundTrips) {
  round_trip<float>({1.5F, -2.0F, 3e30F, 0, 1, 2}, {2, 3});
  round_trip<double>({1e300, -0.1}, {2});
  round_trip<std::int8_t>({-128, 127}, {1, 2, 1});
  round_trip<std::uint8_t>({0, 255}, {2, 1});
  round_trip<std::int16_t>({-32768}, {});
  round_trip<std::uint16_t>({65535}, {1});
  round_trip<std::int32_t>({INT32_MIN}, {1});
  round_trip<std::uint32_t>({UINT32_MAX}, {1});
  round_trip<std::int64_t>({INT64_MIN, INT64_MAX}, {2});
  round_trip<std::uint64_t>({UINT64_MAX}, {1});
  round_trip<float>({}, {0, 7});
}

TEST(Npy, DataBeginsAtAMultipleOf64) {
  const auto file = format_npy(npy_array<float>({3}, std::vector<float>{1, 2, 3}));
  EXPECT_EQ((file.size() - 12) % 64, 0U);
}

TEST(Npy, ConvertsElements) {
  const NpyArray array = npy_array<std::int16_t>({2}, std::vector<std::int16_t>{-3, 300});
  EXPECT_EQ(array.as_float(), (std::vector<float>{-3, 300}));
  EXPECT_EQ(array.as_int64(), (std::vector<std::int64_t>{-3, 300}));
}

TEST(Npy, FortranOrderBecomesCOrder) {
  // [[1,2,3],[4,5,6]] column by column
  const auto file =
      npy_text("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", "\x01\x04\x02\x05\x03\x06");
  EXPECT_EQ(parse_npy(file, "f").as_int64(), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, ReadsVersionsTwoAndThree) {
  for (const char version : {'\x02', '\x03'}) {
    const auto file = npy_text("{\"shape\":(2,),\"descr\":\"<i2\",\"fortran_order\":False}",
                               {"\x05\0\xff\xff", 4}, version);
    EXPECT_EQ(parse_npy(file, "f").as_int64(), (std::vector<std::int64_t>{5, -1}));
  }
}

TEST(Npy, RefusesWhatIsNotAnArray) {
  const std::string good = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n";
  EXPECT_NO_THROW(parse_npy(npy_text(good, "ab"), "f"));
  EXPECT_THROW(parse_npy({}, "f"), UserError);
  EXPECT_THROW(parse_npy(npy_text(good, "a"), "f"), UserError);
  EXPECT_THROW(parse_npy(npy_text(good, "abc"), "f"), UserError);
  EXPECT_THROW(parse_npy(npy_text(good, "ab", 4), "f"), UserError);
  for (const char* header :
       {"", "{", "{'descr': '|u1'}", "{'descr': '>f4', 'fortran_order': False, 'shape': ()}",
        "{'descr': '|O', 'fortran_order': False, 'shape': ()}",
        "{'descr': [('x','<f4')], 'fortran_order': False, 'shape': ()}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1099511627776, 1099511627776)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}"}) {
    EXPECT_THROW(parse_npy(npy_text(header, "ab"), "f"), UserError) << header;
  }
}

TEST(Npy, EveryTruncationIsAnError) {
  const auto file = format_npy(npy_array<double>({2, 2}, std::vector<double>{1, 2, 3, 4}));
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(parse_npy(std::span(file).first(size), "f"), UserError) << size;
  }
}

TEST(Npz, RoundTripsAndIsReproducible) {
  const TemporaryFolder folder;
  const NpzArrays arrays = {
      {"images", npy_array<std::uint8_t>({2, 2}, std::vector<std::uint8_t>{1, 2, 3, 4})},
      {"nested/labels", npy_array<std::int64_t>({2}, std::vector<std::int64_t>{7, 9})}};
  write_npz(folder.path() / "a.npz", arrays);
  write_npz(folder.path() / "b.npz", arrays);
  EXPECT_EQ(read_file(folder.path() / "a.npz"), read_file(folder.path() / "b.npz"));
  const NpzArrays back = read_npz(folder.path() / "a.npz");
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[1].first, "nested/labels");
  EXPECT_EQ(back[1].second.as_int64(), (std::vector<std::int64_t>{7, 9}));
  EXPECT_EQ(back[0].second.bytes, arrays[0].second.bytes);
}

TEST(Npz, ReadsDeflatedFiles) {
  const std::filesystem::path path = MOTE_SOURCE_DIR "/../shared/data/sww-mlperftiny-calibration.npz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "shared data sets are not here";
  const NpzArrays arrays = read_npz(path);
  ASSERT_EQ(arrays.size(), 2U);
  EXPECT_EQ(arrays[0].first, "specs");
  EXPECT_EQ(arrays[0].second.shape, (std::vector<std::int64_t>{45, 30, 1, 40}));
}

TEST(Npz, RefusesDamage) {
  const TemporaryFolder folder;
  write_npz(folder.path() / "a.npz", {{"x", npy_array<float>({1}, std::vector<float>{1})}});
  auto bytes = read_file(folder.path() / "a.npz");
  bytes.resize(60);
  EXPECT_THROW(parse_npz(bytes, "cut"), UserError);
  EXPECT_THROW(parse_npz(std::as_bytes(std::span("not a zip at all", 16)), "text"), UserError);
}

}  // namespace
}  // namespace mote
