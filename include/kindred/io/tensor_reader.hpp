#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/mapped_file.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/io/model_format.hpp>
#include <kindred/io/safetensors.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred {

struct load_model_options {
  /// Reads the whole file to compare its checksum: every change of a byte is found. Without it, a
  /// file must still be sound (sizes, shapes, types, finite values), but a changed value may pass;
  /// files of other programs need no checksum then.
  bool verify_checksum = true;
};

/// The options and arrays in a safetensors file, mapped into memory. What a model's `read(reader)`
/// is given. Copies share the file. Nothing in the file is trusted: whatever is missing or odd is a
/// format_error that names the file and the value.
class tensor_reader {
 public:
  /// Throws io_error if the file cannot be read, format_error if it is damaged.
  explicit tensor_reader(const std::string& path, const load_model_options& options = {})
      : tensor_reader(mapped_file(path), options) {}

  /// Throws format_error if the file is damaged.
  explicit tensor_reader(mapped_file file, const load_model_options& options = {})
      : contents_(std::make_shared<const contents>(std::move(file))) {
    if (options.verify_checksum) verify_checksum();
  }

  [[nodiscard]] const std::string& path() const noexcept { return contents_->file.path(); }

  [[nodiscard]] bool contains(std::string_view name) const {
    const std::string full_name = prefix_ + std::string(name);
    return detail::find_entry(contents_->layout.texts, full_name) != nullptr ||
           detail::find_entry(contents_->layout.tensors, full_name) != nullptr;
  }

  /// An option as it was `set`. An enumerator has to be checked by its owner: any integer of its
  /// underlying type comes back.
  template <class Value>
  [[nodiscard]] Value get(std::string_view name) const {
    const std::string full_name = prefix_ + std::string(name);
    const auto* entry = detail::find_entry(contents_->layout.texts, full_name);
    if (entry == nullptr) fail("no such value in the metadata", full_name);
    const std::string& text = entry->value;
    if constexpr (std::is_same_v<Value, std::string>) {
      return text;
    } else if constexpr (std::is_same_v<Value, bool>) {
      if (text != "true" && text != "false") fail(full_name + " is not true or false", text);
      return text == "true";
    } else if constexpr (std::is_enum_v<Value>) {
      return static_cast<Value>(number<std::underlying_type_t<Value>>(full_name, text));
    } else {
      return number<Value>(full_name, text);
    }
  }

  [[nodiscard]] std::vector<std::size_t> shape(std::string_view name) const {
    return find(name).shape;
  }

  /// How many rows a tensor has: its first extent, which fits an `index`.
  [[nodiscard]] std::size_t rows(std::string_view name) const {
    const detail::tensor_entry& entry = find(name);
    constexpr auto most = static_cast<std::size_t>(std::numeric_limits<index>::max());
    if (entry.shape.empty() || entry.shape[0] > most) fail("wrong shape of a tensor", entry.name);
    return entry.shape[0];
  }

  /// An array of `shape`. It points into the file and keeps it mapped, and starts on a multiple of
  /// 64 bytes; it is a copy where a file of another program does not.
  template <class T>
  [[nodiscard]] shared_array<T> array(std::string_view name,
                                      std::initializer_list<std::size_t> shape) const {
    const detail::tensor_entry& entry = find(name);
    if (!std::equal(shape.begin(), shape.end(), entry.shape.begin(), entry.shape.end()))
      fail("wrong shape of a tensor", entry.name);
    return elements<T>(entry);
  }

  /// A list of any length.
  template <class T>
  [[nodiscard]] shared_array<T> array(std::string_view name) const {
    const detail::tensor_entry& entry = find(name);
    if (entry.shape.size() != 1) fail("wrong shape of a tensor", entry.name);
    return elements<T>(entry);
  }

  /// Ids as they were `add`ed.
  [[nodiscard]] id_map ids(std::string_view name) const {
    const tensor_reader in = nested(name);
    return in.checked(
        [&] { return id_map(in.array<std::uint64_t>("offsets"), in.array<char>("text")); });
  }

  /// A part as it was `add`ed.
  template <class Part>
  [[nodiscard]] Part part(std::string_view name) const {
    const tensor_reader in = nested(name);
    in.check_kind(Part::kind);
    return in.checked([&] { return Part::read(in); });
  }

