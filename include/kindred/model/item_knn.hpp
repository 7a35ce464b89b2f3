#pragma once

#include <kindred/model/knn_model.hpp>

namespace kindred {

/// Item-based collaborative filtering (Sarwar, Karypis, Konstan, Riedl, WWW 2001): what a user
/// thinks of an item is what he thought of those most similar to it, similar being what the same
/// users like. Also ranks, and finds similar items, for ratings of any kind.
///
///   kindred::item_knn model{{.similarity = {.measure = kindred::similarity::adjusted_cosine}}};
///   model.fit(train);
///   const kindred::explanation why = model.explain(user, film);
///   for (const auto& [item, similarity, rating, part] : why.parts) ...
///
/// Training costs that of `find_neighbors`, which see. It holds the ratings, shared with the
/// dataset, and 8 bytes for each neighbour. A prediction costs O(neighbours + ratings of the user)
/// and allocates nothing.
///
/// An item that nobody rated has no neighbours, as has one that nobody else's items share a user
/// with; with measures centred on means, so does one whose ratings are all the same.
using item_knn = knn_model<axis::items>;

}  // namespace kindred
