"""Rounds of kill -9 at random moments of every verb, and what has to hold after each. See README.md."""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time

import canaries
import leaks
import verbs
from yard import Yard

COLUMNS = ("round", "verb", "victims", "after", "hit", "killed", "retry", "seconds", "problem")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--program", required=True, help="the program")
    parser.add_argument("--rounds", type=int, default=1000, help="how many rounds")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no round after so many seconds")
    parser.add_argument("--seed", type=int, default=1, help="decides verbs, moments and victims")
    parser.add_argument("--first", type=int, default=1, help="number of the first round: each is decided by the seed and its number alone")
    parser.add_argument("--verbs", default="", help="only these, separated by commas")
    parser.add_argument("--work", default=None, help="directory for everything; what is there stays (default: a new one, removed at the end)")
    parser.add_argument("--seed-store", default=os.environ.get("TORCHYARD_BENCH_SEED"), help="a store whose packages and indexes are taken")
    parser.add_argument("--out", default="-", help="gets a line a round, fields separated by tabs; - for standard output")
    parser.add_argument("--keep-going", action="store_true", help="go on after a round with a problem")
    return parser.parse_args()


def one_round(yard, number, options):
    """One round; its row."""
    chance = random.Random(f"{options.seed}/{number}")
    choice = [verb for verb in verbs.ALL if not options.verbs or verb.name in options.verbs.split(",")]
    verb = chance.choices(choice, [verb.weight for verb in choice])[0]
    began = time.monotonic()
    problems = []
    context = verb.prepare(yard, chance)
    kept = canaries.plant(yard, number)
    # Beyond the usual length, too: what a command left running is hit after its end.
    after = chance.uniform(0, 1.15) * yard.usual(verb)
    victims = chance.choices(("program", "group", "all", "some"), (4, 3, 2, 2))[0]
    before = set(yard.processes())
    process = yard.start(context.command)
    hit, killed = yard.kill(process, after, victims, before, chance)
    problems += verb.lost(yard, context)
    problems += canaries.compare(yard, kept)
    check = yard.run("check")
    sound = check.returncode == 0 and "the store is sound" in check.stdout
    if not sound and not (context.damaged and context.damaged in check.text):
        problems.append(f"check says {check.returncode}: {check.text}")
        repaired = yard.run("check", "--repair")
        problems.append(f"check --repair says {repaired.returncode}: {repaired.text}")
    retry = yard.run(*context.command)
    if not context.accepts(retry, victims):
        problems.append(f"the same command once more says {retry.returncode}: {retry.text}")
    if verb.length_known(retry):
        yard.measured(verb, retry.seconds)
    problems += verb.after(yard, context)
    problems += canaries.compare(yard, kept)
    if number % 5 == 0:
        problems += yard.settle()
    problems += leaks.find(yard)
    return dict(zip(COLUMNS, (
        number, verb.name, victims, f"{after:.3f}", "in flight" if hit else "ended", killed, retry.returncode,
        f"{time.monotonic() - began:.1f}", " | ".join(" ".join(problem.split()) for problem in problems) or "-")))


def main():
    options = arguments()
    work = os.path.abspath(options.work or tempfile.mkdtemp(prefix="torchyard-kill-"))
    out = sys.stdout if options.out == "-" else open(options.out, "a", encoding="utf-8")
    yard = Yard(os.path.abspath(options.program), work)
    began = time.monotonic()
    rows = []
    try:
        yard.make(options.seed_store)
        print("\t".join(COLUMNS), file=out, flush=True)
        for number in range(options.first, options.first + options.rounds):
            if time.monotonic() - began > options.seconds:
                break
            row = one_round(yard, number, options)
            rows.append(row)
            print("\t".join(str(row[column]) for column in COLUMNS), file=out, flush=True)
            if row["problem"] != "-" and not options.keep_going:
                break
        problems = yard.settle() + leaks.find(yard)
        time.sleep(leaks.SANDBOX_IS_FRESH)
        yard.run(*verbs.cold(yard, None).command)
        problems += leaks.sandboxes()
    finally:
        yard.end()
    bad = sum(row["problem"] != "-" for row in rows) + bool(problems)
    for problem in problems:
        print(f"at the end: {problem}", file=sys.stderr)
    hits = sum(row["hit"] == "in flight" for row in rows)
    kinds = sorted({row["verb"] for row in rows})
    print(f"{len(rows)} rounds, {hits} hit in flight, {len(rows) - hits} after the end; {len(kinds)} kinds of commands; "
          f"{bad} with problems; {time.monotonic() - began:.0f} s; seed {options.seed}", file=sys.stderr)
    if options.work is None and not bad:
        shutil.rmtree(work)
    elif bad:
        print(f"{work} is left as it is", file=sys.stderr)
    sys.exit(1 if bad else 0)


main()
