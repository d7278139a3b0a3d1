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

constexpr ZooKey kCnn[] = {width(8), classes(10), resolution(28, 4), channels(1)};
constexpr ZooKey kResnet[] = {width(16), classes(10), resolution(32, 4), channels(3)};
constexpr ZooKey kDsCnn[] = {width(64), whole("depth", 4, 1, 64), classes(12), whole("frames", 49, 4, 4096),
                             whole("bins", 10, 4, 256)};

constexpr ZooRow kRows[] = {
    {"cnn", kCnn, zoo::build_cnn, "small images, a few thousand parameters", "this project"},
    {"resnet8", kResnet, zoo::build_resnet8, "32x32 images", "Banbury et al. 2021, arXiv:2106.07597"},
    {"resnet20", kResnet, zoo::build_resnet20, "32x32 images", "He et al. 2016, arXiv:1512.03385"},
    {"ds-cnn", kDsCnn, zoo::build_ds_cnn, "keywords from audio features",
     "Zhang et al. 2017, arXiv:1711.07128; this form: arXiv:2106.07597"},
};

}  // namespace

std::span<const ZooRow> zoo_list() { return kRows; }

}  // namespace mote
