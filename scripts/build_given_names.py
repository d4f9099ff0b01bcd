"""Build zslre/assets/given_names.txt, which tells women's given names from men's.

    python scripts/build_given_names.py
    python scripts/build_given_names.py --census dist.female.first dist.male.first

From data/given_names: lines of a culture, f or m, and names, parted by tabs; names are kept as they are written and in
plain letters. A name that cultures take for both is left out, unless five times as many take it for a woman's as for a
man's, or the other way round. With --census us_census.txt there is made anew: the two files are the 1990 US Census's
frequencies of given names, a name and its share of women or men in percent on each line (public domain;
https://www2.census.gov/topics/genealogy/1990surnames/); kept are names that at least four in 100,000 have, nineteen of
twenty of them of one gender. The same files give the same bytes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from zslre.gender import NAMES, plain_letters

DATA = Path(__file__).resolve().parents[1] / "data" / "given_names"
LEAST = 0.004  # percent
SURE = 0.95
MAJORITY = 5  # times as many cultures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--census", nargs=2, type=Path, metavar=("FEMALE", "MALE"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=NAMES)
    args = parser.parse_args()
    if args.census is not None:
        (args.data / "us_census.txt").write_text(census_lines(*map(read_shares, args.census)), encoding="utf-8")
    counts: dict[str, Counter[str]] = {"f": Counter(), "m": Counter()}
    for path in sorted(args.data.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            _, sex, names = line.split("\t")
            counts[sex].update({form for name in names.lower().split() for form in (name, plain_letters(name))})
    kept = [of_one_sex(counts["f"], counts["m"]), of_one_sex(counts["m"], counts["f"])]
    args.out.write_text("".join(f"{' '.join(names)}\n" for names in kept), encoding="utf-8")
    print(f"{args.out}: {list(map(len, kept))} names of women and men")


def of_one_sex(own: Counter[str], other: Counter[str]) -> list[str]:
    return sorted(name for name, count in own.items() if count >= MAJORITY * other[name])


def census_lines(female: dict[str, float], male: dict[str, float]) -> str:
    lines = []
    for sex, own, other in (("f", female, male), ("m", male, female)):
        total = {name: share + other.get(name, 0.0) for name, share in own.items()}
        kept = sorted(name for name in own if total[name] >= LEAST and own[name] >= SURE * total[name])
        lines.append(f"United States\t{sex}\t{' '.join(kept)}\n")
    return "".join(lines)


def read_shares(path: Path) -> dict[str, float]:
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {row[0].lower(): float(row[1]) for row in rows if row}


if __name__ == "__main__":
    main()
