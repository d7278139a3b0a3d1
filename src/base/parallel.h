// Work on all cores.
#pragma once

#include <cstddef>
#include <functional>

namespace mote {

// Number of threads to use: MOTE_THREADS when set and positive, else the cores this process may run on.
std::size_t thread_count();

// Calls body(worker, index) for each index in [0, count), spread over thread_count() threads. `worker` is
// below thread_count(). The first exception of a body is rethrown here after all threads have stopped.
void parallel_for(std::size_t count, const std::function<void(std::size_t worker, std::size_t index)>& body);

}  // namespace mote
