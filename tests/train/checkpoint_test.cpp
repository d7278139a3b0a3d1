#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace mote::train {
namespace {

Checkpoint example() {
  Checkpoint c;
  c.fingerprint = 0x123456789abcdef0ULL;
  c.epoch = 2;
  c.step = 17;
  c.sums = {12.5, 340, 200};
  c.seconds = 3.25;
  c.best_epoch = 1;
  c.best_distance = 1;
  c.records = {{1, 40, {0.5, 0.75}, Score{0.6, 0.7}, 0.1, 1000, 1.5}, {2, 80, {0.4, {}}, {}, 0.05, 990, 3}};
  SavedTensor tensor{"network/weight", ElementType::Float32, {2, 3}, std::vector<std::byte>(24)};
  for (std::size_t i = 0; i < tensor.bytes.size(); ++i) tensor.bytes[i] = static_cast<std::byte>(i * 11);
  c.tensors = {tensor, {"steps", ElementType::Int64, {}, std::vector<std::byte>(8)}};
  return c;
}

TEST(Checkpoint, RoundTrips) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "net.onnx.checkpoint";
  write_checkpoint(path, example());
  EXPECT_EQ(read_checkpoint(path), example());
  Checkpoint other = example();
  other.epoch = 3;
  write_checkpoint(path, other);  // replaces
  EXPECT_EQ(read_checkpoint(path), other);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);  // nothing left over
}

TEST(Checkpoint, DamagedAndForeignFilesAreUserErrors) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "c";
  EXPECT_THROW(read_checkpoint(path), UserError);
  write_checkpoint(path, example());
  const auto good = read_file(path);
  for (std::size_t size = 0; size < good.size(); ++size) {
    write_file(path, std::span(good).first(size));
    ASSERT_THROW(read_checkpoint(path), UserError) << size;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] ^= std::byte{0x10};
    write_file(path, bad);
    ASSERT_THROW(read_checkpoint(path), UserError) << at;
  }
  write_file(path, "epoch 3, all is well, this is a text and not a checkpoint");
  EXPECT_THROW(read_checkpoint(path), UserError);
}

TEST(Checkpoint, WhatAKillLeftBehindIsRemoved) {
  const TemporaryFolder folder;
  for (const char* name : {"a.checkpoint", "a.checkpoint.tmp12-0", "a.onnx", "b.checkpoint.tmp3-1"})
    write_file(folder.path() / name, "x");
  remove_unfinished(folder.path() / "a.checkpoint");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a.checkpoint.tmp12-0"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 3);
  remove_unfinished({});
}

TEST(Checkpoint, RecordsAsCsv) {
  const std::string csv = to_csv(example().records);
  EXPECT_EQ(csv,
            "epoch,step,loss,train_accuracy,valid_loss,valid_accuracy,learning_rate,samples_per_second,"
            "seconds\n1,40,0.5,0.75,0.6,0.7,0.1,1000,1.5\n2,80,0.4,,,,0.05,990,3\n");
}

}  // namespace
}  // namespace mote::train
