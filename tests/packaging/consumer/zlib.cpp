#include <kindred/kindred.hpp>
#include <kindred/source/gzip.hpp>

kindred::dataset load_compressed() {
  return kindred::load(kindred::csv_source{kindred::gzip_file{"ratings.csv.gz"}});
}
