"""One training round in a process of its own: `python -m learner.training_process FOLDER`.

The folder holds `request.json` and `labels.npz` and receives the weights, their config and
`outcome.json`, or `refusal.json`, which says what a person has to mend. Each line of the output is
`learner.sentences.Words` as JSON on what is being done. The process is killed by whoever
started it, or ends by itself when that process is gone and its standard input with it.
"""

import json
import os
import sys
from pathlib import Path

import torch

from learner.parent import end_with_input
from learner.sentences import Told
from learner.training_round import Round


def main() -> None:
    os.nice(10)  # reranking comes first
    end_with_input()
    torch.set_num_threads(os.cpu_count() or 1)
    folder = Path(sys.argv[1])
    try:
        Round(folder).run()
    except Told as refused:
        (folder / "refusal.json").write_text(json.dumps(refused.words))
        sys.exit(1)


if __name__ == "__main__":
    main()
