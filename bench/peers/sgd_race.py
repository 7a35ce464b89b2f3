"""Runs a program of sgd_race.hpp and reports what it prints."""
import subprocess

import race


def run(program, peer, label, source, factors, bar):
    words = [race.WORK / program, source, factors, race.PAIRS, *race.THREADS]
    done = subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True)
    records = [line.split() for line in done.stdout.splitlines()]
    size = next(int(words[1]) for words in records if words[0] == "size")
    for side, name in (("kindred", "kindred"), ("peer", peer)):
        race.curve("matrix_factorization" if peer == "LIBMF AVX" else f"matrix_factorization, {peer}",
                   label, factors, max(race.THREADS), name, "RMSE",
                   [tuple(map(float, words[2:])) for words in records if words[:2] == ["curve", side]])
    for threads in race.THREADS:
        found = [list(map(float, words[2:])) for words in records if words[:2] == ["pair", str(threads)]]
        race.report([((pair[0], pair[1]), (pair[3], pair[4])) for pair in found], peer,
                    "matrix_factorization", label, k=factors, threads=threads, bar=bar, measure="RMSE",
                    count=size, epochs=(int(found[0][2]), int(found[0][5])))
