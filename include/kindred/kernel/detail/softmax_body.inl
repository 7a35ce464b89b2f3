namespace kindred::kernel::KINDRED_TARGET {

/// Part of a row that registers fill: the most of it, and a copy of the rest, filled up.
struct softmax_part {
  float* scores;
  const float* log_q;
  const index* items;
  std::size_t count;
};

/// Puts the logits in place, but for minus infinity at every place of the positive's item, and
/// raises `highest` to them.
inline void to_logits(const softmax_part& part, float sharpness, index chosen,
                      pack_t<float>& highest) noexcept {
  const pack_t<float> none = pack_t<float>{} - std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < part.count; i += pack<float>::lanes) {
    pack_t<float> x;
    load(x, part.scores + i);
    x = sharpness * x;
    if (part.log_q != nullptr) {
      pack_t<float> log_q;
      load(log_q, part.log_q + i);
      x = x - log_q;
    }
    if (part.items != nullptr) {
      int_pack items;
      load(items, part.items + i);
      x = items == chosen ? none : x;
    }
    highest = x > highest ? x : highest;
    store(part.scores + i, x);
  }
}

inline void to_exponentials(const softmax_part& part, float highest, pack_t<float>& sums) noexcept {
  for (std::size_t i = 0; i < part.count; i += pack<float>::lanes) {
    pack_t<float> x;
    load(x, part.scores + i);
    x = x - highest;
    exponentiate(x);
    sums += x;
    store(part.scores + i, x);
  }
}

inline void scale(const softmax_part& part, float by) noexcept {
  for (std::size_t i = 0; i < part.count; i += pack<float>::lanes) {
    pack_t<float> x;
    load(x, part.scores + i);
    x = by * x;
    store(part.scores + i, x);
  }
}

inline float softmax_cross_entropy(const softmax_row& row) noexcept {
  constexpr std::size_t lanes = pack<float>::lanes;
  const std::size_t whole = row.count / lanes * lanes;
  const std::size_t left = row.count - whole;
  float scores[lanes];
  float log_q[lanes] = {};
  index items[lanes] = {};
  std::fill_n(scores, lanes, -std::numeric_limits<float>::infinity());
  std::copy_n(row.scores + whole, left, scores);
  if (row.log_q != nullptr) std::copy_n(row.log_q + whole, left, log_q);
  if (row.items != nullptr) std::copy_n(row.items + whole, left, items);
  const softmax_part parts[] = {
      {row.scores, row.log_q, row.items, whole},
      {scores, log_q, row.items != nullptr ? items : nullptr, left > 0 ? lanes : 0}};

  float& positive = row.positive < whole ? row.scores[row.positive] : scores[row.positive - whole];
  const index chosen = row.items != nullptr ? row.items[row.positive] : unknown_index;
  const float logit =
      row.sharpness * positive - (row.log_q != nullptr ? row.log_q[row.positive] : 0.0F);
  pack_t<float> highest = pack_t<float>{} + logit;
  for (const softmax_part& part : parts) to_logits(part, row.sharpness, chosen, highest);
  positive = logit;
  float most = logit;
  for (std::size_t lane = 0; lane < lanes; ++lane) most = std::max(most, highest[lane]);

  pack_t<float> sums{};
  for (const softmax_part& part : parts) to_exponentials(part, most, sums);
  const float total = sum<float>(sums);
  for (const softmax_part& part : parts) scale(part, row.sharpness / total);
  positive -= row.sharpness;
  std::copy_n(scores, left, row.scores + whole);
  return std::log(total) - (logit - most);
}

}  // namespace kindred::kernel::KINDRED_TARGET
