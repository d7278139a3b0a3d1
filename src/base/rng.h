// Seeded random numbers with the same sequence on every machine (std distributions are not portable).
#pragma once

#include <cstdint>

namespace mote {

// SplitMix64 (Steele, Lea, Flood 2014). The same seed gives the same numbers everywhere.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  double uniform();                                           // [0, 1)
  double uniform(double low, double high);                    // [low, high)
  std::int64_t integer(std::int64_t low, std::int64_t high);  // low..high, both included
  bool chance(double probability);
  double normal();  // mean 0, deviation 1 (Box-Muller)

 private:
  std::uint64_t state_;
};

}  // namespace mote
