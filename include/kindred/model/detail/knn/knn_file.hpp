#pragma once

#include <kindred/core/types.hpp>
#include <kindred/model/baseline_options.hpp>
#include <kindred/model/knn_options.hpp>
#include <kindred/model/similarity.hpp>

namespace kindred::detail {

// Options of a neighbourhood model to and from a model file.

template <class Writer>
void write_options(Writer& out, const similarity_options& o) {
  out.set("measure", o.measure);
  out.set("norms", o.norms);
  out.set("shrinkage", o.shrinkage);
  out.set("significance", o.significance);
  out.set("min_support", o.min_support);
  out.set("min_similarity", o.min_similarity);
  out.set("negative", o.negative);
  out.set("alpha", o.alpha);
  out.set("beta", o.beta);
  out.set("k1", o.k1);
  out.set("b", o.b);
}
template <class Reader>
[[nodiscard]] similarity_options read_similarity_options(const Reader& in) {
  return {.measure = in.template get<similarity>("measure"),
          .norms = in.template get<similarity_norms>("norms"),
          .shrinkage = in.template get<double>("shrinkage"),
          .significance = in.template get<int>("significance"),
          .min_support = in.template get<int>("min_support"),
          .min_similarity = in.template get<double>("min_similarity"),
          .negative = in.template get<bool>("negative"),
          .alpha = in.template get<double>("alpha"),
          .beta = in.template get<double>("beta"),
          .k1 = in.template get<double>("k1"),
          .b = in.template get<double>("b")};
}

template <class Writer>
void write_options(Writer& out, const knn_options& o) {
  auto alike = out.nested("similarity");
  write_options(alike, o.similarity);
  auto expected = out.nested("baseline");
  write_options(expected, o.baseline);
  out.set("predictor", o.predictor);
  out.set("k", o.k);
  out.set("min_k", o.min_k);
  out.set("neighbors", o.neighbors);
  out.set("clip", o.clip);
}
template <class Reader>
[[nodiscard]] knn_options read_knn_options(const Reader& in) {
  return {.similarity = read_similarity_options(in.nested("similarity")),
          .predictor = in.template get<knn_predictor>("predictor"),
          .k = in.template get<int>("k"),
          .min_k = in.template get<int>("min_k"),
          .neighbors = in.template get<index>("neighbors"),
          .baseline = read_baseline_options(in.nested("baseline")),
          .clip = in.template get<bool>("clip")};
}

}  // namespace kindred::detail
