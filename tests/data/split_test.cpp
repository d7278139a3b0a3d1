#include "data/split.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "data/file_set.h"
#include "data/layout.h"

namespace mote::data {
namespace {

using Given = std::vector<std::optional<Split>>;

TEST(AssignSplits, DealsEachClassOutInProportion) {
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 300; ++i) labels.push_back(i % 3);
  const Assignment a = assign_splits(labels, Given(300), {}, "x");
  EXPECT_EQ(a.indices[0].size(), 240U);
  EXPECT_EQ(a.indices[1].size(), 30U);
  EXPECT_EQ(a.indices[2].size(), 30U);
  std::vector<std::size_t> all;
  for (const auto& indices : a.indices) {
    EXPECT_TRUE(std::is_sorted(indices.begin(), indices.end()));
    all.insert(all.end(), indices.begin(), indices.end());
    EXPECT_EQ(static_cast<std::size_t>(
                  std::count_if(indices.begin(), indices.end(), [&](auto i) { return labels[i] == 1; })),
              indices.size() / 3);
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::unique(all.begin(), all.end()) - all.begin(), 300);
  EXPECT_EQ(assign_splits(labels, Given(300), {}, "x").indices, a.indices);
  DatasetOptions other;
  other.seed = 2;
  EXPECT_NE(assign_splits(labels, Given(300), other, "x").indices, a.indices);
  other.valid_fraction = 0.9;
  other.test_fraction = 0.2;
  EXPECT_THROW(assign_splits(labels, Given(300), other, "x"), UserError);
}

TEST(AssignSplits, KeepsGivenOnesAndCarvesValidOnlyOnRequest) {
  const std::vector<std::int32_t> labels(10, 0);
  Given given(10, Split::kTrain);
  given[3] = Split::kTest;
  EXPECT_EQ(assign_splits(labels, given, {}, "x").indices[2], std::vector<std::size_t>{3});
  EXPECT_TRUE(assign_splits(labels, given, {}, "x").indices[1].empty());
  DatasetOptions options;
  options.valid_fraction = 1.0 / 3;
  EXPECT_EQ(assign_splits(labels, given, options, "x").indices[1].size(), 3U);
  given[0] = std::nullopt;
  EXPECT_THROW(assign_splits(labels, given, {}, "x"), UserError);
}

TEST(AssignSplits, UnlabelledDataIsWholeInEverySplit) {
  const std::vector<std::int32_t> labels(4, kNoLabel);
  for (const auto& indices : assign_splits(labels, Given(4), {}, "x").indices) EXPECT_EQ(indices.size(), 4U);
}

TEST(NumberClasses, KeepsNumbersAndSortsWords) {
  const std::vector<std::string> numbers = {"3", "1", "", "3"};
  const Classes n = number_classes(numbers);
  EXPECT_EQ(n.labels, (std::vector<std::int32_t>{3, 1, kNoLabel, 3}));
  EXPECT_EQ(n.names, (std::vector<std::string>{"0", "1", "2", "3"}));
  const std::vector<std::string> words = {"dog", "cat", "dog"};
  const Classes w = number_classes(words);
  EXPECT_EQ(w.labels, (std::vector<std::int32_t>{1, 0, 1}));
  EXPECT_EQ(w.names, (std::vector<std::string>{"cat", "dog"}));
}

TEST(NaturalLess, ComparesNumbersByValue) {
  EXPECT_TRUE(natural_less("img2", "img10"));
  EXPECT_TRUE(natural_less("a/7_1", "a/07_2"));
  EXPECT_FALSE(natural_less("b", "a10"));
  EXPECT_TRUE(natural_less("a", "a0"));
  EXPECT_FALSE(natural_less("x", "x"));
  EXPECT_NE(natural_less("01", "1"), natural_less("1", "01"));  // a strict order also for equal values
}

TEST(SplitWithin, FindsWholeWordsOnly) {
  EXPECT_EQ(split_within("x_train"), Split::kTrain);
  EXPECT_EQ(split_within("t10k-images-idx3-ubyte"), Split::kTest);
  EXPECT_EQ(split_within("Val.csv"), Split::kValid);
  EXPECT_EQ(split_within("restraint_contest"), std::nullopt);
}

TEST(Layout, FoldersAreClassesAndSplits) {
  const FileLayout split =
      read_layout({"root/train/cat/1.jpg", "root/train/dog/a/2.jpg", "root/val/dog/3.jpg"});
  EXPECT_EQ(split.classes, (std::vector<std::string>{"cat", "dog", "dog"}));
  EXPECT_EQ(split.splits, (Given{Split::kTrain, Split::kTrain, Split::kValid}));
  const FileLayout plain = read_layout({"deep/er/cat/1.jpg", "deep/er/dog/2.jpg"});
  EXPECT_EQ(plain.classes, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(plain.splits, Given(2));
  const FileLayout test_only = read_layout({"test/a/1.jpg", "test/b/2.jpg"});
  EXPECT_EQ(test_only.splits, (Given{Split::kTest, Split::kTest}));
}

TEST(Layout, FlatNamesCarryLabelsWhenTheyRepeat) {
  EXPECT_EQ(read_layout({"r/yes_1.wav", "r/yes_2.wav", "r/no_1.wav"}).classes,
            (std::vector<std::string>{"yes", "yes", "no"}));
  EXPECT_EQ(read_layout({"a_1.wav", "b_1.wav"}).classes, (std::vector<std::string>{"", ""}));
  EXPECT_EQ(read_layout({"a.wav"}).classes, std::vector<std::string>{""});
}

}  // namespace
}  // namespace mote::data
