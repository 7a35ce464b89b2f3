#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/data/id_map_builder.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// A number for each row, or none: an age, a year.
class numeric_column {
 public:
  static constexpr std::string_view kind = "numeric";

  /// NaN stands for a number that is missing. Throws data_error if one is infinite.
  explicit numeric_column(aligned_vector<float> values) : values_(std::move(values)) {
    for (std::size_t row = 0; row < values_.size(); ++row)
      if (std::isinf(values_[row]))
        throw data_error("feature row " + detail::to_text(row) + " is infinite");
  }

  [[nodiscard]] std::size_t rows() const noexcept { return values_.size(); }
  /// The number of a row, if it has one. Precondition: 0 <= row < rows(), as in all columns.
  [[nodiscard]] std::optional<float> operator[](index row) const noexcept {
    const float value = values_[static_cast<std::size_t>(row)];
    return std::isnan(value) ? std::nullopt : std::optional<float>(value);
  }
  /// All of them; NaN where there is none.
  [[nodiscard]] std::span<const float> values() const noexcept { return values_.span(); }

 private:
  shared_array<float> values_;
};

/// A text for each row, possibly empty: a title.
class text_column {
 public:
  static constexpr std::string_view kind = "text";

  explicit text_column(std::span<const std::string> texts) {
    aligned_vector<std::uint64_t> offsets(1, 0);
    aligned_vector<char> all;
    for (const std::string& text : texts) {
      all.insert(all.end(), text.begin(), text.end());
      offsets.push_back(all.size());
    }
    offsets_ = std::move(offsets);
    text_ = std::move(all);
  }

  [[nodiscard]] std::size_t rows() const noexcept { return offsets_.size() - 1; }
  [[nodiscard]] std::string_view operator[](index row) const noexcept {
    const auto r = static_cast<std::size_t>(row);
    return {text_.data() + offsets_[r], static_cast<std::size_t>(offsets_[r + 1] - offsets_[r])};
  }

 private:
  shared_array<std::uint64_t> offsets_;
  shared_array<char> text_;
};

/// One of a set of categories for each row, or none: a gender, an occupation.
class categorical_column {
 public:
  static constexpr std::string_view kind = "categorical";

  /// The category of each row; an empty text is none. The vocabulary is in order of appearance.
  explicit categorical_column(std::span<const std::string> categories) {
    id_map_builder vocabulary;
    aligned_vector<index> codes;
    for (const std::string& category : categories)
      codes.push_back(category.empty() ? unknown_index : vocabulary.intern(category));
    vocabulary_ = vocabulary.finish();
    codes_ = std::move(codes);
  }

  [[nodiscard]] std::size_t rows() const noexcept { return codes_.size(); }
  /// Number of the category in the vocabulary, or `unknown_index`.
  [[nodiscard]] index operator[](index row) const noexcept {
    return codes_[static_cast<std::size_t>(row)];
  }
  [[nodiscard]] std::span<const index> codes() const noexcept { return codes_.span(); }
  [[nodiscard]] const id_map& vocabulary() const noexcept { return vocabulary_; }

 private:
  id_map vocabulary_;
  shared_array<index> codes_;
};

/// Any number of categories for each row: the genres of a film.
class multi_hot_column {
 public:
  static constexpr std::string_view kind = "multi-hot";

  /// The categories of each row, in the order given; empty texts and repetitions in a row are left
  /// out. The vocabulary is in order of appearance.
  explicit multi_hot_column(std::span<const std::vector<std::string>> categories) {
    id_map_builder vocabulary;
    aligned_vector<std::uint64_t> offsets(1, 0);
    aligned_vector<index> codes;
    for (const auto& row : categories) {
      for (const std::string& category : row)
        if (!category.empty()) add(vocabulary.intern(category), offsets.back(), codes);
      offsets.push_back(codes.size());
    }
    vocabulary_ = vocabulary.finish();
    offsets_ = std::move(offsets);
    codes_ = std::move(codes);
  }

  [[nodiscard]] std::size_t rows() const noexcept { return offsets_.size() - 1; }
  /// Numbers of the categories in the vocabulary.
  [[nodiscard]] std::span<const index> operator[](index row) const noexcept {
    const auto r = static_cast<std::size_t>(row);
    return codes_.span().subspan(static_cast<std::size_t>(offsets_[r]),
                                 static_cast<std::size_t>(offsets_[r + 1] - offsets_[r]));
  }
  /// All rows: row r has codes()[offsets()[r]] .. codes()[offsets()[r + 1] - 1].
  [[nodiscard]] std::span<const std::uint64_t> offsets() const noexcept { return offsets_.span(); }
  [[nodiscard]] std::span<const index> codes() const noexcept { return codes_.span(); }
  [[nodiscard]] const id_map& vocabulary() const noexcept { return vocabulary_; }

 private:
  static void add(index code, std::uint64_t row_begin, aligned_vector<index>& codes) {
    for (auto k = static_cast<std::size_t>(row_begin); k < codes.size(); ++k)
      if (codes[k] == code) return;
    codes.push_back(code);
  }

  id_map vocabulary_;
  shared_array<std::uint64_t> offsets_;
  shared_array<index> codes_;
};

}  // namespace kindred
