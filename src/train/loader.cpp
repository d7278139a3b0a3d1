#include "train/loader.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <numeric>
#include <thread>

#include "base/error.h"

namespace mote::train {

namespace {

constexpr std::uint64_t kOrderStream = 0x6f72646572ULL;  // apart from the samples' own random numbers
constexpr std::uint64_t kMixStream = 0x6d6978ULL;

std::size_t channels_of(const data::Shape& shape) {
  return shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
}

// Rounded to four significant digits, so that people can type it again.
double four_digits(double value) {
  if (value == 0) return 0;
  const double unit = std::pow(10.0, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * unit) / unit;
}

// Normalizes samples; 256 floats per channel replace the arithmetic for bytes.
class Reader {
 public:
  Reader(const data::Samples& samples, const data::Normalization& normalization)
      : samples_(samples), normalization_(normalization), channels_(channels_of(samples.shape)) {
    table_.resize(channels_ * 256);
    for (std::size_t i = 0; i < table_.size(); ++i) table_[i] = static_cast<float>(i / channels_);
    normalization.apply(table_, channels_);
  }

  void read(std::size_t index, std::span<float> out) const {
    if (samples_.pixels.empty()) {
      samples_.copy_to(index, out);
      normalization_.apply(out, channels_);
      return;
    }
    const std::uint8_t* pixel = samples_.pixels.data() + index * out.size();
    for (std::size_t i = 0; i < out.size();)
      for (std::size_t c = 0; c < channels_; ++c, ++i) out[i] = table_[pixel[i] * channels_ + c];
  }

 private:
  const data::Samples& samples_;
  const data::Normalization& normalization_;
  std::size_t channels_;
  std::vector<float> table_;  // [byte][channel]
};

}  // namespace

std::vector<std::size_t> epoch_order(std::size_t count, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng rng = sample_rng(seed ^ kOrderStream, epoch, count);
  for (std::size_t i = count; i > 1; --i)
    std::swap(order[i - 1],
              order[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(i) - 1))]);
  return order;
}

std::size_t batch_count(std::size_t samples, const LoaderOptions& options) {
  if (options.shuffle) return std::max<std::size_t>(samples > 0 ? 1 : 0, samples / options.batch);
  return (samples + options.batch - 1) / options.batch;
}

struct Loader::Body {
  const data::Samples& samples;
  data::Normalization normalization;
  Reader reader;
  LoaderOptions options;
  std::uint64_t epoch;
  std::size_t next_batch, batches;
  std::vector<std::size_t> order;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Batch> ready;
  std::vector<Batch> spare;  // storage to reuse
  bool finished = false, stopped = false;
  std::exception_ptr failure;
  std::thread thread;

