#pragma once

#include <kindred/source/arrow_abi.hpp>

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred::test {

/// What producers have given away and not got back.
struct arrow_loans {
  int schemas = 0;
  int arrays = 0;
  int streams = 0;

  friend bool operator==(const arrow_loans&, const arrow_loans&) = default;
};
inline arrow_loans loans;

/// An array with its type, and all that they consist of, to be spoiled at will before it is lent.
struct arrow_array {
  std::string format;
  std::string name;
  std::vector<std::optional<std::string>> buffers{};  ///< bytes, or a null pointer
  std::int64_t length = 0;
  std::int64_t offset = 0;
  std::int64_t null_count = -1;
  std::vector<arrow_array> children{};
  std::vector<arrow_array> dictionary{};  ///< none or one
  std::function<void(ArrowSchema&)> spoil_schema{};
  std::function<void(ArrowArray&)> spoil_array{};

  /// Rows first .. first+count-1 of it, without moving any.
  [[nodiscard]] arrow_array slice(std::int64_t first, std::int64_t count) const {
    arrow_array part = *this;
    part.offset += first;
    part.length = count;
    part.null_count = -1;
    return part;
  }
};

// A producer keeps what a struct points to in one object, which goes with the struct. A consumer
// may move the struct elsewhere and take children out of it.

struct lent_schema {
  arrow_array source;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
  ArrowSchema dictionary{};
};

struct lent_array {
  arrow_array source;
  std::vector<std::vector<char>> bytes;  ///< each in memory of its own, of just that size
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  ArrowArray dictionary{};
};

template <class Lent, class Struct>
void release_parts(Struct* parent) {
  const std::unique_ptr<Lent> lent(static_cast<Lent*>(parent->private_data));
  for (Struct& child : lent->children)
    if (child.release != nullptr) child.release(&child);
  if (lent->dictionary.release != nullptr) lent->dictionary.release(&lent->dictionary);
  parent->release = nullptr;
}

inline ArrowSchema lend_schema(const arrow_array& source) {
  ++loans.schemas;
  auto lent = std::make_unique<lent_schema>();
  lent->source = source;
  for (const arrow_array& child : source.children) lent->children.push_back(lend_schema(child));
  for (ArrowSchema& child : lent->children) lent->pointers.push_back(&child);
  if (!source.dictionary.empty()) lent->dictionary = lend_schema(source.dictionary[0]);
  ArrowSchema schema{};
  schema.format = lent->source.format.c_str();
  schema.name = lent->source.name.c_str();
  schema.flags = ARROW_FLAG_NULLABLE;
  schema.n_children = static_cast<std::int64_t>(lent->pointers.size());
  schema.children = lent->pointers.data();
  if (!source.dictionary.empty()) schema.dictionary = &lent->dictionary;
  schema.release = [](ArrowSchema* released) {
    release_parts<lent_schema>(released);
    --loans.schemas;
  };
  schema.private_data = lent.release();
  if (source.spoil_schema) source.spoil_schema(schema);
  return schema;
}

inline ArrowArray lend_array(const arrow_array& source) {
  ++loans.arrays;
  auto lent = std::make_unique<lent_array>();
  lent->source = source;
  for (const auto& buffer : source.buffers) {
    const std::string bytes = buffer.value_or("");
    lent->bytes.emplace_back(bytes.begin(), bytes.end());
    lent->buffers.push_back(buffer ? lent->bytes.back().data() : nullptr);
  }
  for (const arrow_array& child : source.children) lent->children.push_back(lend_array(child));
  for (ArrowArray& child : lent->children) lent->pointers.push_back(&child);
  if (!source.dictionary.empty()) lent->dictionary = lend_array(source.dictionary[0]);
  ArrowArray array{};
  array.length = source.length;
  array.null_count = source.null_count;
  array.offset = source.offset;
  array.n_buffers = static_cast<std::int64_t>(lent->buffers.size());
  array.n_children = static_cast<std::int64_t>(lent->pointers.size());
  array.buffers = lent->buffers.data();
  array.children = lent->pointers.data();
  if (!source.dictionary.empty()) array.dictionary = &lent->dictionary;
  array.release = [](ArrowArray* released) {
    release_parts<lent_array>(released);
    --loans.arrays;
  };
  array.private_data = lent.release();
  if (source.spoil_array) source.spoil_array(array);
  return array;
}

/// A stream of batches, the first of which gives the schema. It fails before batch `fails_at`.
struct lent_stream {
  std::vector<arrow_array> batches;
  std::size_t fails_at = SIZE_MAX;
  bool fails_at_schema = false;
  const char* reason = "the disk is on fire";
  std::size_t next = 0;
};

inline ArrowArrayStream lend_stream(lent_stream source) {
  ++loans.streams;
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    const auto& lent = *static_cast<lent_stream*>(self->private_data);
    if (lent.fails_at_schema) return EINVAL;
    *out = lend_schema(lent.batches.at(0));
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    auto& lent = *static_cast<lent_stream*>(self->private_data);
    if (lent.next == lent.fails_at) return EIO;
    *out = lent.next < lent.batches.size() ? lend_array(lent.batches[lent.next++]) : ArrowArray{};
    return 0;
  };
  stream.get_last_error = [](ArrowArrayStream* self) {
    return static_cast<lent_stream*>(self->private_data)->reason;
  };
  stream.release = [](ArrowArrayStream* self) {
    delete static_cast<lent_stream*>(self->private_data);
    self->release = nullptr;
    --loans.streams;
  };
  stream.private_data = new lent_stream(std::move(source));
  return stream;
}

