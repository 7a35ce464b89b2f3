#pragma once

/// Everything of kindred that needs only Eigen and oneTBB.

#include <kindred/data/calendar.hpp>
#include <kindred/data/eigen.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/filter.hpp>
#include <kindred/data/load.hpp>
#include <kindred/data/split.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/data/time_decay.hpp>
#include <kindred/evaluate/cross_validate.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/io/load_recommender.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/contextual_postfilter.hpp>
#include <kindred/model/contextual_prefilter.hpp>
#include <kindred/model/ease.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/neighbors.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/stacked_hybrid.hpp>
#include <kindred/model/switching_hybrid.hpp>
#include <kindred/model/user_knn.hpp>
#include <kindred/model/weighted_hybrid.hpp>
#include <kindred/model/weighted_ranking.hpp>
#include <kindred/serve/any_recommender.hpp>
#include <kindred/serve/recommender.hpp>
#include <kindred/source/csv.hpp>
#include <kindred/source/memory.hpp>
#include <kindred/source/memory_columns.hpp>
#include <kindred/source/movielens.hpp>
#include <kindred/train/console_observer.hpp>
#include <kindred/version.hpp>
