// The readers behind open_dataset(), one per kind of data set: whether the files are of that kind, and
// opening them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/file_set.h"

namespace mote::data {

// IDX (MNIST): pairs *images-idx3-ubyte and *labels-idx1-ubyte, each also compressed. An images file given
// alone is joined by the labels beside it. Format: yann.lecun.com/exdb/mnist.
bool is_idx(const FileSet& files);
std::unique_ptr<Dataset> open_idx(FileSet files, const DatasetOptions& options);

// CIFAR-10 (data_batch_*.bin, test_batch.bin) and CIFAR-100 (train.bin, test.bin; fine labels), planes made
// H,W,C. Format: www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
bool is_cifar(const FileSet& files);
std::unique_ptr<Dataset> open_cifar(FileSet files, const DatasetOptions& options);

// Arrays: an .npz, an .npy, or a folder of .npy, the first axis being the samples. Names tell splits
// (x_train) and labels (y, labels, targets, classes); of two arrays without such names the smaller is the
// labels. Bytes of image shape are images.
bool is_npy(const FileSet& files);
std::unique_ptr<Dataset> open_npy(FileSet files, const DatasetOptions& options);

// Text tables, separated by comma, semicolon or tab, with or without a line of names: numbers and a label
// column. Files named after splits (train.csv, test.csv) make splits.
bool is_csv(const FileSet& files);
std::unique_ptr<Dataset> open_csv(FileSet files, const DatasetOptions& options);

// Pictures in class folders; layout.h tells how classes and splits are found. All are given the size of the
// first.
bool is_image_files(const FileSet& files);
std::unique_ptr<Dataset> open_image_files(FileSet files, const DatasetOptions& options);

// Sounds likewise, or named LABEL_*.wav. All are filled up to the length of the longest; one sample rate.
bool is_audio_files(const FileSet& files);
std::unique_ptr<Dataset> open_audio_files(FileSet files, const DatasetOptions& options);

std::unique_ptr<Dataset> open_glyphs(const std::vector<std::pair<std::string, std::string>>& keys);

}  // namespace mote::data
