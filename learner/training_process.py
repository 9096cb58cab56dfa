"""One training round in a process of its own: `python -m learner.training_process FOLDER`.

The folder holds `request.json` and `labels.npz` and receives the weights, their config and
`outcome.json`. Each line of the output says what is being done. The process is killed by whoever
started it, or ends by itself when that process is gone and its standard input with it.
"""

import os
import sys
from pathlib import Path

import torch

from learner.parent import end_with_input
from learner.training_round import Round


def main() -> None:
    os.nice(10)  # reranking comes first
    end_with_input()
    torch.set_num_threads(os.cpu_count() or 1)
    Round(Path(sys.argv[1])).run()


if __name__ == "__main__":
    main()
