"""Learning curves for people: a picture and a page of their own, from a rehearsal's JSON."""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from PIL import Image

from learner.curves import SHARES
from learner.replays import BASELINE
from learner.scores import FLOORS_OF_MEASURES
from learner.strategies import DEFAULT

TITLES = {"balanced_accuracy": "Balanced accuracy", "roc_auc": "Macro ROC-AUC", "r2": "R²"}
_MARKED = {DEFAULT: "#c2185b", BASELINE: "#111111"}  # thick, and with a band
_MOST_BANDS = 4  # of more curves only the marked ones have a band, or nothing can be seen
_INCHES, _DPI = (9.0, 5.2), 100


def picture(
    title: str, strategies: Mapping[str, Mapping[str, Any]], *, full_score: float, measure: str
) -> bytes:
    """A PNG of the mean curves with their 95 % bands, on a logarithmic axis of labels."""
    # Half a second and 30 MB: only what draws pays for it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    for number, (name, found) in enumerate(strategies.items()):
        labels, mean, low, high = np.array(found["curve"]).T
        colour = _MARKED.get(name, f"C{number % 10}")
        marked = name in _MARKED or len(strategies) <= _MOST_BANDS
        style = ("-", "--", ":")[number // 10 % 3] if name not in _MARKED else "-"
        axes.plot(labels, mean, style, color=colour, lw=2 if marked else 0.9, label=name)
        if marked:
            axes.fill_between(labels, low, high, color=colour, alpha=0.15, lw=0)
    axes.axhline(full_score, color="#888888", lw=0.8)
    floor = FLOORS_OF_MEASURES[measure]
    for percent in SHARES:
        axes.axhline(floor + (full_score - floor) * percent / 100, color="#cccccc", lw=0.7, ls=":")
    axes.set_xscale("log")
    axes.set(title=title, xlabel="labels", ylabel=TITLES[measure])
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    raw = io.BytesIO()
    figure.savefig(raw, format="png")
    # Few colours are in it; a palette makes it a third as large.
    small = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(96).save(small, "PNG", optimize=True)
    return small.getvalue()


def table_rows(strategies: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of text: what each strategy needed, and against the baseline."""
    header = ["strategy", *(f"labels to {percent} %" for percent in SHARES)]
    header += ["ratio at 95 %", "area", "worst deficit, points"]
    return header, [[name, *_cells(name, found)] for name, found in strategies.items()]


def _cells(name: str, found: Mapping[str, Any]) -> list[str]:
    cells = []
    for percent in SHARES:
        ends = [_count(end) for end in found[f"labels_to_{percent}_interval"]]
        cells.append(f"{_count(found[f'labels_to_{percent}'])} ({ends[0]} to {ends[1]})")
    cells.append("1" if name == BASELINE else ratio_in_words(found))
    cells.append(f"{found['area']:.3f}")
    low, high = found["worst_deficit_low"], found["worst_deficit_high"]
    noise = "" if found["worst_deficit_beyond_noise"] else ", not beyond chance"
    at = found["worst_deficit_at"]
    cells.append(f"{found['worst_deficit']:.1f} ({low:.1f} to {high:.1f}) at {at}{noise}")
    return cells


def ratio_in_words(found: Mapping[str, Any]) -> str:
    """`ratio_95` of `learner.comparison.compare` with its interval, or what is known of it."""
    reached, by_chance = found["reached_95"], found["baseline_reached_95"]
    if not reached and not by_chance:
        return "unknown: neither got there"
    bound = "at least " if reached and not by_chance else "at most " if not reached else ""
    low, high = (
        "open" if found[f"ratio_95_{end}_open"] else f"{found[f'ratio_95_{end}']:.2f}"
        for end in ("low", "high")
    )
    return f"{bound}{found['ratio_95']:.2f} ({low} to {high})"


def _count(count: int | None) -> str:
    return "not reached" if count is None else str(count)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; the first column is code."""
    lines = [header, ["---"] * len(header), *([f"`{row[0]}`", *row[1:]] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for the terminal."""
    lines = [header, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(header))]
    padded = [
        "  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)) for line in lines
    ]
    return "\n".join(line.rstrip() for line in padded)


def page(result: Mapping[str, Any], title: str) -> str:
    """One HTML file with nothing beside it: picture, table and settings of a rehearsal."""
    strategies = result["strategies"]
    measure, full = result["measure"], result["full_score"]
    png = picture(title, strategies, full_score=full, measure=measure)
    header, rows = table_rows(strategies)
    settings = [
        (key.replace("_", " "), str(value))
        for key, value in result.items()
        if not isinstance(value, Mapping)
    ]
    return _PAGE.format(
        title=escape(title),
        picture=base64.b64encode(png).decode(),
        head=_html_row("th", header),
        body="\n".join(_html_row("td", row) for row in rows),
        settings="\n".join(_html_row("td", pair) for pair in settings),
    )


def _html_row(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem }}
img {{ max-width: 100% }}
table {{ border-collapse: collapse; font-size: 13px; margin: 1rem 0 }}
th, td {{ border-bottom: 1px solid #ddd; padding: .25rem .6rem; text-align: left }}
</style>
</head>
<body>
<h1>{title}</h1>
<p><img alt="Learning curves: score against labels, a line per strategy"
src="data:image/png;base64,{picture}"></p>
<p>Intervals are 95 %: of the curves and the worst deficit by the t distribution over the seeds, of
the labels needed and the ratio by bootstrap over them. The ratio is the labels that random order
needs over those that the strategy needs.</p>
<table><thead>{head}</thead><tbody>
{body}
</tbody></table>
<h2>Settings</h2>
<table><tbody>
{settings}
</tbody></table>
</body>
</html>
"""
