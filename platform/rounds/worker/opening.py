"""Where a task of many frames opens: at the frame that the model is least sure of."""

from collections.abc import Sequence

from annotator.queue import OpensAt
from learner.attention import FrameBags, Predict, least_sure_frames
from learner.frames import chosen_slices
from learner.questions import Question
from rounds.pool import frame_counts_of_tasks


def opens_at(
    tasks: Sequence[int], bags: FrameBags, questions: Sequence[Question], predict: Predict
) -> dict[int, OpensAt]:
    """{"scan": its position in the task, "frame": its number in that scan} for some of the tasks.

    `bags` are those of the tasks, in their order; `predict` gives the heads' answers for pooled
    embeddings [k, D]. A task of one frame, or whose frames the model tells alike, is left out.
    """
    least = least_sure_frames(bags, questions, predict)
    found = {
        task: (index, int(count))
        for task, index, count in zip(tasks, least, bags.counts, strict=True)
        if index is not None
    }
    frame_counts = frame_counts_of_tasks(found)
    opens = {}
    for task, (index, count) in found.items():
        places = [
            OpensAt(scan=scan, frame=frame)
            for scan, frames in enumerate(frame_counts.get(task, []))
            for frame in chosen_slices(frames)
        ]
        if len(places) == count:  # else a scan could not be read and is missing from the bag
            opens[task] = places[index]
    return opens
