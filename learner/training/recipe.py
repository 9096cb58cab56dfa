"""What a training on labels is made of; kept with each round, so that one can see what it did."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingRecipe:
    """How the backbone is fine-tuned: labels are few, and most of it is against learning by heart.

    Each regulariser is off at 0.
    """

    batch: int = 32
    learning_rate: float = 2e-4  # of the backbone, which knows the scans already
    head_learning_rate: float = 1e-3  # of the heads, which begin as those that serve
    weight_decay: float = 0.05  # decoupled (Loshchilov & Hutter 2019, arXiv:1711.05101)
    dropout: float = 0.3  # of the pooled features: no answer shall hang on a few of them
    smoothing: float = 0.05  # of labels (arXiv:1512.00567): readers err, and logits stay small
    mixing: float = 0.5  # share of the batches in which scans are mixed two by two
    mixup: float = 0.4  # alpha (Zhang et al. 2018, arXiv:1710.09412): straight between scans
    balance: float = 0.99  # beta (Cui et al. 2019, arXiv:1901.05555): a rare finding counts more
    smallest_crop: float = 0.8  # augmentation: less than without labels, a finding may be small
    rotation: float = 5.0  # degrees, either way
    averaging: float = 0.95  # of the weights of the last 20 steps or so (arXiv:1803.05407)
    slices: int = 4  # drawn from a volume at each step
    most_epochs: int = 60
    patience: int = 8  # epochs without a better loss on the fold left out
    folds: int = 3  # that find the number of epochs
