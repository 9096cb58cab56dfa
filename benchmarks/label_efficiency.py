"""How many labels each strategy needs, on real images whose answers are known.

Every data set is read again and again, by every strategy and with every seed, through the learner's
own Ranker. All strategies of a seed share the split by patient, the folds and the features, which a
backbone gives that was trained here on the pictures alone. What is done is kept, so an interrupted
run goes on where it was. docs/data-scientist.md says how to read the result.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.efficiency import features, pools
from benchmarks.efficiency.document import write_document
from benchmarks.efficiency.fine_tuning import fine_tuned
from benchmarks.environment import ROOT, argument_parser
from learner.comparison import Compared, compare, geometric_means, penalties
from learner.curve_report import ratio_in_words
from learner.curves import SHARES
from learner.frames import SIZE
from learner.replays import BASELINE, Replay, fitting_strategies, replay_all
from learner.scores import MEASURES
from learner.strategies import DEFAULT, check_strategy, strategy_names
from learner.tables import Table, rows_of

MODAL = ("modal:margin_sampling", "modal:uncertainty_batch_sampling")
FOR_FINDINGS = (DEFAULT, "margin")  # a head per finding costs as many times more
PILOTS = 4  # seeds that find out how far chance has to be followed
PILOT_MARGIN = 1.1  # and how much further than they needed everybody goes
LAST_SHARE = 0.98  # of the full-data score, to which chance is followed
DATA = ROOT.parent / "shared" / "data"
DOCS = ROOT / "docs" / "benchmarks"
SECONDS = 240.0  # of training a backbone
FULL_SIZE, FULL_SECONDS = 224, 1800.0


@dataclass(frozen=True)
class Plan:
    """The settings of a run."""

    seeds: int
    batch: int
    processes: int
    keep: Path
    strategies: tuple[str, ...]  # of these those that fit each question; empty: all


def main() -> None:
    """Run what the command line asks for; print a table, write JSON and document."""
    options = _parser().parse_args()
    begun = time.monotonic()
    try:
        found = run(options)
    except ValueError as error:
        sys.exit(str(error))
    found["settings"]["minutes_beside_what_was_kept"] = round((time.monotonic() - begun) / 60, 1)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    docs = options.docs or (DOCS if _whole(options) else None)
    if docs:
        write_document(found, docs)
    _print(found)


def _parser() -> argparse.ArgumentParser:
    parser = argument_parser(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--data", type=Path, default=DATA, help="folder of data sets")
    add(
        "--dataset",
        action="append",
        default=[],
        metavar="NAME or NAME:FOLDER:CSV:ANSWER[:GROUP]",
        help="only this one of --data, or one that lies elsewhere; may be repeated",
    )
    add("--strategies", default="", help="names with commas between; default: all")
    add("--seeds", type=int, default=20, help="repetitions of everything")
    add("--batch", type=int, default=100, help="labels between two rankings at most")
    add("--processes", type=int, default=os.cpu_count() or 1, help="of one thread each")
    add("--learn-seconds", type=float, help="training of each backbone; default: 240, or 1800")
    add("--full", action="store_true", help=f"pictures of {FULL_SIZE} pixels; wants a GPU")
    add("--features", type=Path, metavar="DIR", help="ready embeddings instead: DIR/NAME.npy")
    add("--fine-tune", action="store_true", help="also fine-tune the backbone on what was chosen")
    add("--keep", type=Path, default=ROOT / "var" / "benchmarks", help="where work is kept")
    add(
        "--docs",
        type=Path,
        help=f"folder of the report; default: {DOCS.relative_to(ROOT)} after "
        "a run of everything, else none",
    )
    return parser


def run(options: argparse.Namespace) -> dict[str, Any]:
    """The whole benchmark as one JSON object. ValueError: a data set or a strategy unknown."""
    asked = [name.strip() for name in options.strategies.split(",") if name.strip()]
    strategies = tuple(check_strategy(name) for name in asked)
    plan = Plan(options.seeds, options.batch, options.processes, options.keep, strategies)
    datasets = pools.find(options.data, options.dataset)
    tables, tuned = {}, {}
    compared: dict[str, Compared] = {}
    for dataset in datasets:
        ready = _features(dataset, options)
        question = ready.source.question
        single = question.kind == "single"
        whose = f"patients by {dataset.group!r}" if dataset.group else "patients unknown"
        _say(f"{dataset.name}: {dataset.answer!r} is {question.kind}, {whose}")
        for long_tailed in (False, True) if single else (False,):
            name = f"{dataset.name}-long-tail" if long_tailed else dataset.name
            table = ready.table(long_tailed=long_tailed)
            replays = replayed(name, table, plan)
            compared[name] = Compared.of(replays, table.question)
            tables[name] = {
                "features": ready.training,
                "patients_known": dataset.group is not None,
                **described(table, compared[name]),
            }
            if options.fine_tune and single:
                tuned[name] = fine_tuned(
                    table, ready, compared[name], replays, keep=plan.keep, processes=plan.processes
                )
    parts: dict[str, list[Compared]] = {"as they are": [], "long-tailed": []}
    for name, one in tables.items():
        if one["kind"] == "single":
            parts["long-tailed" if one["long_tailed"] else "as they are"].append(compared[name])
    singles = [one for part in parts.values() for one in part]
    means = geometric_means(singles) if singles else {}
    return {
        "datasets": {name: one.pop("strategies") for name, one in tables.items()},
        "pools": tables,
        "geomean_ratio_95": {name: one["mean"] for name, one in means.items()},
        "geomean_ratio_95_low": {name: one["low"] for name, one in means.items()},
        "geomean_ratio_95_high": {name: one["high"] for name, one in means.items()},
        "geometric_means": {
            "all": means,
            **{name: geometric_means(part) if part else {} for name, part in parts.items()},
        },
        "penalty": penalties(singles) if singles else {},
        "fine_tuned": tuned,
        "settings": _settings(options),
    }


def _features(dataset: pools.DataSet, options: argparse.Namespace) -> features.Features:
    source = features.read(dataset)
    if options.features is not None:
        return features.ready_made(source, options.features / f"{dataset.name}.npy")
    seconds = _seconds(options)
    _say(f"{dataset.name}: {len(source.paths)} pictures, a backbone of {seconds:.0f} s")
    size = FULL_SIZE if options.full else SIZE
    return features.learn_features(
        source, options.keep, seconds=seconds, size=size, processes=options.processes
    )


def _seconds(options: argparse.Namespace) -> float:
    return float(options.learn_seconds or (FULL_SECONDS if options.full else SECONDS))


def _whole(options: argparse.Namespace) -> bool:
    """Whether the run is the one that the documented report is of."""
    partial = options.dataset or options.strategies or options.features
    return options.data == DATA and options.seeds >= 20 and not partial


def replayed(name: str, table: Table, plan: Plan) -> dict[str, list[Replay]]:
    """Every strategy with every seed, as far as chance takes to 98 % of the full-data score."""
    asked = fitting_strategies(table.question, plan.strategies or default_strategies(table))
    names = list(dict.fromkeys([BASELINE, *asked]))
    limits: Mapping[str, Any] = {
        "batch": plan.batch, "processes": plan.processes, "keep": plan.keep / "replays",
    }  # fmt: skip
    whole = len(table.targets)
    seeds = min(PILOTS, plan.seeds)
    first = replay_all(table, [BASELINE], budget=whole, seeds=seeds, **limits)
    pilot = Compared.of(first, table.question)
    needed, _ = pilot.labels_to(BASELINE, LAST_SHARE)
    budget = int(min(PILOT_MARGIN * needed, pilot.budgets[-1]))
    _say(f"{name}: {len(names)} strategies x {plan.seeds} seeds up to {budget} labels")
    jobs = (len(names) + 1) * plan.seeds
    done = _Progress(name, jobs)
    return replay_all(table, names, budget=budget, seeds=plan.seeds, done=done, **limits)


def default_strategies(table: Table) -> Sequence[str]:
    """All of ours, and two of modAL's; for findings few."""
    if table.question.kind == "multiple":
        return FOR_FINDINGS
    return (*(name for name in strategy_names() if not name.startswith("modal:")), *MODAL)


