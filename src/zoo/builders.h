// The builders, one per row of the list (zoo_list.cpp).
#pragma once

#include "zoo/settings.h"

namespace mote::zoo {

Graph build_cnn(const ZooSettings& settings);
Graph build_resnet8(const ZooSettings& settings);
Graph build_resnet20(const ZooSettings& settings);
Graph build_ds_cnn(const ZooSettings& settings);

}  // namespace mote::zoo
