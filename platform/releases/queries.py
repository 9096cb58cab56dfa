"""What is in a release, and the releases of a project."""

from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext

from projects.models import Membership, Project
from releases.models import Release
from rounds.models import Ranking, Round

# One statement sees one moment, so no lock is needed: an annotation is in the release if it had
# been committed and not withdrawn then, and stays in it though it be withdrawn before the file is
# built. Runs of ids: the rows whose id minus their place in the order is the same.
CONTENTS = """
    SELECT kind, min(id), max(id) FROM (
        SELECT 'tasks' AS kind, id, id - row_number() OVER (ORDER BY id) AS run
          FROM annotator_task WHERE project_id = %(project)s
        UNION ALL
        SELECT 'annotations', id, id - row_number() OVER (ORDER BY id)
          FROM annotator_annotation WHERE project_id = %(project)s AND withdrawn_at IS NULL
    ) AS placed
    GROUP BY kind, run ORDER BY kind, min(id)
"""


def contents_of(*, project: Project) -> dict[str, Any]:
    """All that decides the bytes of a release of this project made now, as plain JSON values.

    {"scout": version, "tasks": [[first id, last id], …], "annotations": the same,
    "project": {…}, "rounds": [{…}, …], "rankings": [{strategy, first, last generation}, …],
    "roles": {user id: role}}
    """
    runs: dict[str, list[list[int]]] = {"tasks": [], "annotations": []}
    with connection.cursor() as cursor:
        cursor.execute(CONTENTS, {"project": project.pk})
        for kind, first, last in cursor.fetchall():
            runs[kind].append([first, last])
    return {
        "scout": settings.SPECTACULAR_SETTINGS["VERSION"],
        "tasks": runs["tasks"],
        "annotations": runs["annotations"],
        "project": {
            "id": project.pk,
            "title": project.title,
            "description": project.description,
            "label_config": project.label_config,
            "overlap": project.overlap,
            "audit_share": project.audit_share,
            "random_share": project.random_share,
        },
        "rounds": _lineage(project),
        "rankings": _strategies(project),
        "roles": {
            str(user): role
            for user, role in Membership.objects.filter(project=project)
            .order_by("user_id")
            .values_list("user_id", "role")
        },
    }


def _lineage(project: Project) -> list[dict[str, Any]]:
    """The finished rounds, oldest first: what each learned from, and from which round it came."""
    rounds = Round.objects.filter(project=project, state=Round.State.DONE).order_by("number")
    return [
        {
            "number": row.number,
            "parent": row.parent.number if row.parent else None,
            "labels": row.labels,
            "last_annotation": row.last_annotation,
            "config": row.config | {"reason": row.reason},
            "metrics": row.metrics,
        }
        for row in rounds.select_related("parent")
    ]


def _strategies(project: Project) -> list[dict[str, Any]]:
    """Which strategy ordered the pool, by runs of generations; an annotation names its own."""
    placed = (
        Ranking.objects.filter(project=project)
        .order_by("generation")
        .values_list("strategy", "generation")
        .iterator()
    )
    runs = []
    for strategy, rows in groupby(placed, key=lambda row: row[0]):
        generations = [generation for _, generation in rows]
        runs.append(
            {
                "strategy": strategy,
                "first_generation": generations[0],
                "last_generation": generations[-1],
            }
        )
    return runs


def last_annotation_of(contents: dict[str, Any]) -> int:
    """The newest annotation it holds, 0 where it holds none."""
    return contents["annotations"][-1][1] if contents["annotations"] else 0


def releases_of(*, project_id: int) -> QuerySet[Release]:
    """Newest first, without what only the build reads, which may be megabytes."""
    return (
        Release.objects.filter(project=project_id)
        .select_related("created_by")
        .defer("contents")
        .order_by("-number")
    )


def release_of(*, project_id: int, number: int) -> Release:
    """The release of this number. Raises Http404."""
    release = releases_of(project_id=project_id).filter(number=number).first()
    if release is None:
        raise Http404(gettext("There is no such release."))
    return release
