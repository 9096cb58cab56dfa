"""docs/benchmarks/label-efficiency.md and its pictures, from the benchmark's JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from learner.curve_report import TITLES, markdown_table, picture, table_rows

NAME = "label-efficiency"
_PARTS = ("as they are", "long-tailed")
_HEAD = """# How many labels each strategy needs

Written by `python -m benchmarks.label_efficiency`;
[how to read it](../data-scientist.md#the-benchmark-of-label-efficiency).

{settings}
"""


def write_document(found: Mapping[str, Any], folder: Path) -> None:
    """Write the page and a picture of every pool."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = [[name.replace("_", " "), str(value)] for name, value in found["settings"].items()]
    parts = [_HEAD.format(settings=markdown_table(["setting", "value"], settings))]
    parts.append(_means(found))
    for name, strategies in found["datasets"].items():
        parts.append(_pool(name, found["pools"][name], strategies, folder))
    if found["fine_tuned"]:
        parts.append(_fine_tuned(found["fine_tuned"]))
    if found["penalty"]:
        parts.append(_penalties(found["penalty"]))
    (folder / f"{NAME}.md").write_text("\n".join(parts))


def _means(found: Mapping[str, Any]) -> str:
    rows = []
    for strategy, mean in sorted(found["geomean_ratio_95"].items(), key=lambda one: -one[1]):
        low, high = (found[f"geomean_ratio_95_{end}"][strategy] for end in ("low", "high"))
        pools = [found["datasets"][name][strategy] for name in _singles(found)]
        worst = max(pool["worst_deficit"] for pool in pools)
        wins = sum(pool["wins"] for pool in pools)
        loss = found["penalty"]["mean_loss"][strategy]
        rows.append(
            [
                strategy,
                f"{mean:.2f} ({low:.2f} to {high:.2f})",
                *(_mean(found["geometric_means"][part], strategy) for part in _PARTS),
                _against(found["geometric_means"]["all"][strategy]),
                f"{worst:.1f}",
                str(wins),
                f"{loss:.2f}",
            ]
        )
    if not rows:
        return ""
    header = [
        "strategy",
        "labels of random order / labels of this one",
        *_PARTS,
        "labels of this one / labels of auto",
        "worst deficit, points",
    ]
    text = (
        "## All classification pools together\n\nGeometric mean of the ratio at 95 % of the "
        "full-data score, with its 95 % interval, over all pools and over those that are as they "
        "are, and that were thinned to a long tail; the worst deficit and the wins over all "
        "pools. Who does not get there counts with all that was read. "
        "Intervals are over splits of these pictures: they say nothing about others. What "
        "`auto` does was worked out on these pictures too."
    )
    return f"{text}\n\n{markdown_table([*header, 'wins', 'mean penalty'], rows)}\n"


def _singles(found: Mapping[str, Any]) -> list[str]:
    return [name for name, pool in found["pools"].items() if pool["kind"] == "single"]


def _mean(means: Mapping[str, Any], strategy: str) -> str:
    return f"{means[strategy]['mean']:.2f}" if means else "–"


def _against(mean: Mapping[str, float]) -> str:
    if "against" not in mean:
        return "–"
    return f"{mean['against']:.2f} ({mean['against_low']:.2f} to {mean['against_high']:.2f})"


def _pool(name: str, pool: Mapping[str, Any], strategies: Mapping[str, Any], folder: Path) -> str:
    file = f"{NAME}-{name}.png"
    png = picture(name, strategies, full_score=pool["full_score"], measure=pool["measure"])
    (folder / file).write_bytes(png)
    text = (
        f"{_whose(pool)}, question `{pool['question']}`. {TITLES[pool['measure']]} with "
        f"all labels: {pool['full_score']:.3f}. With the first seed {pool['pool']} can be read "
        f"and {pool['test']} are tested on. Read up to "
        f"{pool['budget']} labels. Features: {pool['features']}."
    )
    parts = [f"## {name}", text, f"![Learning curves of {name}]({file})"]
    parts.append(markdown_table(*table_rows(strategies)))
    parts.append(_cold_start(strategies))
    if pool["kind"] == "number":
        parts.append(_errors(pool, strategies))
    return "\n\n".join(parts) + "\n"


def _whose(pool: Mapping[str, Any]) -> str:
    if pool["patients_known"]:
        return f"{pool['pictures']} pictures of {pool['groups']} patients"
    return f"{pool['pictures']} pictures of unknown patients, split by picture"


def _cold_start(strategies: Mapping[str, Any]) -> str:
    counts = next(iter(strategies.values()))["cold_start"]
    rows = [
        [name, *(_difference(one["cold_start"][count]) for count in counts)]
        for name, one in strategies.items()
    ]
    header = ["points above random order", *(f"{count} labels" for count in counts)]
    return markdown_table(header, rows)


def _difference(one: Mapping[str, float]) -> str:
    return f"{one['difference']:+.1f} ({one['low']:+.1f} to {one['high']:+.1f})"


def _errors(pool: Mapping[str, Any], strategies: Mapping[str, Any]) -> str:
    header = ["mean absolute error", *(f"{budget} labels" for budget in pool["budgets"])]
    rows = []
    for name, one in strategies.items():
        errors = {
            int(at): f"{mean:.2f} ({low:.2f} to {high:.2f})"
            for at, mean, low, high in one["mean_absolute_error"]
        }
        nearest = [min(errors, key=lambda at: abs(at - budget)) for budget in pool["budgets"]]
        rows.append([name, *(errors[at] for at in nearest)])
    return markdown_table(header, rows)


def _fine_tuned(tuned: Mapping[str, Any]) -> str:
    rows = [
        [
            name,
            str(one["labels"]),
            f"{one['auto']:.3f}",
            f"{one['random']:.3f}",
            _difference({end: one[key] for end, key in _ENDS}),
        ]
        for name, budgets in tuned.items()
        for one in budgets
    ]
    text = (
        "## With the backbone fine-tuned\n\nThe labels were chosen on frozen features; the "
        "backbone was then fine-tuned on them, and heads refitted on its embeddings."
    )
    header = ["pool", "labels", "auto", "random", "points above random order"]
    return f"{text}\n\n{markdown_table(header, rows)}\n"


_ENDS = (("difference", "difference"), ("low", "difference_low"), ("high", "difference_high"))


def _penalties(penalty: Mapping[str, Any]) -> str:
    names = penalty["strategies"]
    rows = [
        [name, *(f"{value:.2f}" for value in row)]
        for name, row in zip(names, penalty["matrix"], strict=True)
    ]
    rows.append(["mean", *(f"{penalty['mean_loss'][name]:.2f}" for name in names)])
    text = (
        "## Who beats whom\n\nThe pairwise penalty matrix of Ash et al. 2020: the sum over the "
        "pools of the share of label budgets at which the row's strategy is significantly better "
        "than the column's (paired t-test, 5 %). The last row is the mean of its column: how "
        "often a strategy is beaten."
    )
    return f"{text}\n\n{markdown_table(['beats', *names], rows)}\n"