  /// Reads from the same file, with `name` and a dot before every name.
  [[nodiscard]] tensor_reader nested(std::string_view name) const {
    tensor_reader in = *this;
    in.prefix_.append(name).append(".");
    return in;
  }

  /// Throws format_error unless this is a `kind`, in a version of the format that is known here.
  void check_kind(std::string_view kind) const {
    if (prefix_.empty()) check_format();
    const auto found = get<std::string>("kind");
    if (found != kind) fail("expected a model of kind " + std::string(kind) + ", found", found);
  }

  /// `read()`, which is given what a file holds: options or data that it refuses are a
  /// format_error.
  template <class Read>
  [[nodiscard]] auto checked(const Read& read) const -> decltype(read()) {
    try {
      return read();
    } catch (const option_error& error) {
      fail(error.what(), prefix_);
    } catch (const data_error& error) {
      fail(error.what(), prefix_);
    }
  }

 private:
  struct contents {
    explicit contents(mapped_file whole)
        : file(std::move(whole)),
          layout(detail::tensor_layout_parser(file.path(), file.text()).parse()) {}

    mapped_file file;
    detail::tensor_layout layout;
  };

  [[noreturn]] void fail(std::string_view what, std::string value) const {
    throw format_error(path(), 0, 0, std::move(value), what);
  }

  [[nodiscard]] const detail::tensor_entry& find(std::string_view name) const {
    std::string full_name = prefix_ + std::string(name);
    const auto* entry = detail::find_entry(contents_->layout.tensors, full_name);
    if (entry == nullptr) fail("no such tensor", std::move(full_name));
    return *entry;
  }

  template <class Number>
  [[nodiscard]] Number number(const std::string& name, const std::string& text) const {
    Number value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value);
    bool sound = code == std::errc{} && stop == end;
    if constexpr (std::is_floating_point_v<Number>) sound = sound && std::isfinite(value);
    if (!sound) fail(name + " is no such number", text);
    return value;
  }

  template <class T>
  [[nodiscard]] shared_array<T> elements(const detail::tensor_entry& entry) const {
    if (entry.type != detail::tensor_type_of<T>())
      fail(entry.name + " is not " + std::string(detail::tensor_type_of<T>().name) + " but",
           std::string(entry.type.name));
    const char* const bytes = contents_->file.data() + entry.begin;
    const std::size_t count = (entry.end - entry.begin) / sizeof(T);
    shared_array<T> result;
    if (reinterpret_cast<std::uintptr_t>(bytes) % detail::model_alignment == 0) {
      result = shared_array<T>(contents_->file.owner(), reinterpret_cast<const T*>(bytes), count);
    } else if (count > 0) {
      aligned_vector<T> copy(count);
      std::memcpy(copy.data(), bytes, count * sizeof(T));
      result = std::move(copy);
    }
    if (!detail::all_finite(result.span()))
      fail("tensor has a value that is not finite", entry.name);
    return result;
  }

  void verify_checksum() const {
    const auto* entry = detail::find_entry(contents_->layout.texts, "checksum");
    if (entry == nullptr) fail("no checksum; verify_checksum = false would do without", {});
    const std::string_view bytes = contents_->file.text();
    // As they stand in the file: an escape there would move what the checksum leaves out.
    const std::string_view digits = bytes.substr(entry->offset, entry->value.size());
    if (digits != entry->value || digits.size() != detail::zero_checksum.size())
      fail("checksum is not eight hexadecimal digits", entry->value);
    const std::string actual = detail::checksum_text(detail::checksum_of(bytes, entry->offset));
    if (digits != actual)
      fail("file is damaged: its checksum is " + actual + ", not", entry->value);
  }

  void check_format() const {
    if (!contains("format") || get<std::string>("format") != detail::model_format)
      fail("is a safetensors file, but no kindred model", {});
    const int version = get<int>("version");
    if (version > detail::model_format_version)
      fail("written by a newer kindred: this one reads format version " +
               detail::to_text(detail::model_format_version) + ", found",
           detail::to_text(version));
    if (version < 1) fail("no version of the format", detail::to_text(version));
  }

  std::shared_ptr<const contents> contents_;
  std::string prefix_;
};

}  // namespace kindred
