#include <sndfile.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/parallel.h"
#include "data/fit.h"
#include "data/readers.h"
#include "data/single_files.h"

namespace mote::data {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw UserError({"cannot read the sound", where, why, "save it again as a 16-bit WAV, or remove it"});
}

// A sound in memory, read through libsndfile's callbacks.
class Sound {
 public:
  Sound(std::vector<std::byte> file, std::string where) : bytes_(std::move(file)), where_(std::move(where)) {
    SF_VIRTUAL_IO callbacks{&Sound::length, &Sound::seek, &Sound::read, &Sound::refuse_write, &Sound::tell};
    handle_ = sf_open_virtual(&callbacks, SFM_READ, &info_, this);
    if (handle_ == nullptr) refuse(where_, sf_strerror(nullptr));
    if (info_.channels < 1 || info_.channels > 64 || info_.samplerate < 1) {
      sf_close(handle_);
      refuse(where_, "its channels or sample rate make no sense");
    }
  }
  ~Sound() { sf_close(handle_); }
  Sound(const Sound&) = delete;
  Sound& operator=(const Sound&) = delete;

  std::size_t channels() const { return static_cast<std::size_t>(info_.channels); }
  int sample_rate_hz() const { return info_.samplerate; }

  // All frames, -1..1, channels interleaved. The header's count is not trusted: the frames are read until
  // there are no more.
  std::vector<float> frames() {
    constexpr std::size_t kBlockFrames = 16384;
    constexpr std::size_t kMaxValues = std::size_t{1} << 26;  // an hour at 16 kHz, 256 MiB
    std::vector<float> values;
    std::vector<float> block(kBlockFrames * channels());
    for (;;) {
      const sf_count_t got = sf_readf_float(handle_, block.data(), static_cast<sf_count_t>(kBlockFrames));
      if (got <= 0) break;
      values.insert(values.end(), block.begin(), block.begin() + got * info_.channels);
      if (values.size() > kMaxValues) refuse(where_, "it is too long");
    }
    if (values.empty()) refuse(where_, "it has no samples");
    return values;
  }

 private:
  static Sound& self(void* user) { return *static_cast<Sound*>(user); }
  static sf_count_t length(void* user) { return static_cast<sf_count_t>(self(user).bytes_.size()); }
  static sf_count_t tell(void* user) { return self(user).at_; }
  static sf_count_t refuse_write(const void*, sf_count_t, void*) { return 0; }
  static sf_count_t seek(sf_count_t offset, int from, void* user) {
    const sf_count_t base = from == SEEK_SET ? 0 : from == SEEK_CUR ? self(user).at_ : length(user);
    const sf_count_t step =
        std::clamp(offset, -length(user), length(user));  // no overflow, whatever the header says
    self(user).at_ = std::clamp<sf_count_t>(base + step, 0, length(user));
    return self(user).at_;
  }
  static sf_count_t read(void* to, sf_count_t count, void* user) {
    const sf_count_t got = std::clamp<sf_count_t>(length(user) - self(user).at_, 0, count);
    if (got > 0) std::memcpy(to, self(user).bytes_.data() + self(user).at_, static_cast<std::size_t>(got));
    self(user).at_ += got;
    return got;
  }

  std::vector<std::byte> bytes_;
  std::string where_;
  sf_count_t at_ = 0;
  SF_INFO info_{};
  SNDFILE* handle_ = nullptr;
};

class AudioFiles : public Dataset {
 public:
  AudioFiles(DatasetInfo info, SingleFiles files) : Dataset(std::move(info)), files_(std::move(files)) {}

 protected:
  Samples read(Split split, std::span<const std::size_t> indices, const Shape& wanted) const override {
    const AudioSize size = audio_size_for(wanted, info().shape);
    Samples samples =
        allocate_samples(ElementKind::kAudio, wanted.empty() ? info().shape : wanted, indices.size());
    const std::size_t width = samples.sample_size();
    parallel_for(indices.size(), [&](std::size_t, std::size_t i) {
      const std::size_t file = files_.member(split, indices[i]);
      Sound sound(files_.files.read(file), files_.files.where(file));
      fit_audio(sound.frames(), sound.channels(), size, std::span(samples.values).subspan(i * width, width));
      samples.labels[i] = files_.labels[file];
    });
    return samples;
  }

 private:
  SingleFiles files_;
};

// The longest file, the channels and the sample rate, which must be the same everywhere.
void survey(const FileSet& files, DatasetInfo& info) {
  struct Facts {
    std::size_t frames, channels;
    int rate_hz;
  };
  std::vector<Facts> facts(files.size());
  parallel_for(files.size(), [&](std::size_t, std::size_t i) {
    Sound sound(files.read(i), files.where(i));
    facts[i] = {sound.frames().size() / sound.channels(), sound.channels(), sound.sample_rate_hz()};
  });
  std::size_t longest = 0;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    longest = std::max(longest, facts[i].frames);
    if (facts[i].rate_hz != facts[0].rate_hz || facts[i].channels != facts[0].channels) {
      throw UserError({"the sounds of the data set differ", files.where(i),
                       "it has " + std::to_string(facts[i].rate_hz) + " Hz and " +
                           std::to_string(facts[i].channels) + " channels, the first " +
                           std::to_string(facts[0].rate_hz) + " Hz and " + std::to_string(facts[0].channels),
                       "convert all to one sample rate, for example with sox"});
    }
  }
  info.sample_rate_hz = facts[0].rate_hz;
  info.shape = {static_cast<std::int64_t>(longest), static_cast<std::int64_t>(facts[0].channels)};
}

}  // namespace

bool is_audio_files(const FileSet& files) { return contains_majority(files, is_audio_name); }

std::unique_ptr<Dataset> open_audio_files(FileSet files, const DatasetOptions& options) {
  DatasetInfo info;
  SingleFiles single = arrange_files(std::move(files), is_audio_name, options, info);
  info.format = "audio files";
  info.kind = ElementKind::kAudio;
  survey(single.files, info);
  return std::make_unique<AudioFiles>(std::move(info), std::move(single));
}

}  // namespace mote::data