class _Progress:
    """A line per replay that is done, with the time that is left at this pace."""

    def __init__(self, name: str, jobs: int) -> None:
        self.name, self.jobs, self.count, self.begun = name, jobs, 0, time.monotonic()

    def __call__(self, one: Replay) -> None:
        self.count += 1
        spent = time.monotonic() - self.begun
        left = spent / self.count * (self.jobs - self.count)
        what = f"{self.name}: {one.strategy}, seed {one.seed}: {one.scores[-1]:.3f}"
        _say(f"{self.count}/{self.jobs} {what} ({left / 60:.1f} min left of this pool)")


def described(table: Table, compared: Compared) -> dict[str, Any]:
    """One pool's part of the JSON."""
    baseline = compared.curves[BASELINE]
    pool, test = rows_of(table, 0)
    return {
        "kind": table.question.kind,
        "long_tailed": table.long_tailed,
        "measure": MEASURES[table.question.kind],
        "question": table.question.name,
        "classes": list(table.question.classes),
        "pictures": len(table.targets),
        "groups": len(set(table.groups.tolist())),
        "pool": len(pool),
        "test": len(test),
        "full_score": round(float(compared.full.mean()), 5),
        "budget": int(baseline.labels[-1]),
        "budgets": compared.budgets,
        "strategies": compare(compared),
    }


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "date": time.strftime("%Y-%m-%d"),
        "device": f"{platform.machine()}, {os.cpu_count()} cores",
        "seeds": options.seeds,
        "batch": options.batch,
        "processes": options.processes,
        **({} if options.features else _trained(options)),
    }


def _trained(options: argparse.Namespace) -> dict[str, Any]:
    return {"learn_seconds": _seconds(options), "size": FULL_SIZE if options.full else SIZE}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print(found: Mapping[str, Any]) -> None:
    for name, strategies in found["datasets"].items():
        pool = found["pools"][name]
        print(f"\n{name}: {pool['measure']} {pool['full_score']:.3f} with all labels")
        counted = f"{'90 %':>7}{'95 %':>7}{'98 %':>7}"
        print(f"{'strategy':<34}{counted}  {'ratio at 95 %':<28}worst deficit")
        for strategy, one in strategies.items():
            counts = [one[f"labels_to_{percent}"] for percent in SHARES]
            needed = "".join(f"{'-' if count is None else count:>7}" for count in counts)
            ratio = "1" if strategy == BASELINE else ratio_in_words(one)
            print(f"{strategy:<34}{needed}  {ratio:<28}{one['worst_deficit']:.2f}")
    for strategy, mean in found["geomean_ratio_95"].items():
        low, high = (found[f"geomean_ratio_95_{end}"][strategy] for end in ("low", "high"))
        print(
            f"geometric mean of the ratio at 95 %: {strategy:<34}{mean:.2f} ({low:.2f}-{high:.2f})"
        )


if __name__ == "__main__":
    main()
