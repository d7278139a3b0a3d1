#include "data/normalization.h"

#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace mote::data {
namespace {

[[noreturn]] void malformed(const std::string& text, const std::string& why) {
  throw UserError({"malformed normalization", text, why,
                   "write for example scale=1/255,mean=0.49:0.48:0.45,std=0.25:0.24:0.26"});
}

double plain_number(const std::string& text, const std::string& all) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    malformed(all, "'" + text + "' is not a number");
  }
  return value;
}

double fraction(const std::string& text, const std::string& all) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return plain_number(text, all);
  const double divisor = plain_number(text.substr(slash + 1), all);
  if (divisor == 0) malformed(all, "'" + text + "' divides by zero");
  return plain_number(text.substr(0, slash), all) / divisor;
}

std::vector<double> numbers(const std::string& text, const std::string& all) {
  std::vector<double> values;
  for (const std::string& item : split(text, ':')) values.push_back(fraction(item, all));
  return values;
}

std::string number_list(const std::vector<double>& values) {
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(format_double(value));
  return join(texts, ":");
}

void check_channels(const std::vector<double>& values, const char* name, std::size_t channels) {
  if (values.size() <= 1 || values.size() == channels) return;
  throw UserError({"the normalization does not fit the samples", name,
                   "it has " + std::to_string(values.size()) + " numbers, the samples " +
                       std::to_string(channels) + " channels",
                   "give one number, or one for each channel"});
}

double pick(const std::vector<double>& values, std::size_t channel, double otherwise) {
  return values.empty() ? otherwise : values[values.size() == 1 ? 0 : channel];
}

}  // namespace

void Normalization::apply(std::span<float> values, std::size_t channels) const {
  if (is_identity()) return;
  MOTE_CHECK(channels > 0 && values.size() % channels == 0);
  check_channels(mean, "mean", channels);
  check_channels(std, "std", channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double offset = pick(mean, c, 0);
    const double spread = pick(std, c, 1);
    for (std::size_t i = c; i < values.size(); i += channels) {
      values[i] = static_cast<float>((static_cast<double>(values[i]) * scale - offset) / spread);
    }
  }
}

Normalization parse_normalization(const std::string& text) {
  Normalization result;
  if (text.empty() || text == "none") return result;
  for (const std::string& item : split(text, ',')) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos) malformed(text, "'" + item + "' is not key=value");
    const std::string key = item.substr(0, equals);
    const std::string value = item.substr(equals + 1);
    if (key == "scale") {
      result.scale = fraction(value, text);
    } else if (key == "mean") {
      result.mean = numbers(value, text);
    } else if (key == "std") {
      result.std = numbers(value, text);
    } else {
      malformed(text, "there is no key '" + key + "'");
    }
  }
  for (const double value : result.std) {
    if (value <= 0) malformed(text, "std must be positive");
  }
  return result;
}

std::string format_normalization(const Normalization& normalization) {
  if (normalization.is_identity()) return "none";
  std::string text = "scale=" + format_double(normalization.scale);
  if (!normalization.mean.empty()) text += ",mean=" + number_list(normalization.mean);
  if (!normalization.std.empty()) text += ",std=" + number_list(normalization.std);
  return text;
}

}  // namespace mote::data
