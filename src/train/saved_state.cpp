#include "train/saved_state.h"

#include <cstring>
#include <map>

#include "base/error.h"

namespace mote::train {

namespace {

ElementType element_of(const torch::Tensor& tensor, const std::string& name) {
  switch (tensor.scalar_type()) {
    case torch::kFloat32: return ElementType::Float32;
    case torch::kFloat64: return ElementType::Float64;
    case torch::kInt64: return ElementType::Int64;
    case torch::kUInt8:
    case torch::kBool: return ElementType::Byte;
    default: MOTE_CHECK(false, name + " has an element type that no checkpoint holds");
  }
}

}  // namespace

void append_saved(std::vector<SavedTensor>& saved, const std::string& prefix,
                  const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& named : tensors) {
    const torch::Tensor tensor = named.tensor.detach().contiguous();
    SavedTensor copy{prefix + named.name, element_of(tensor, named.name), tensor.sizes().vec(), {}};
    copy.bytes.resize(tensor.nbytes());
    std::memcpy(copy.bytes.data(), tensor.data_ptr(), copy.bytes.size());
    saved.push_back(std::move(copy));
  }
}

void restore_saved(const std::vector<SavedTensor>& saved, const std::string& prefix,
                   const std::vector<NamedTensor>& tensors) {
  const torch::NoGradGuard guard;
  std::map<std::string, const SavedTensor*> by_name;
  for (const SavedTensor& tensor : saved) by_name[tensor.name] = &tensor;
  for (const NamedTensor& named : tensors) {
    const auto found = by_name.find(prefix + named.name);
    if (found == by_name.end() || found->second->shape != named.tensor.sizes().vec() ||
        found->second->element != element_of(named.tensor, named.name))
      throw UserError({"cannot resume from the checkpoint", prefix + named.name,
                       "the checkpoint does not hold it in this form", "remove it and train from the start"});
    torch::Tensor copy = torch::empty(named.tensor.sizes(), named.tensor.options().requires_grad(false));
    std::memcpy(copy.data_ptr(), found->second->bytes.data(), found->second->bytes.size());
    torch::Tensor target = named.tensor;
    target.copy_(copy);
  }
}

std::vector<NamedTensor> clone_all(const std::vector<NamedTensor>& tensors) {
  std::vector<NamedTensor> copies;
  for (const NamedTensor& named : tensors) copies.push_back({named.name, named.tensor.detach().clone()});
  return copies;
}

void copy_all(const std::vector<NamedTensor>& from, const std::vector<NamedTensor>& to) {
  const torch::NoGradGuard guard;
  MOTE_CHECK(from.size() == to.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    torch::Tensor target = to[i].tensor;
    target.copy_(from[i].tensor);
  }
}

void swap_all(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  const std::vector<NamedTensor> old = clone_all(a);
  copy_all(b, a);
  copy_all(old, b);
}

bool all_finite(const std::vector<NamedTensor>& tensors) {
  const torch::NoGradGuard guard;
  for (const NamedTensor& named : tensors)
    if (named.tensor.is_floating_point() && !named.tensor.isfinite().all().item<bool>()) return false;
  return true;
}

}  // namespace mote::train