  Body(const data::Samples& s, const data::Normalization& n, const LoaderOptions& o, std::uint64_t e,
       std::size_t first)
      : samples(s),
        normalization(n),
        reader(s, normalization),
        options(o),
        epoch(e),
        next_batch(first),
        batches(batch_count(s.count, o)) {
    order.resize(s.count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (o.shuffle) order = epoch_order(s.count, o.seed, e);
  }

  void mix(Batch& batch, std::vector<float>& scratch);
  void prepare(std::size_t number, Batch& batch, std::vector<float>& scratch);
  void work();
};

void Loader::Body::mix(Batch& batch, std::vector<float>& scratch) {
  const std::uint64_t number = batch.indices.front();
  Rng rng = sample_rng(options.seed ^ kMixStream, epoch, number);
  const auto share = static_cast<float>(mixup_share(options.augmentation.mixup, rng));
  const std::vector<std::size_t> partners = epoch_order(batch.count, rng.next(), epoch);
  const std::size_t size = batch.inputs.size() / batch.count;
  scratch.assign(batch.inputs.begin(), batch.inputs.end());
  for (std::size_t i = 0; i < batch.count; ++i) {
    const float* other = scratch.data() + partners[i] * size;
    float* own = batch.inputs.data() + i * size;
    for (std::size_t k = 0; k < size; ++k) own[k] = share * own[k] + (1 - share) * other[k];
    batch.partners.push_back(batch.indices[partners[i]]);
    batch.others.push_back(batch.labels[partners[i]]);
  }
  batch.share = share;
}

void Loader::Body::prepare(std::size_t number, Batch& batch, std::vector<float>& scratch) {
  const std::size_t first = number * options.batch;
  batch.count = std::min(options.batch, samples.count - first);
  batch.share = 1;
  for (auto* list : {&batch.labels, &batch.others}) list->clear();
  for (auto* list : {&batch.indices, &batch.partners}) list->clear();
  const std::size_t size = samples.sample_size();
  batch.inputs.resize(batch.count * size);
  for (std::size_t i = 0; i < batch.count; ++i) {
    const std::size_t index = order[first + i];
    batch.indices.push_back(index);
    batch.labels.push_back(samples.labels.empty() ? data::kNoLabel : samples.labels[index]);
    reader.read(index, std::span(batch.inputs).subspan(i * size, size));
  }
  if (options.keep_clean) batch.clean.assign(batch.inputs.begin(), batch.inputs.end());
  if (options.augmentation == Augmentation{}) return;
  for (std::size_t i = 0; i < batch.count; ++i) {
    Rng rng = sample_rng(options.seed, epoch, batch.indices[i]);
    augment(std::span(batch.inputs).subspan(i * size, size), samples.shape, options.augmentation, scratch,
            rng);
  }
  if (options.augmentation.mixup > 0) mix(batch, scratch);
}

void Loader::Body::work() {
  std::vector<float> scratch;
  try {
    for (std::size_t number = next_batch; number < batches; ++number) {
      Batch batch;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stopped || ready.size() < options.queue; });
        if (stopped) return;
        if (!spare.empty()) {
          batch = std::move(spare.back());
          spare.pop_back();
        }
      }
      prepare(number, batch, scratch);
      const std::lock_guard lock(mutex);
      ready.push_back(std::move(batch));
      changed.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex);
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex);
  finished = true;
  changed.notify_all();
}

Loader::Loader(const data::Samples& samples, const data::Normalization& normalization,
               const LoaderOptions& options, std::uint64_t epoch, std::size_t first_batch) {
  MOTE_CHECK(options.batch > 0 && options.queue > 0);
  check_augmentation(options.augmentation, samples.shape);
  body_ = std::make_unique<Body>(samples, normalization, options, epoch, first_batch);
  body_->thread = std::thread([body = body_.get()] { body->work(); });
}

Loader::~Loader() {
  {
    const std::lock_guard lock(body_->mutex);
    body_->stopped = true;
    body_->changed.notify_all();
  }
  body_->thread.join();
}

bool Loader::next(Batch& batch) {
  std::unique_lock lock(body_->mutex);
  body_->changed.wait(lock, [&] { return !body_->ready.empty() || body_->finished; });
  if (body_->ready.empty()) {
    if (body_->failure) std::rethrow_exception(body_->failure);
    return false;
  }
  body_->spare.push_back(std::move(batch));
  batch = std::move(body_->ready.front());
  body_->ready.pop_front();
  body_->changed.notify_all();
  return true;
}

data::Normalization measured_normalization(const data::Samples& samples) {
  data::Normalization result;
  if (samples.kind == data::ElementKind::kAudio || samples.count == 0) return result;
  const bool picture = samples.kind == data::ElementKind::kImage;
  if (picture) result.scale = 1.0 / 255;
  const std::size_t channels = picture ? channels_of(samples.shape) : 1;
  std::vector<double> sum(channels), squares(channels);
  std::vector<float> values(samples.sample_size());
  for (std::size_t n = 0; n < samples.count; ++n) {
    samples.copy_to(n, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = static_cast<double>(values[i]) * result.scale;
      sum[i % channels] += value;
      squares[i % channels] += value * value;
    }
  }
  const double count = static_cast<double>(samples.count * values.size() / channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = sum[c] / count;
    const double deviation = four_digits(std::sqrt(std::max(0.0, squares[c] / count - mean * mean)));
    result.mean.push_back(four_digits(mean));
    result.std.push_back(deviation > 0 ? deviation : 1);
  }
  return result;
}

}  // namespace mote::train
