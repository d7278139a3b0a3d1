#include "train/record.h"

#include "base/text.h"

namespace mote::train {

namespace {

std::string accuracy_text(const Score& score) {
  return score.accuracy ? format_double(*score.accuracy) : std::string();
}

}  // namespace

std::string to_csv(const std::vector<EpochRecord>& records) {
  std::string text =
      "epoch,step,loss,train_accuracy,valid_loss,valid_accuracy,learning_rate,samples_per_second,seconds\n";
  for (const EpochRecord& r : records) {
    const std::vector<std::string> fields = {std::to_string(r.epoch),
                                             std::to_string(r.step),
                                             format_double(r.train.loss),
                                             accuracy_text(r.train),
                                             r.valid ? format_double(r.valid->loss) : "",
                                             r.valid ? accuracy_text(*r.valid) : "",
                                             format_double(r.rate),
                                             format_double(r.samples_per_second),
                                             format_double(r.seconds)};
    text += join(fields, ",") + "\n";
  }
  return text;
}

}  // namespace mote::train
