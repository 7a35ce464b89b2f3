#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/value_text.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/io/atomic_file.hpp>
#include <kindred/io/model_format.hpp>
#include <kindred/io/safetensors.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred {

/// Collects the options and arrays of a model, which `save` writes to a file. What a model's
/// `write(writer)` is given.
class tensor_writer {
 public:
  /// `kind` names what is written, and whoever reads it asks for the same.
  explicit tensor_writer(std::string_view kind) : contents_(std::make_shared<contents>()) {
    set("checksum", detail::zero_checksum);  // first, so that its place in the file is known
    set("format", detail::model_format);
    set("version", detail::model_format_version);
    set("kind", kind);
  }

  /// Notes an option: a number, a bool, an enumerator (as its integer) or UTF-8 text.
  /// Throws data_error if the name is taken or the value is not finite or not UTF-8.
  template <class Value>
  void set(std::string_view name, const Value& value) {
    std::string full_name = claim(name);
    std::string text = detail::value_text(value);
    if (!detail::is_valid_utf8(text)) refuse("value is not UTF-8", full_name);
    if constexpr (std::is_floating_point_v<Value>)
      if (!std::isfinite(value)) refuse("value is not finite", full_name);
    contents_->texts.push_back({std::move(full_name), std::move(text)});
  }

  /// Notes an array of `shape`, row by row. It is shared, not copied.
  /// Throws data_error if the name is taken, the shape has another number of elements, or an
  /// element is not finite.
  template <class T>
  void add(std::string_view name, const shared_array<T>& elements,
           std::initializer_list<std::size_t> shape) {
    std::string full_name = claim(name);
    if (detail::element_count(shape) != elements.size()) refuse("wrong shape", full_name);
    if (!detail::all_finite(elements.span())) refuse("value is not finite", full_name);
    const std::string_view bytes(reinterpret_cast<const char*>(elements.data()),
                                 elements.size() * sizeof(T));
    // Keeps `elements` alive.
    const auto owner = std::make_shared<const shared_array<T>>(elements);
    contents_->tensors.push_back(
        {std::move(full_name), detail::tensor_type_of<T>(), shape, bytes, owner});
  }

  /// Notes ids in the order of their indices.
  void add(std::string_view name, const id_map& ids) {
    tensor_writer out = nested(name);
    const id_map flat = ids.flat();
    out.add("offsets", flat.offsets(), {flat.offsets().size()});
    out.add("text", flat.text(), {flat.text().size()});
  }

  /// Notes a part that writes itself, such as the model of a recommender.
  template <class Part>
  requires requires { Part::kind; }
  void add(std::string_view name, const Part& part) {
    tensor_writer out = nested(name);
    out.set("kind", Part::kind);
    part.write(out);
  }

  /// Writes to the same file, with `name` and a dot before every name.
  [[nodiscard]] tensor_writer nested(std::string_view name) const {
    return tensor_writer(contents_, prefix_ + std::string(name) + '.');
  }

  /// Writes it all to a new file, which takes the place of one at `path` when it is whole and on
  /// the disk. Two writers of one path do not mix: one of them comes last. O(bytes), without a
  /// copy. Throws io_error; then the old file stands.
  void save(const std::string& path) const {
    detail::atomic_file file(path);
    write_to(file);
    file.commit();
  }

  /// Writes it all, front to back, by `file.write(bytes)`; the checksum comes last, by
  /// `file.overwrite(offset, bytes)`, and is within the first 64 bytes.
  template <class File>
  void write_to(File& file) const {
    const std::vector<written_tensor> tensors = padded();
    std::uint32_t checksum = 0;
    const auto write = [&](std::string_view bytes) {
      constexpr std::size_t block = std::size_t{1} << 18;  // fits a cache between the two
      for (; !bytes.empty(); bytes.remove_prefix(std::min(block, bytes.size()))) {
        checksum = detail::crc32(bytes.substr(0, block), checksum);
        file.write(bytes.substr(0, block));
      }
    };
    write(header_of(tensors));
    for (const written_tensor& part : tensors) write(part.bytes);
    file.overwrite(length_size + checksum_lead.size(), detail::checksum_text(checksum));
  }

