// Each kind of data set, from tiny files written here, and its damaged forms.
#include "data/readers.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/npy.h"
#include "data/image.h"
#include "tests/data/bytes.h"

namespace mote::data {
namespace {

class Readers : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void write(const std::string& name, const std::string& content) const {
    write_members(folder_.path(), {{name, bytes_of(content)}});
  }
  TemporaryFolder folder_;
};

std::string idx(std::uint8_t type, const std::vector<std::uint32_t>& dims, const std::string& data) {
  std::string text = std::string(2, '\0') + static_cast<char>(type) + static_cast<char>(dims.size());
  for (const std::uint32_t dim : dims) text += big(dim, 4);
  return text + data;
}

std::vector<std::byte> grey_png(std::uint8_t value, std::size_t side) {
  return encode_png({side, side, 1, std::vector<std::uint8_t>(side * side, value)});
}

std::string wav(const std::vector<std::int16_t>& values, std::uint32_t rate_hz) {
  std::string data;
  for (const std::int16_t value : values) data += little(static_cast<std::uint16_t>(value), 2);
  const auto size = static_cast<std::uint32_t>(data.size());
  return "RIFF" + little(36 + size, 4) + "WAVEfmt " + little(16, 4) + little(1, 2) + little(1, 2) +
         little(rate_hz, 4) + little(rate_hz * 2, 4) + little(2, 2) + little(16, 2) + "data" +
         little(size, 4) + data;
}

TEST_F(Readers, IdxPairsImagesWithLabels) {
  write("m/train-images-idx3-ubyte", idx(8, {3, 1, 2}, "abcdef"));
  write("m/train-labels-idx1-ubyte", idx(8, {3}, "\x02\x01\x02"));
  write("m/t10k-images-idx3-ubyte", idx(8, {1, 1, 2}, "gh"));
  write("m/t10k-labels-idx1-ubyte", idx(8, {1}, std::string(1, '\0')));
  const auto dataset = open_dataset(path("m"));
  EXPECT_EQ(dataset->info().format, "IDX");
  EXPECT_EQ(dataset->info().counts, (std::array<std::size_t, 3>{3, 0, 1}));
  const Samples train = dataset->load(Split::kTrain);
  EXPECT_EQ(train.shape, (Shape{1, 2, 1}));
  EXPECT_EQ(train.pixels, (std::vector<std::uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
  EXPECT_EQ(train.labels, (std::vector<std::int32_t>{2, 1, 2}));
  EXPECT_EQ(dataset->load(Split::kTest).labels, std::vector<std::int32_t>{0});
  EXPECT_THROW(dataset->load(Split::kValid), UserError);
  // one file alone finds the labels beside it
  EXPECT_EQ(open_dataset(path("m/train-images-idx3-ubyte"))->load(Split::kTrain).labels, train.labels);
}

TEST_F(Readers, IdxOfFloatsIsATensor) {
  write("x-idx2-float",
        idx(0x0d, {2, 2}, big(0x3f800000, 4) + big(0xc0000000, 4) + big(0, 4) + big(0x40400000, 4)));
  const Samples samples = open_dataset(path("x-idx2-float"))->load(Split::kTest);
  EXPECT_EQ(samples.kind, ElementKind::kTensor);
  EXPECT_EQ(samples.values, (std::vector<float>{1, -2, 0, 3}));
}

TEST_F(Readers, IdxDamageIsAnError) {
  for (const std::string& text :
       {std::string(), std::string("abcd"), idx(8, {2, 2}, "abc"), idx(8, {2}, "abc"), idx(7, {1}, "a"),
        idx(8, {0xffffffff, 0xffffffff, 0xffffffff}, "a"), idx(8, {0}, ""), idx(8, {}, "")}) {
    write("bad-idx3-ubyte", text);
    EXPECT_THROW(open_dataset(path("bad-idx3-ubyte")), UserError);
  }
  write("n/train-images-idx3-ubyte", idx(8, {2, 1, 1}, "ab"));
  write("n/train-labels-idx1-ubyte", idx(8, {3}, "abc"));
  EXPECT_THROW(open_dataset(path("n")), UserError);
}

TEST_F(Readers, CifarPlanesBecomePixels) {
  std::string record(1, '\x03');
  for (const char plane : {'r', 'g', 'b'}) record += std::string(1024, plane);
  write("c/data_batch_1.bin", record + record);
  write("c/test_batch.bin", record);
  write("c/batches.meta.txt", "zero\none\ntwo\nthree\n\n");
  const auto dataset = open_dataset(path("c"));
  EXPECT_EQ(dataset->info().counts, (std::array<std::size_t, 3>{2, 0, 1}));
  EXPECT_EQ(dataset->info().class_names[3], "three");
  const Samples test = dataset->load(Split::kTest);
  EXPECT_EQ(test.shape, (Shape{32, 32, 3}));
  EXPECT_EQ(test.labels, std::vector<std::int32_t>{3});
  EXPECT_EQ(std::vector<std::uint8_t>(test.pixels.begin(), test.pixels.begin() + 4),
            (std::vector<std::uint8_t>{'r', 'g', 'b', 'r'}));
  write("c/data_batch_2.bin", record.substr(1));
  EXPECT_THROW(open_dataset(path("c")), UserError);
}

TEST_F(Readers, ImagesFromFoldersAndArchivesAreTheSame) {
  std::vector<ArchiveMember> members;
  for (const char* split : {"train", "test"}) {
    for (const char* name : {"cat", "dog"}) {
      for (int i = 0; i < 12; ++i) {
        const auto grey = static_cast<std::uint8_t>(i * 10 + (name[0] == 'c'));
        members.push_back(
            {std::string("set/") + split + "/" + name + "/" + std::to_string(i) + ".png", grey_png(grey, 4)});
      }
    }
  }
  members.push_back({"set/README.md", bytes_of("not a picture")});
  members.push_back({"set/train/.hidden.png", bytes_of("nor this")});
  write_members(folder_.path(), members);
  const Samples expected = open_dataset(path("set"))->load(Split::kTest);
  EXPECT_EQ(expected.count, 24U);
  EXPECT_EQ(expected.labels[11], 0);
  EXPECT_EQ(expected.labels[12], 1);
  EXPECT_EQ(expected.pixels[2 * 16], 21);  // 2.png is the third, before 10.png
  for (const char* name : {"a.tar", "a.tar.gz", "a.zip"}) {
    write_file(folder_.path() / name, format_archive(members, name));
    const auto dataset = open_dataset(path(name));
    EXPECT_EQ(dataset->info().class_names, (std::vector<std::string>{"cat", "dog"}));
    EXPECT_EQ(dataset->info().counts, (std::array<std::size_t, 3>{24, 0, 24}));
    const Samples test = dataset->load(Split::kTest);
    EXPECT_EQ(test.pixels, expected.pixels) << name;
    EXPECT_EQ(test.labels, expected.labels) << name;
    LoadOptions part;
    part.max_count = 5;
    part.shape = {8, 8, 3};
    const Samples some = dataset->load(Split::kTest, part);
    EXPECT_EQ(some.count, 5U);
    EXPECT_EQ(some.pixels.size(), 5U * 8 * 8 * 3);
    EXPECT_EQ(dataset->load(Split::kTest, part).pixels, some.pixels);
    EXPECT_EQ(open_dataset(path(name) + "?valid=0.25")->info().counts,
              (std::array<std::size_t, 3>{18, 6, 24}));
  }
}

TEST_F(Readers, OnePictureIsADataSet) {
  write_file(folder_.path() / "x.png", grey_png(9, 2));
  const auto dataset = open_dataset(path("x.png"));
  EXPECT_TRUE(dataset->info().class_names.empty());
  EXPECT_EQ(dataset->load(Split::kTest).pixels, std::vector<std::uint8_t>(4, 9));
}

TEST_F(Readers, ADamagedPictureIsNamed) {
  write_file(folder_.path() / "a.png", grey_png(1, 2));
  write("b.png", "\x89PNG and no more");
  try {
    open_dataset(folder_.path().string())->load(Split::kTest);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(error.parts().where.find("b.png"), std::string::npos);
  }
}

TEST_F(Readers, SoundsAreFilledUpToTheLongest) {
  write("s/yes/1.wav", wav({16384, -32768, 8192}, 8000));
  write("s/no/1.wav", wav({-16384}, 8000));
  const auto dataset = open_dataset(path("s") + "?valid=0&test=0");
  EXPECT_EQ(dataset->info().sample_rate_hz, 8000);
  EXPECT_EQ(dataset->info().shape, (Shape{3, 1}));
  const Samples samples = dataset->load(Split::kTrain);
  EXPECT_EQ(samples.labels, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(samples.values, (std::vector<float>{-0.5F, 0, 0, 0.5F, -1, 0.25F}));
  LoadOptions shorter;
  shorter.shape = {1, 2, 1};
  EXPECT_EQ(dataset->load(Split::kTrain, shorter).values, (std::vector<float>{-0.5F, 0, 0.5F, -1}));
  write("s/no/2.wav", wav({1}, 16000));
  EXPECT_THROW(open_dataset(path("s")), UserError);
  write("s/no/2.wav", "RIFF and no more");
  EXPECT_THROW(open_dataset(path("s")), UserError);
}

TEST_F(Readers, ArraysArePairedByName) {
  const std::vector<std::uint8_t> pixels = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<std::int64_t> labels = {1, 0};
  write_npz(path("a.npz"), {{"y_train", npy_array<std::int64_t>({2}, labels)},
                            {"x_train", npy_array<std::uint8_t>({2, 2, 2}, pixels)},
                            {"x_test", npy_array<std::uint8_t>({1, 2, 2}, std::span(pixels).first(4))},
                            {"y_test", npy_array<std::int64_t>({1}, std::span(labels).first(1))}});
  const auto dataset = open_dataset(path("a.npz"));
  EXPECT_EQ(dataset->info().shape, (Shape{2, 2, 1}));
  EXPECT_EQ(dataset->load(Split::kTrain).labels, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(dataset->load(Split::kTest).pixels, (std::vector<std::uint8_t>{1, 2, 3, 4}));

  const std::vector<float> one_hot = {0, 0, 1, 1, 0, 0};
  const std::vector<float> features = {1, 2, 3, 4, 5, 6, 7, 8};
  write_npz(path("b.npz"),
            {{"arr_0", npy_array<float>({2, 4}, features)}, {"arr_1", npy_array<float>({2, 3}, one_hot)}});
  const Samples rows = open_dataset(path("b.npz") + "?valid=0&test=0")->load(Split::kTrain);
  EXPECT_EQ(rows.labels, (std::vector<std::int32_t>{2, 0}));
  EXPECT_EQ(rows.values, features);

  write_npy(path("c.npy"), npy_array<float>({2, 4}, features));
  write_npy(path("d.npy"), npy_array<std::int64_t>({2}, labels));
  EXPECT_EQ(open_dataset(path("c.npy"))->load(Split::kTest).labels,
            (std::vector<std::int32_t>{kNoLabel, kNoLabel}));
  EXPECT_EQ(open_dataset(path("c.npy") + "?labels=d.npy&valid=0&test=0")->load(Split::kTrain).labels,
            (std::vector<std::int32_t>{1, 0}));

  write_npz(path("e.npz"), {{"x", npy_array<float>({2, 4}, features)},
                            {"y", npy_array<float>({1}, std::span(features).first(1))}});
  EXPECT_THROW(open_dataset(path("e.npz")), UserError);
  write_npz(path("f.npz"), {{"x", npy_array<float>({2, 4}, features)},
                            {"y", npy_array<float>({2}, std::vector<float>{0.5F, 1})}});
  EXPECT_THROW(open_dataset(path("f.npz")), UserError);
}

TEST_F(Readers, TablesWithAndWithoutNames) {
  write("named.csv", "a, label ,b\n1,dog,2\n3,\"cat\",4\r\n");
  const auto named = open_dataset(path("named.csv") + "?valid=0&test=0");
  EXPECT_EQ(named->info().class_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(named->load(Split::kTrain).values, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(named->load(Split::kTrain).labels, (std::vector<std::int32_t>{1, 0}));

  write("plain.csv", "0.5;-1e3;2.0\n+1;2;0.0\n");
  const Samples plain = open_dataset(path("plain.csv") + "?valid=0&test=0")->load(Split::kTrain);
  EXPECT_EQ(plain.values, (std::vector<float>{0.5F, -1000, 1, 2}));
  EXPECT_EQ(plain.labels, (std::vector<std::int32_t>{2, 0}));
  EXPECT_EQ(open_dataset(path("plain.csv") + "?label=none")->load(Split::kTest).shape, Shape{3});

  write("t/train.csv", "1,2,0\n");
  write("t/test.csv", "3,4,1\n");
  EXPECT_EQ(open_dataset(path("t"))->load(Split::kTest).values, (std::vector<float>{3, 4}));

  for (const char* bad :
       {"", "\n\n", "a,b,c\n", "1,2\n1\n", "1,x,0\n2,y,1\n", "1,0.5\n2,0.25\n", "1,nan\n", "0\n1\n"}) {
    write("bad.csv", bad);
    EXPECT_THROW(open_dataset(path("bad.csv")), UserError) << bad;
  }
  EXPECT_THROW(open_dataset(path("named.csv") + "?label=c"), UserError);
}

TEST_F(Readers, WhatIsNoDataSetIsSaidSo) {
  EXPECT_THROW(open_dataset(path("missing")), UserError);
  EXPECT_THROW(open_dataset(folder_.path().string()), UserError);
  write("notes.txt", "hello");
  EXPECT_THROW(open_dataset(folder_.path().string()), UserError);
  write("broken.tar.gz", "hello");
  EXPECT_THROW(open_dataset(path("broken.tar.gz")), UserError);
  EXPECT_THROW(open_dataset(path("notes.txt") + "?seed=x"), UserError);
  EXPECT_THROW(open_dataset(path("notes.txt") + "?speed=1"), UserError);
}

}  // namespace
}  // namespace mote::data
