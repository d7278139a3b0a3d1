// Settings of a process that trains. Free of LibTorch.
#pragma once

namespace mote::train {

// First thing in main. The OpenMP runtime reads its wait policy when it is loaded, before main: spinning
// threads cost a factor of five where cores are shared, so the program starts itself again with the policy
// set (argv: its arguments). The allocator keeps what training frees: by default glibc gives the large blocks
// of every layer back to the system, and a quarter of the time goes into fresh pages.
void prepare_process(char** argv);

}  // namespace mote::train
