"""Build zslre/assets/given_names.txt, which tells women's given names from men's.

    python scripts/build_given_names.py dist.female.first dist.male.first

The two files are the 1990 US Census's frequencies of given names, a name and its share of women or men in percent on
each line (public domain; https://www2.census.gov/topics/genealogy/1990surnames/). Kept are names that at least four in
100,000 have, nineteen of twenty of them of one gender. The same files give the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

OUT = Path(__file__).resolve().parents[1] / "zslre" / "assets" / "given_names.txt"
LEAST = 0.004  # percent
SURE = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("female", type=Path)
    parser.add_argument("male", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    shares = [read_shares(args.female), read_shares(args.male)]
    lines = []
    for own, other in (shares, shares[::-1]):
        total = {name: share + other.get(name, 0.0) for name, share in own.items()}
        kept = sorted(name for name in own if total[name] >= LEAST and own[name] >= SURE * total[name])
        lines.append(" ".join(kept))
    args.out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{args.out}: {[len(line.split()) for line in lines]} names of women and men")


def read_shares(path: Path) -> dict[str, float]:
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {row[0].lower(): float(row[1]) for row in rows if row}


if __name__ == "__main__":
    main()
