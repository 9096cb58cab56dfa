"""Features of each folder: a backbone trained on its pictures without labels, kept on disk."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import learner
from benchmarks.efficiency.pools import DataSet
from learner.labelled_folder import LabelledFolder, read_folder, small_frames
from learner.replays import code_digest
from learner.tables import Table

_LEARNER = Path(learner.__file__).parent


@dataclass(frozen=True)
class Features:
    """One data set ready to be replayed."""

    source: LabelledFolder
    embeddings: NDArray[np.floating]  # [n, d]
    folder: Path | None  # with frames.npy and the weights; None where they were made elsewhere

    @property
    def training(self) -> str:
        """How the backbone was trained, in words."""
        if self.folder is None:
            return "made elsewhere"
        found = json.loads((self.folder / "training.json").read_text())
        return "{epochs} epochs without labels in {seconds} s on {device}".format(**found)

    def table(self, *, long_tailed: bool) -> Table:
        """What is replayed: the pool as it is, or its long-tailed version."""
        question, targets, groups = self.source.question, self.source.targets, self.source.groups
        return Table(question, self.embeddings, targets, groups, long_tailed)


def read(dataset: DataSet) -> LabelledFolder:
    """Pictures, answers and patients. ValueError: a column or a picture that is not there."""
    return read_folder(
        dataset.folder,
        dataset.folder / dataset.labels,
        answer=dataset.answer,
        group=dataset.group,
    )


def ready_made(source: LabelledFolder, path: Path) -> Features:
    """Embeddings [n, d] from a .npy file, in the order of the CSV. ValueError: another length."""
    embeddings = np.load(path, mmap_mode="r")
    if len(embeddings) != len(source.paths):
        raise ValueError(f"{path} has {len(embeddings)} rows for {len(source.paths)} pictures")
    return Features(source, embeddings, None)


def learn_features(
    source: LabelledFolder, keep: Path, *, seconds: float, size: int, processes: int
) -> Features:
    """Train a backbone on the pictures for so many seconds, or take the one that was kept.

    No answer is seen. Kept by pictures, size, seconds and the code that trains.
    """
    code = code_digest([_LEARNER / "selfsupervised.py"])
    found = hashlib.sha256(f"{size} {seconds} {code}".encode())
    for path in source.paths:
        found.update(path.read_bytes())
    folder = keep / f"features-{found.hexdigest()[:32]}"
    if not (folder / "embeddings.npy").exists():
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "frames.npy", small_frames(source.paths, processes=processes, size=size))
        _train(folder, seconds=seconds, threads=processes)
    return Features(source, np.load(folder / "embeddings.npy", mmap_mode="r"), folder)


def _train(folder: Path, *, seconds: float, threads: int) -> None:
    # torch and MONAI take seconds and memory: a run whose features are kept does without.
    import torch

    from learner.backbones import BackboneConfig
    from learner.embedding import Backbone, best_device
    from learner.selfsupervised import learn, represent

    torch.set_num_threads(threads)
    frames = np.load(folder / "frames.npy", mmap_mode="r")
    backbone = Backbone(BackboneConfig(size=frames.shape[1]), seed=0).to(best_device())
    begun = time.monotonic()
    epochs = learn(backbone, frames, seconds=seconds, checkpoint=folder / "training.pt")
    backbone.save(folder)
    embeddings = represent(frames, weights=folder)
    used = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{threads} CPU threads"
    training = {"epochs": epochs, "seconds": round(time.monotonic() - begun), "device": used}
    (folder / "training.json").write_text(json.dumps(training))
    np.save(folder / "embeddings.partial.npy", embeddings)
    (folder / "embeddings.partial.npy").rename(folder / "embeddings.npy")
    (folder / "training.pt").unlink(missing_ok=True)
