"""Times how long the compiler takes, in its own processor time, for the hello program of README.md and
for the quickstart, against what mlpack's CF program is made of and a hello program of mlpack's. CXX names
the compiler.
"""
import os
import re
import resource
import subprocess

import race


def compiled(*words):
    """Seconds of the processor, without the compiler's cache."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([os.environ.get("CXX", "g++"), "-std=c++20", "-O2", "-w", "-c", "-o", os.devnull, *words],
                   check=True, env=os.environ | {"CCACHE_DISABLE": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0


def main():
    headers = os.environ.get("MLPACK")
    if not headers:
        race.not_run("mlpack", "its headers were not to be had", 4)
        return
    hello = race.WORK / "hello.cpp"
    with open("README.md", encoding="utf-8") as file:
        hello.write_text(re.search(r"```cpp\n(.*?)```", file.read(), re.DOTALL)[1], encoding="utf-8")
    ours = {"hello": str(hello), "quickstart": "examples/quickstart.cpp"}
    theirs = {"mlpack's CF model": "bench/peers/mlpack_cf.cpp",
              "a hello of mlpack": "bench/peers/mlpack_hello.cpp"}
    for peer, source in theirs.items():
        for name, program in ours.items():
            pairs = race.alternate(
                lambda: compiled("-Iinclude", *os.environ["EIGEN"].split(), program),
                lambda: compiled("-isystem", headers, "-DMLPACK_USE_SYSTEM_STB", "-fopenmp", source))
            race.report(pairs, peer, f"compile {name}", "-O2",
                        bar=4 if (name, peer) == ("hello", "mlpack's CF model") else "")


main()
