"""Whether the proof can be trusted: on simulated projects and audit samples whose truth is known.

    python -m benchmarks.simulations --json OUT

"meter": of an order that saves nothing, of one that saves labels and of one that costs some, how
often the savings meter says which. "coverage": how often the 95 % intervals of the audit metrics
hold the truth. "advice": how often stopping is advised where 20 % more labels would gain over a
point. "label_errors": how many of the most doubtful labels were planted wrong. Needs no database;
about twelve minutes of one core.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read at numpy's import

import argparse
import json
import time
from pathlib import Path
from typing import Any

from benchmarks.simulated.advice import false_stops
from benchmarks.simulated.coverage import SCENARIOS, coverage
from benchmarks.simulated.flips import planted_flips
from benchmarks.simulated.meter import READINGS, verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the result there")
    parser.add_argument("--samples", type=int, default=1000, help="audit samples a scenario")
    parser.add_argument("--runs", type=int, default=100, help="projects of each kind and size")
    options = parser.parse_args()
    begun = time.monotonic()
    result = simulate(samples=options.samples, runs=options.runs)
    result["seconds"] = round(time.monotonic() - begun)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


def simulate(*, samples: int, runs: int) -> dict[str, Any]:
    """All four simulations, with so many samples and runs."""
    return {
        "meter": [
            {
                "audit": reading.audit,
                "random": reading.random,
                "active": reading.active,
                "saves_nothing": verdicts(reading, order="random", runs=2 * runs),
                "saves": verdicts(reading, order="margin", runs=runs // 2),
                "costs": verdicts(reading, order="shortcut", runs=2 * runs),
            }
            for reading in READINGS
        ],
        "coverage": {str(scenario): coverage(scenario, samples, seed=0) for scenario in SCENARIOS},
        "advice": false_stops(max(1, runs // 5)),
        "label_errors": planted_flips(max(1, runs // 10)),
    }


if __name__ == "__main__":
    main()