 private:
  struct written_text {
    std::string name;
    std::string value;
  };
  struct written_tensor {
    std::string name;
    detail::tensor_type type;
    std::vector<std::size_t> shape;
    std::string_view bytes;
    std::shared_ptr<const void> owner;
  };
  struct contents {
    std::vector<std::string> names;
    std::vector<written_text> texts;
    std::vector<written_tensor> tensors;
  };

  static constexpr std::size_t length_size = 8;
  static constexpr std::string_view checksum_lead = R"({"__metadata__":{"checksum":")";

  tensor_writer(std::shared_ptr<contents> shared, std::string prefix)
      : contents_(std::move(shared)), prefix_(std::move(prefix)) {}

  [[noreturn]] static void refuse(std::string_view what, const std::string& name) {
    throw data_error("model file: " + std::string(what) + ": " + detail::quoted(name));
  }

  [[nodiscard]] std::string claim(std::string_view name) {
    std::string full_name = prefix_ + std::string(name);
    auto& names = contents_->names;
    if (!detail::is_valid_utf8(full_name) || full_name.starts_with("__"))
      refuse("no name for a value", full_name);
    if (std::find(names.begin(), names.end(), full_name) != names.end())
      refuse("name is taken", full_name);
    names.push_back(full_name);
    return full_name;
  }

  /// The tensors, and between them what puts each on its alignment.
  [[nodiscard]] std::vector<written_tensor> padded() const {
    static constexpr char zeros[detail::model_alignment] = {};
    std::vector<written_tensor> all;
    std::size_t size = 0;
    std::size_t pads = 0;
    for (const written_tensor& part : contents_->tensors) {
      const std::size_t gap = (0 - size) % detail::model_alignment;
      if (gap != 0)
        all.push_back({"__pad" + detail::to_text(pads++) + "__",
                       detail::tensor_type_of<char>(),
                       {gap},
                       {zeros, gap},
                       nullptr});
      all.push_back(part);
      size += gap + part.bytes.size();
    }
    return all;
  }

  /// Everything before the tensors, with a checksum of zeros.
  [[nodiscard]] std::string header_of(const std::vector<written_tensor>& tensors) const {
    std::string header = texts_json();
    std::size_t offset = 0;
    for (const written_tensor& part : tensors) {
      const std::size_t end = offset + part.bytes.size();
      header += ',';
      detail::append_json_string(header, part.name);
      header += R"(:{"dtype":")" + std::string(part.type.name) + R"(","shape":)";
      append_numbers(header, part.shape);
      header += R"(,"data_offsets":)";
      append_numbers(header, std::initializer_list<std::size_t>{offset, end});
      header += '}';
      offset = end;
    }
    header += '}';
    header.append((0 - (length_size + header.size())) % detail::model_alignment, ' ');
    std::string length(length_size, '\0');
    for (std::size_t i = 0; i < length_size; ++i)
      length[i] = static_cast<char>((header.size() >> (8 * i)) & 0xffU);
    return length + header;
  }

  [[nodiscard]] std::string texts_json() const {
    std::string json = R"({"__metadata__":{)";
    for (const written_text& entry : contents_->texts) {
      if (json.back() != '{') json += ',';
      detail::append_json_string(json, entry.name);
      json += ':';
      detail::append_json_string(json, entry.value);
    }
    return json += '}';
  }

  template <class Numbers>
  static void append_numbers(std::string& json, const Numbers& numbers) {
    json += '[';
    for (const std::size_t number : numbers) {
      if (json.back() != '[') json += ',';
      json += detail::to_text(number);
    }
    json += ']';
  }

  std::shared_ptr<contents> contents_;
  std::string prefix_;
};

}  // namespace kindred
