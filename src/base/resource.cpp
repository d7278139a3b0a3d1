#include "base/resource.h"

#include "base/error.h"

namespace mote {

std::string_view resource(std::string_view path) {
  for (const Resource& r : resources())
    if (r.path == path) return r.text();
  fail_check("embedded file exists", __FILE__, __LINE__, std::string(path));
}

std::vector<std::string_view> resources_below(std::string_view folder, std::string_view suffix) {
  std::vector<std::string_view> paths;
  for (const Resource& r : resources())
    if (r.path.starts_with(folder) && r.path.ends_with(suffix)) paths.push_back(r.path);
  return paths;
}

}  // namespace mote
