"""Races matrix_factorization against mlpack's RegularizedSVD. FACTORS and DATA choose what is run."""
import race
import sgd_race


def main():
    if not (race.WORK / "mlpack").exists():
        race.not_run("mlpack", "its headers were not to be had", 20)
        return
    for label, source in race.sources("ml-100k", "ml-100k 1-plain").items():
        for factors in map(int, race.asked("FACTORS", "32", "32")):
            sgd_race.run("mlpack", "mlpack", label, source, factors, 20)


main()
