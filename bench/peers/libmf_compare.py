"""Races matrix_factorization against LIBMF 0.9.2, as its Python package ships it, in both of its builds,
which are different algorithms. BUILDS, FACTORS and DATA (1-plain: without biases) choose what is run.
"""
import race
import sgd_race


def main():
    for label, source in race.sources("1-plain ml-100k", "1 1-plain 10 ml-100k").items():
        for factors in map(int, race.asked("FACTORS", "32 64 128", "32 64 128")):
            for build in race.asked("BUILDS", "AVX", "AVX SSE"):
                if (race.WORK / f"libmf_{build}").exists():
                    sgd_race.run(f"libmf_{build}", f"LIBMF {build}", label, source, factors,
                                 1.5 if factors > 64 else 2)
                else:
                    race.not_run(f"LIBMF {build}", "its source was not to be had", 2)


main()
