// Files that the build embeds into the program: C kernels, device start-up code, target descriptions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mote {

struct Resource {
  std::string_view path;  // relative to the repository, for example "kernels/c/conv2d_s8.h"
  const char* begin;
  const char* end;
  std::string_view text() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};

std::span<const Resource> resources();

// The text of one embedded file; a missing one is a bug of ours.
std::string_view resource(std::string_view path);
// Paths that start with `folder` and end with `suffix`, sorted.
std::vector<std::string_view> resources_below(std::string_view folder, std::string_view suffix);

}  // namespace mote
