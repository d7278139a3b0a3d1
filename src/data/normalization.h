// From natural units to what a network was trained on: x' = (x * scale - mean[c]) / std[c], c being the
// channel (last axis).
#pragma once

#include <span>
#include <string>
#include <vector>

namespace mote::data {

struct Normalization {
  double scale = 1;
  std::vector<double> mean;  // one number for all channels, or one each; empty: 0
  std::vector<double> std;   // likewise, positive; empty: 1

  bool is_identity() const { return scale == 1 && mean.empty() && std.empty(); }

  // In place; `values` holds whole pixels of `channels` numbers. UserError when mean or std is for another
  // number of channels.
  void apply(std::span<float> values, std::size_t channels) const;

  bool operator==(const Normalization&) const = default;
};

// "scale=1/255,mean=0.49:0.48:0.45,std=0.25:0.24:0.26", each part optional; numbers may be fractions. "" and
// "none" are the identity. UserError for anything else.
Normalization parse_normalization(const std::string& text);
std::string format_normalization(
    const Normalization& normalization);  // reads back to the same; "none" for the identity

}  // namespace mote::data
