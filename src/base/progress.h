// Progress of long work, on stderr: a bar on a terminal, a line now and then elsewhere, nothing when quiet.
// The sink is injected, so that nothing below cli/ prints.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace mote {

// Called with the work done so far and the total; must be cheap and thread-safe for the caller's threads.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total, const std::string& label)>;

inline void report(const Progress& progress, std::uint64_t done, std::uint64_t total,
                   const std::string& label) {
  if (progress) progress(done, total, label);
}

}  // namespace mote
