# cmake -DPROGRAM=<kindred_hybrids> -DFOLDER=<folder of its own> -P hybrids.cmake
include("${CMAKE_CURRENT_LIST_DIR}/support.cmake")

kindred_expect(0 "weighted hybrid of both +RMSE.*user 1 would like most: [0-9]+ .*never +RMSE" .)
kindred_expect(0 "data: synthetic.*in the evening: NDCG@10 .*pays for the evening: no")
kindred_expect(1 "error: nowhere: no MovieLens here" nowhere)
