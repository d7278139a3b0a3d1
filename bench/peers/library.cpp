#include <dlfcn.h>

#include "base/error.h"
#include "bench/peers/contender.h"

namespace mote::bench {

Library::Library(const std::filesystem::path& file)
    : file_(file), handle_(::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (!handle_) {
    const char* const why = ::dlerror();
    throw UserError({"cannot load a peer's library", file.string(), why ? why : "",
                     "run bench/peers.sh, which installs the packages"});
  }
}

void* Library::symbol(const char* name) const {
  void* const found = ::dlsym(handle_, name);
  if (!found)
    throw UserError({"a peer's library lacks a function", file_.string(), name,
                     "install the version that bench/peers/package.json names"});
  return found;
}

}  // namespace mote::bench
