#pragma once

#include <kindred/model/knn_model.hpp>

namespace kindred {

/// User-based collaborative filtering (Resnick, Iacovou, Suchak, Bergstrom, Riedl, "GroupLens: an
/// open architecture for collaborative filtering of netnews", CSCW 1994): what a user thinks of an
/// item is what those most similar to him thought of it.
///
///   kindred::user_knn model{{.similarity = {.measure = kindred::similarity::pearson}, .k = 40}};
///   model.fit(train);
///
/// Training costs that of `find_neighbors`, which see: the squares of the numbers of ratings of
/// items, which grow faster than those of users, so that `item_knn` suits large data better. It
/// holds the ratings, shared with the dataset, and 8 bytes for each neighbour. A prediction costs
/// O(neighbours + ratings of the item) and allocates nothing.
///
/// A user without ratings has no neighbours; with measures centred on means, nor has one whose
/// ratings are all the same.
using user_knn = knn_model<axis::users>;

}  // namespace kindred
