#include "train/options.h"

#include "base/error.h"

namespace mote::train {

OptimizerKind parse_optimizer(const std::string& text) {
  if (text == "sgd") return OptimizerKind::Sgd;
  if (text == "adam") return OptimizerKind::Adam;
  if (text == "adamw") return OptimizerKind::AdamW;
  throw UserError({"unknown optimizer", text, "it is none of sgd, adam, adamw", "name one of them"});
}

LossKind parse_loss(const std::string& text) {
  if (text == "auto") return LossKind::Auto;
  if (text == "cross-entropy") return LossKind::CrossEntropy;
  if (text == "mse") return LossKind::MeanSquaredError;
  if (text == "reconstruction") return LossKind::Reconstruction;
  throw UserError(
      {"unknown loss", text, "it is none of auto, cross-entropy, mse, reconstruction", "name one of them"});
}

}  // namespace mote::train
