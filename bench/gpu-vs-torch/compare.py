"""Sets the numbers of `torchyard bench --json` beside those of torch_rates.py: the best of the rounds on each side."""

import json
import sys

REQUIRED = 0.98


def main(folder, rounds):
    ours, theirs, how = {}, {}, {}
    for n in range(1, rounds + 1):
        with open(f"{folder}/torchyard-{n}.json", encoding="utf-8") as file:
            for row in json.load(file)["bench"]:
                if row.get("gpu") == 0 and "missing" not in row:
                    key, value = row["key"], row["value"]
                    better = min if row["unit"] == "µs" else max
                    ours[key] = better(ours.get(key, value), value)
                    how[key] = row["detail"]
        with open(f"{folder}/torch-{n}.json", encoding="utf-8") as file:
            for key, value in json.load(file).items():
                if isinstance(value, float):
                    better = min if key.startswith("launch.") else max
                    theirs[key] = better(theirs.get(key, value), value)
    short = []
    print(f"{'number':28}{'torchyard':>12}{'PyTorch':>12}{'ratio':>8}  how")
    for key in sorted(ours):
        if key not in theirs:
            print(f"{key:28}{ours[key]:12.1f}{'-':>12}{'':8}  {how[key]}")
            continue
        ratio = theirs[key] / ours[key] if key.startswith("launch.") else ours[key] / theirs[key]
        if ratio < REQUIRED:
            short.append(key)
        print(f"{key:28}{ours[key]:12.1f}{theirs[key]:12.1f}{ratio:8.3f}  {how[key]}")
    print(f"under {REQUIRED:.0%}: {', '.join(short) if short else 'none'}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
