#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>

namespace kindred {

/// Which side of the ratings is compared: users by the items they rated, or items by the users who
/// rated them.
enum class axis { users, items };

/// How alike two rows are, two items or two users. Below, a and b are their ratings and n is how
/// many users (or items), the columns, rated both; sums run over these n. Measures that look at
/// values want ratings on a scale; those that look at counts, or weigh them, also suit ratings that
/// stand for purchases or plays.
enum class similarity {
  /// sum ab / (|a| |b|).
  cosine,
  /// The cosine of what is left after the mean of each column: of items, after that of each user
  /// (Sarwar, Karypis, Konstan, Riedl, "Item-based collaborative filtering recommendation
  /// algorithms", WWW 2001).
  adjusted_cosine,
  /// The correlation coefficient: the cosine after the mean of each row (Resnick et al.,
  /// "GroupLens", CSCW 1994).
  pearson,
  /// The cosine of what is left after `baseline_model`; shrinkage counts n - 1 where it counts n
  /// elsewhere (Koren, "Factor in the neighbors", TKDD 4(1), 2010).
  baseline_pearson,
  /// 1 / (1 + sum (a - b)^2 / n), as in the package Surprise.
  mean_squared_difference,
  /// n / (all that rated a or b), whatever the ratings.
  jaccard,
  /// The cosine of sqrt(rating) ln(rows / (1 + ratings of the column)): columns that rated much say
  /// less. Ratings are >= 0.
  tf_idf,
  /// The inner product of rating (k1 + 1) / (k1 (1 - b + b L) + rating) ln(rows / (1 + ratings of
  /// the column)), L being the sum of the row's ratings in terms of the mean sum: long rows say
  /// less, too (Robertson, Zaragoza, "The probabilistic relevance framework: BM25 and beyond",
  /// 2009). Ratings are >= 0.
  bm25,
  /// sum ab / (|a|^(2 alpha) |b|^(2 - 2 alpha)), where a is the row whose neighbours are sought:
  /// 1/2
  /// is the cosine (Aiolli, "Efficient top-N recommendation for very large scale binary rated
  /// datasets", RecSys 2013).
  asymmetric_cosine,
  /// n / (n + alpha (those that rated only a) + beta (those that rated only b)): 1, 1 is Jaccard,
  /// 1/2, 1/2 Dice (Tversky, "Features of similarity", Psychological Review 84(4), 1977).
  tversky,
  /// 1 - 1 / (1 + G), G being the log-likelihood ratio of a and b being rated independently of each
  /// other, with a minus where fewer rated both than that would make expect (Dunning, "Accurate
  /// methods for the statistics of surprise and coincidence", Computational Linguistics 19(1),
  /// 1993).
  log_likelihood
};

/// Which ratings the lengths |a| and |b| of a cosine, and the means of `pearson`, are taken over.
enum class similarity_norms {
  all,    ///< all of the row: rows that share little are not alike, however well that little agrees
  common  ///< those of the n columns that rated both, as in the package Surprise
};

/// What makes two rows alike.
struct similarity_options {
  similarity measure = similarity::cosine;
  /// Of the cosines and `pearson`.
  similarity_norms norms = similarity_norms::all;
  /// Multiplies by n / (n + shrinkage), >= 0: how little is made of few common ratings (Koren
  /// 2010).
  double shrinkage = 0;
  /// Multiplies by min(n, significance) / significance, >= 0; 0 does not (Herlocker, Konstan,
  /// Borchers, Riedl, "An algorithmic framework for performing collaborative filtering", SIGIR
  /// 1999).
  int significance = 0;
  /// Rows with fewer common ratings are not alike at all, >= 1.
  int min_support = 1;
  /// Nor are those less alike than this, >= 0; of `negative` similarities, in absolute value.
  double min_similarity = 0;
  /// Keeps rows that are the opposite of each other as well: how near they are is then the absolute
  /// value.
  bool negative = false;
  /// Of `asymmetric_cosine`, in [0, 1], and of `tversky`, >= 0.
  double alpha = 0.5;
  /// Of `tversky`, >= 0.
  double beta = 0.5;
  /// Of `bm25`: where a rating saturates, >= 0.
  double k1 = 1.2;
  /// Of `bm25`: how much the length of a row counts, in [0, 1].
  double b = 0.75;

  friend bool operator==(const similarity_options&, const similarity_options&) = default;
};

template <maybe_const<similarity_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("measure", o.measure);
  field("norms", o.norms);
  field("shrinkage", o.shrinkage);
  field("significance", o.significance);
  field("min_support", o.min_support);
  field("min_similarity", o.min_similarity);
  field("negative", o.negative);
  field("alpha", o.alpha);
  field("beta", o.beta);
  field("k1", o.k1);
  field("b", o.b);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const similarity_options& o) {
  const auto measure = static_cast<int>(o.measure);
  require_option(measure >= 0 && measure <= static_cast<int>(similarity::log_likelihood), "measure",
                 measure, "{cosine, ..., log_likelihood}");
  require_option(o.norms == similarity_norms::all || o.norms == similarity_norms::common, "norms",
                 static_cast<int>(o.norms), "{all, common}");
  require_option(o.shrinkage >= 0 && o.shrinkage < 1e9, "shrinkage", o.shrinkage, "[0, 1e9)");
  require_option(o.significance >= 0, "significance", o.significance, "[0, 2147483647]");
  require_option(o.min_support >= 1, "min_support", o.min_support, "[1, 2147483647]");
  require_option(o.min_similarity >= 0 && o.min_similarity < 1e9, "min_similarity",
                 o.min_similarity, "[0, 1e9)");
  const double most = o.measure == similarity::asymmetric_cosine ? 1 : 1e9;
  require_option(o.alpha >= 0 && o.alpha <= most, "alpha", o.alpha,
                 most == 1 ? "[0, 1]" : "[0, 1e9]");
  require_option(o.beta >= 0 && o.beta <= 1e9, "beta", o.beta, "[0, 1e9]");
  require_option(o.k1 >= 0 && o.k1 < 1e9, "k1", o.k1, "[0, 1e9)");
  require_option(o.b >= 0 && o.b <= 1, "b", o.b, "[0, 1]");
}

}  // namespace kindred
