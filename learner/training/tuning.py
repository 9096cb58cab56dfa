"""Fine-tuning the backbone on the labels of the pool, for all questions at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from learner.attention import FrameBags
from learner.cache import Bags
from learner.calibration import grouped_folds
from learner.embedding import Backbone
from learner.questions import Question
from learner.ranker import Ranker
from learner.training.comparing import held_out_loss
from learner.training.data import Labelled, answered
from learner.training.loop import Lesson, Training
from learner.training.recipe import TrainingRecipe

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
# From rows that are learned from to guesses for unlabelled ones, shaped as the targets.
Guess = Callable[[Int64], Mapping[str, Float32]]

# Cross-validation must gain so much by pseudo-labels, which can only repeat what is believed.
PSEUDO_LABEL_MARGIN = 0.98


@dataclass(frozen=True)
class Validated:
    """What cross-validation found."""

    epochs: int  # after which the folds were best: their median
    loss: float  # mean over the folds, each at its best
    guessed: int = 0  # pseudo-labelled rows learned from, in the median fold


@dataclass(frozen=True)
class Tuned:
    """How the training went."""

    epochs: int
    plain: Validated
    guesses: Validated | None  # None: not tried
    kept_guesses: bool

    def as_json(self) -> dict[str, object]:
        """As `Round.metrics` keeps it."""
        told: dict[str, object] = {
            "cross_validation": {"loss": self.plain.loss, "epochs": self.plain.epochs}
        }
        if self.guesses is not None:
            told["pseudo_labels"] = {
                "kept": self.kept_guesses,
                "n": self.guesses.guessed,
                "without": self.plain.loss,
                "with": self.guesses.loss,
            }
        return told


def fine_tune(
    backbone: Backbone,
    questions: Sequence[Question],
    data: Labelled,
    *,
    learn: Int64,
    seconds: float,
    seed: int,
    recipe: TrainingRecipe | None = None,
    guess: Guess | None = None,
    say: Callable[[int], None] = lambda epoch: None,
) -> Tuned:
    """Train the backbone in place on the rows `learn`, for as long as cross-validation found good.

    Folds are by patient. With `guess`, pseudo-labels are tried as well, made for each fold by what
    the others teach, and kept only if the loss on the folds gains. `seconds` are shared evenly by
    the folds, the folds with pseudo-labels, and the training itself. The audit sample must
    be neither in `learn` nor guessed. ValueError for fewer patients than folds.
    """
    lesson = Lesson(backbone, questions, data, learn, recipe or TrainingRecipe(), seed)
    if len(np.unique(data.patients[learn])) < lesson.recipe.folds:
        raise ValueError(f"Fine-tuning needs labels of {lesson.recipe.folds} patients or more")
    share = seconds / (2 if guess is None else 3)
    best = plain = _validated(lesson, None, share)
    guesses = None
    if guess is not None:
        guesses = _validated(lesson, guess, share)
        if guesses.loss < PSEUDO_LABEL_MARGIN * plain.loss:
            best, lesson = guesses, _with_guesses(lesson, guess)
    training = Training(lesson)
    end = time.monotonic() + share
    done = [0]

    def count(epoch: int) -> None:
        done.append(epoch)
        say(epoch)

    training.run(epochs=best.epochs, end=end, say=count)
    backbone.load_state_dict(training.backbone.state_dict())
    return Tuned(done[-1], plain, guesses, best is guesses)


def _validated(lesson: Lesson, guess: Guess | None, seconds: float) -> Validated:
    """Train once for each fold left out, on the others and on what they let one guess."""
    begun = time.monotonic()
    learn, recipe = lesson.learn, lesson.recipe
    rng = np.random.default_rng(lesson.seed)
    fold_of = grouped_folds(lesson.data.patients[learn], recipe.folds, rng)
    epochs, losses, guessed = [], [], []
    for fold in range(recipe.folds):
        others, left_out = learn[fold_of != fold], learn[fold_of == fold]
        taught = replace(lesson, learn=others)
        judge = partial(_served_loss, taught, left_out)
        if guess is not None:
            taught = _with_guesses(taught, guess)
        end = begun + seconds * (fold + 1) / recipe.folds
        course = Training(taught).run(epochs=recipe.most_epochs, end=end, judge=judge)
        epochs.append(int(np.argmin(course)))
        losses.append(min(course))
        guessed.append(len(taught.learn) - len(others))
    return Validated(int(np.median(epochs)), float(np.mean(losses)), int(np.median(guessed)))


def _served_loss(taught: Lesson, left_out: Int64, backbone: Backbone) -> float:
    """The loss of what would serve: heads fitted anew to the backbone's embeddings."""
    rows = np.concatenate([taught.learn, left_out])
    frames, counts = taught.data.some_frames(rows)
    data = taught.data.of(rows)
    bags = FrameBags(backbone.embed(frames), np.cumsum(counts) - counts, counts)
    return held_out_loss(
        taught.questions,
        bags.harmonised(data.sites).pooled(),
        data,
        learn=np.arange(len(taught.learn)),
        held_out=np.arange(len(taught.learn), len(rows)),
    )


def _with_guesses(lesson: Lesson, guess: Guess) -> Lesson:
    """The lesson with what its rows let one guess."""
    guesses = guess(lesson.learn)
    at = [np.flatnonzero(~np.isnan(values).all(axis=1)) for values in guesses.values()]
    rows = np.unique(np.concatenate([lesson.learn, *at]))
    return replace(lesson, data=lesson.data.with_guesses(guesses), learn=rows)


def tuned_predictions(
    backbone: Backbone,
    questions: Sequence[Question],
    frames: NDArray[np.uint8],
    targets: Mapping[str, Float32],
    patients: Int64,
    *,
    learn: Int64,
    test: Int64,
    seconds: float,
    seed: int = 0,
    recipe: TrainingRecipe | None = None,
    weigh: bool = True,
) -> dict[str, Float32]:
    """Calibrated predictions [t, c] for the rows `test`, by a backbone tuned on the rows `learn`.

    frames [n, S, S], one a scan; targets per question [n, c], patients [n]. The backbone is trained
    in place, as a round does it; heads are then fitted to its embeddings. A question with too few
    answers is absent. `weigh` as the Ranker's. ValueError as `fine_tune`.
    """
    n = len(frames)
    bags = Bags(np.arange(n), np.arange(n), np.ones(n, dtype=np.int64), frames)
    data = Labelled(bags, targets, patients)
    fine_tune(backbone, questions, data, learn=learn, seconds=seconds, seed=seed, recipe=recipe)
    rows = np.concatenate([learn, test])
    embeddings = backbone.embed(frames[rows])
    ranker = Ranker(questions, embeddings, groups=patients[rows], weigh=weigh)
    ranker.refit(answered(data.of(rows), np.arange(len(learn))))
    return ranker.predict(np.arange(len(learn), len(rows)))
