// The builders, one per row of the list (zoo_list.cpp).
#pragma once

#include "zoo/settings.h"

namespace mote::zoo {

Graph build_mlp(const ZooSettings& settings);
Graph build_autoencoder(const ZooSettings& settings);
Graph build_lenet5(const ZooSettings& settings);
Graph build_cnn(const ZooSettings& settings);
Graph build_resnet8(const ZooSettings& settings);
Graph build_resnet20(const ZooSettings& settings);
Graph build_wrn(const ZooSettings& settings);
Graph build_densenet_bc(const ZooSettings& settings);
Graph build_vgg_small(const ZooSettings& settings);
Graph build_cnv(const ZooSettings& settings);
Graph build_ds_cnn(const ZooSettings& settings);
Graph build_mobilenet_v1(const ZooSettings& settings);
Graph build_mobilenet_v2(const ZooSettings& settings);
Graph build_squeezenet(const ZooSettings& settings);
Graph build_shufflenet_v2(const ZooSettings& settings);

}  // namespace mote::zoo
