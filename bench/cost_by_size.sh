#!/bin/sh
# Draws what kindred_cost_by_size prints, which becomes bench/results/cost_by_size.csv.
#   sh bench/cost_by_size.sh [PROGRAM]
set -eu
cd "$(dirname "$0")/.."
program=${1:-build/release/bench/kindred_cost_by_size}
results=bench/results
"$program" >"$results/cost_by_size.csv.new"
mv "$results/cost_by_size.csv.new" "$results/cost_by_size.csv"
for grows in ratings users items factors; do
  for cost in seconds megabytes; do
    [ $cost = seconds ] && column=4 || column=5
    awk -F, -v grows="$grows" -v column="$column" 'NR == 1 { print "series,x,y" }
      $1 == grows { print $2 "," $3 "," $column }' "$results/cost_by_size.csv" |
      python3 bench/plot.py - "$results/cost-by-$grows-$cost.svg" --title "An epoch, by $grows" \
        --x "$grows" --y "$cost" --log xy
  done
done