template <class Struct>
bool is_released(const Struct& lent) {
  return lent.release == nullptr;
}

// Arrays of values, some of which may be NULL.

template <class Value>
using nullable = std::vector<std::optional<Value>>;

template <class Number>
std::string bytes_of(const std::vector<Number>& numbers) {
  std::string bytes(numbers.size() * sizeof(Number), '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

inline std::string bits_of(const std::vector<bool>& bits) {
  std::string bytes((bits.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (bits[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 1 << i % 8);
  return bytes;
}

/// An array with a validity bitmap, if it needs one, and nothing else.
template <class Value>
arrow_array make_array(std::string name, std::string format, const nullable<Value>& values) {
  arrow_array array{std::move(format), std::move(name)};
  std::vector<bool> valid;
  for (const auto& value : values) valid.push_back(value.has_value());
  array.length = static_cast<std::int64_t>(values.size());
  array.null_count = std::count(valid.begin(), valid.end(), false);
  array.buffers.emplace_back();
  if (array.null_count > 0) array.buffers[0] = bits_of(valid);
  return array;
}

/// What NULL leaves in a buffer must not matter.
template <class Number>
arrow_array numbers(std::string name, std::string format, const nullable<Number>& values) {
  arrow_array array = make_array(std::move(name), std::move(format), values);
  std::vector<Number> plain;
  for (const auto& value : values) plain.push_back(value.value_or(Number{77}));
  array.buffers.emplace_back(bytes_of(plain));
  return array;
}

inline arrow_array booleans(std::string name, const nullable<bool>& values) {
  arrow_array array = make_array(std::move(name), "b", values);
  std::vector<bool> plain;
  for (const auto& value : values) plain.push_back(value.value_or(true));
  array.buffers.emplace_back(bits_of(plain));
  return array;
}

/// With offsets of that type.
template <class Offset>
arrow_array texts(std::string name, const nullable<std::string>& values) {
  arrow_array array = make_array(std::move(name), sizeof(Offset) == 4 ? "u" : "U", values);
  std::string all;
  std::vector<Offset> offsets{0};
  for (const auto& value : values) {
    all += value.value_or("of no account");
    offsets.push_back(static_cast<Offset>(all.size()));
  }
  array.buffers.emplace_back(bytes_of(offsets));
  array.buffers.emplace_back(all);
  return array;
}

/// Views, of which the long ones lie in two buffers by turns.
inline arrow_array text_views(std::string name, const nullable<std::string>& values) {
  arrow_array array = make_array(std::move(name), "vu", values);
  std::string views;
  std::string buffers[2];
  std::int32_t turn = 0;
  for (const auto& value : values) {
    const std::string text = value.value_or("of no account");
    const std::string size = bytes_of(std::vector{static_cast<std::int32_t>(text.size())});
    if (text.size() <= 12) {
      views += size + text + std::string(12 - text.size(), '\0');
    } else {
      std::string& buffer = buffers[turn];
      const auto place = static_cast<std::int32_t>(buffer.size());
      views += size + text.substr(0, 4) + bytes_of(std::vector{turn, place});
      buffer += text;
      turn = 1 - turn;
    }
  }
  array.buffers.emplace_back(views);
  array.buffers.emplace_back(buffers[0]);
  array.buffers.emplace_back(buffers[1]);
  array.buffers.emplace_back(bytes_of(std::vector{static_cast<std::int64_t>(buffers[0].size()),
                                                  static_cast<std::int64_t>(buffers[1].size())}));
  return array;
}

/// A column of keys that number the values of another one.
inline arrow_array with_dictionary(arrow_array keys, arrow_array values) {
  keys.dictionary.push_back(std::move(values));
  return keys;
}

/// A record batch of columns of one length.
inline arrow_array record_batch(std::vector<arrow_array> columns) {
  arrow_array batch{"+s", "", {std::nullopt}};
  batch.length = columns.empty() ? 0 : columns[0].length;
  batch.null_count = 0;
  batch.children = std::move(columns);
  return batch;
}

}  // namespace kindred::test
