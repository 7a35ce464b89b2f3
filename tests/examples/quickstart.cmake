# cmake -DPROGRAM=<kindred_quickstart> -DFOLDER=<folder of its own> -P quickstart.cmake
include("${CMAKE_CURRENT_LIST_DIR}/support.cmake")

kindred_expect(0 "MovieLens, from \\.\n1200 ratings of 60 users for 97 items.*matrix factorization " .)
kindred_expect(0 "for user 1,.*Movie, The [0-9]+th \\(1995\\) \\[Comedy, Drama\\].*recommends the same" .)
kindred_expect(0 "data: synthetic.*100000 ratings.* item [0-9]+\n.*recommends the same")
kindred_expect(1 "error: nowhere: no MovieLens here" nowhere)
