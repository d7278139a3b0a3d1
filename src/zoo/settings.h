// The parameters of one builder: defaults of its row, replaced by those of the spec.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ir/graph.h"
#include "zoo/zoo.h"

namespace mote {

class ZooSettings {
 public:
  // `text`: "key=value&key=value", may be empty.
  ZooSettings(const ZooRow& row, std::string_view text);

  double real(std::string_view key) const;
  std::int64_t operator[](std::string_view key) const { return static_cast<std::int64_t>(real(key)); }
  std::uint64_t seed() const { return static_cast<std::uint64_t>(real("seed")); }
  std::string_view network() const { return network_; }
  // [1, resolution, resolution, channels]
  Shape image() const;
  // A value that its range allows but the network does not.
  [[noreturn]] void refuse(std::string_view key, const std::string& why, const std::string& remedy) const;

 private:
  void set(const ZooRow& row, std::string_view key, std::string_view value);

  std::string_view network_;
  std::map<std::string, double, std::less<>> values_;
};

}  // namespace mote
