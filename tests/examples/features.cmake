# cmake -DPROGRAM=<kindred_features> -DFOLDER=<folder of its own> -P features.cmake
include("${CMAKE_CURRENT_LIST_DIR}/support.cmake")

kindred_expect(0 "known of them, too +RMSE.*mlp_rating with features +RMSE.*4 or 5 stars, or less +[0-9.]+ % right" .)
kindred_expect(0 "skipped: name a folder of MovieLens")
kindred_expect(1 "error: nowhere: no MovieLens here" nowhere)
