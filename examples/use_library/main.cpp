// A program that uses the installed library: prints what a model costs and emits C for it.
//
//   cmake -S examples/use_library -B build/use && cmake --build build/use
//   build/use/use_library MODEL OUT_FOLDER
#include <mote/mote.h>

#include <cstdio>
#include <stdexcept>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: use_library MODEL OUT_FOLDER\n");
    return 2;
  }
  try {
    const mote::Model model = mote::Model::load(argv[1]);
    const mote::ModelFacts facts = model.facts();
    std::printf("%s stage, %lld MACs, %lld parameters, peak RAM %lld bytes\n", facts.stage.c_str(),
                static_cast<long long>(facts.macs), static_cast<long long>(facts.parameters),
                static_cast<long long>(facts.peak_ram_bytes));
    const mote::CompiledFiles files = model.compile("cortex-m4", argv[2], "network");
    std::printf("%s/%s.c: arena %llu bytes, weights %llu bytes\n", files.folder.c_str(), files.name.c_str(),
                static_cast<unsigned long long>(files.arena_bytes),
                static_cast<unsigned long long>(files.weights_bytes));
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return 0;
}
