#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <Eigen/SparseCore>

namespace kindred {

/// A dataset as Eigen sees it; a view, valid as long as any copy of the dataset.
using rating_matrix = Eigen::Map<const Eigen::SparseMatrix<float, Eigen::RowMajor, index>>;

/// Users by items. Copies nothing.
[[nodiscard]] inline rating_matrix user_item_matrix(const dataset& data) {
  return {data.num_users(),           data.num_items(),        static_cast<index>(data.size()),
          data.user_offsets().data(), data.row_items().data(), data.row_values().data()};
}

/// Items by users: the transpose of user_item_matrix(), from the columns. Copies nothing.
[[nodiscard]] inline rating_matrix item_user_matrix(const dataset& data) {
  return {data.num_items(),           data.num_users(),           static_cast<index>(data.size()),
          data.item_offsets().data(), data.column_users().data(), data.column_values().data()};
}

}  // namespace kindred
