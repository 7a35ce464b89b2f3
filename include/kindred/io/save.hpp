#pragma once

#include <kindred/io/tensor_reader.hpp>
#include <kindred/io/tensor_writer.hpp>

#include <string>

namespace kindred {

/// Writes a fitted model, or a recommender with its ids, to a safetensors file, which NumPy and
/// PyTorch read without kindred. The file takes the place of one at `path` when it is whole and on
/// the disk: after a crash there is the old one or the new one. O(bytes), without a copy.
/// Throws io_error.
template <class Model>
void save(const Model& model, const std::string& path) {
  tensor_writer out(Model::kind);
  model.write(out);
  out.save(path);
}

/// Reads what `save` wrote: `load_model<matrix_factorization<>>("model.safetensors")`. The model
/// points into the file, which stays mapped as long as a copy of the model lives, also when another
/// takes its place. Nobody may change the file itself meanwhile; `save` never does.
/// Throws io_error if the file cannot be read; format_error if it is damaged, holds another kind of
/// model or was written by a newer version.
template <class Model>
[[nodiscard]] Model load_model(const std::string& path, const load_model_options& options = {}) {
  const tensor_reader in(path, options);
  in.check_kind(Model::kind);
  return in.checked([&] { return Model::read(in); });
}

}  // namespace kindred
