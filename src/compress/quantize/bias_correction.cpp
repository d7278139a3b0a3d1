#include "compress/quantize/bias_correction.h"

#include <memory>

#include "compress/quantize/weighted.h"

namespace mote {

std::vector<double> bias_correction(const Operator& op, const TensorType& x, const std::vector<double>& mean,
                                    const Tensor& weights, const Tensor& rounded) {
  MOTE_CHECK(!mean.empty() && !x.shape.empty() && static_cast<std::int64_t>(mean.size()) == x.shape.back());
  Array input(TensorType{x.shape, Encoding::real(), {}});
  for (std::size_t i = 0; i < input.real.size(); ++i) input.real[i] = mean[i % mean.size()];

  Array error = widen(weights);  // W - W'
  const std::vector<double> kept = dequantized(widen(rounded));
  for (std::size_t i = 0; i < kept.size(); ++i) error.real[i] -= kept[i];

  const OperatorPtr linear = without_clamp(op);
  const auto types = linear->infer({&input.type, &error.type});
  Array output(types.at(0));
  linear->evaluate({&input, &error}, {&output});

  const auto channels = static_cast<std::size_t>(output.shape().back());
  std::vector<double> correction(channels, 0);
  for (std::size_t i = 0; i < output.real.size(); ++i) correction[i % channels] += output.real[i];
  const std::size_t positions = output.real.size() / channels;
  for (double& c : correction) c /= static_cast<double>(positions);
  return correction;
}

}  // namespace mote
