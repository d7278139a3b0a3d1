#include "zoo/builders.h"
#include "zoo/zoo.h"

namespace mote {

namespace {

constexpr ZooKey whole(std::string_view name, double value, double low, double high) {
  return {name, value, low, high, true};
}
constexpr ZooKey classes(double value) { return whole("classes", value, 1, 100000); }
constexpr ZooKey resolution(double value, double low) { return whole("resolution", value, low, 2048); }
constexpr ZooKey channels(double value) { return whole("channels", value, 1, 1024); }
constexpr ZooKey width(double value) { return whole("width", value, 1, 4096); }

constexpr ZooKey factor(std::string_view name, double value, double low, double high) {
  return {name, value, low, high, false};
}

constexpr ZooKey kMlp[] = {width(256), whole("depth", 3, 1, 64), classes(10), resolution(28, 1), channels(1)};
constexpr ZooKey kAutoencoder[] = {width(128), whole("code", 8, 1, 4096), whole("features", 640, 1, 1 << 20)};
constexpr ZooKey kLenet5[] = {classes(10), resolution(28, 16), channels(1)};
constexpr ZooKey kCnn[] = {width(8), classes(10), resolution(28, 4), channels(1)};
constexpr ZooKey kResnet[] = {width(16), classes(10), resolution(32, 4), channels(3)};
constexpr ZooKey kWrn[] = {whole("depth", 16, 10, 1000), whole("width", 2, 1, 64), classes(10),
                           resolution(32, 4), channels(3)};
constexpr ZooKey kDensenet[] = {whole("depth", 40, 10, 1000), whole("growth", 12, 1, 256), classes(10),
                                resolution(32, 4), channels(3)};
constexpr ZooKey kVgg[] = {width(128), classes(10), resolution(32, 8), channels(3)};
constexpr ZooKey kCnv[] = {width(64), classes(10), resolution(32, 32), channels(3)};
constexpr ZooKey kDsCnn[] = {width(64), whole("depth", 4, 1, 64), classes(12), whole("frames", 49, 4, 4096),
                             whole("bins", 10, 4, 256)};
constexpr ZooKey kMobilenetV1[] = {factor("width", 1, 0.05, 4), classes(1000), resolution(224, 8),
                                   channels(3)};
constexpr ZooKey kMobilenetV2[] = {factor("width", 1, 0.05, 4), classes(1000), resolution(224, 8),
                                   channels(3)};
constexpr ZooKey kSqueezenet[] = {factor("version", 1, 1, 1.1), classes(1000), resolution(224, 32),
                                  channels(3)};
constexpr ZooKey kShufflenet[] = {factor("width", 1, 0.5, 2), classes(1000), resolution(224, 8), channels(3)};

constexpr ZooRow kRows[] = {
    {"mlp", kMlp, zoo::build_mlp, "small images, connected layers only",
     "SFC (width 256) and LFC (1024) of Umuroglu et al. 2017, arXiv:1612.07119"},
    {"lenet5", kLenet5, zoo::build_lenet5, "handwritten digits", "LeCun et al. 1998, Proc. IEEE 86(11)"},
    {"cnn", kCnn, zoo::build_cnn, "small images, a few thousand parameters", "this project"},
    {"resnet8", kResnet, zoo::build_resnet8, "32x32 images", "Banbury et al. 2021, arXiv:2106.07597"},
    {"resnet20", kResnet, zoo::build_resnet20, "32x32 images", "He et al. 2016, arXiv:1512.03385"},
    {"wrn", kWrn, zoo::build_wrn, "32x32 images", "Zagoruyko and Komodakis 2016, arXiv:1605.07146"},
    {"densenet-bc", kDensenet, zoo::build_densenet_bc, "32x32 images", "Huang et al. 2017, arXiv:1608.06993"},
    {"vgg-small", kVgg, zoo::build_vgg_small, "32x32 images",
     "Zhang et al. 2018 (LQ-Nets), arXiv:1807.10029"},
    {"cnv", kCnv, zoo::build_cnv, "32x32 images, binary networks", "Umuroglu et al. 2017, arXiv:1612.07119"},
    {"ds-cnn", kDsCnn, zoo::build_ds_cnn, "keywords from audio features",
     "Zhang et al. 2017, arXiv:1711.07128; this form: arXiv:2106.07597"},
    {"mobilenet-v1", kMobilenetV1, zoo::build_mobilenet_v1, "images", "Howard et al. 2017, arXiv:1704.04861"},
    {"mobilenet-v2", kMobilenetV2, zoo::build_mobilenet_v2, "images",
     "Sandler et al. 2018, arXiv:1801.04381"},
    {"squeezenet", kSqueezenet, zoo::build_squeezenet, "images", "Iandola et al. 2016, arXiv:1602.07360"},
    {"shufflenet-v2", kShufflenet, zoo::build_shufflenet_v2, "images", "Ma et al. 2018, arXiv:1807.11164"},
    {"autoencoder", kAutoencoder, zoo::build_autoencoder, "anomalies in machine sounds",
     "Banbury et al. 2021, arXiv:2106.07597 (ad01)"},
};

}  // namespace

std::span<const ZooRow> zoo_list() { return kRows; }

}  // namespace mote
