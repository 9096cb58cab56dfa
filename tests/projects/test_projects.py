"""What the services of projects do and refuse."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import Role, User
from annotator.models import Task
from learner.strategies import strategy_names, strategy_needs
from projects.errors import Refused
from projects.label_config import LabelConfigError
from projects.members import add_member, change_role, invitation_of, remove_member
from projects.models import Membership, Project
from projects.queries import members_of, projects_of
from projects.services import create_project, update_settings
from projects.strategies import NAMES, NEEDS_CHOICE, NEEDS_NUMBER
from tests.projects.cast import XML, Cast, answer, make_scan

pytestmark = pytest.mark.django_db


def test_a_project_is_managed_by_who_creates_it(alice: User) -> None:
    project = create_project(
        creator=alice,
        title="Chests",
        label_config=XML["findings"],
        readers=["New@Example.org", "new@example.org", "alice@example.org"],
    )
    assert [(m.user.email, m.role) for m in members_of(project=project)] == [
        ("alice@example.org", Role.MANAGER),
        ("new@example.org", Role.READER),
    ]
    assert project.archive.name == "Chests"
    assert (project.overlap, project.audit_share, project.strategy) == (1, 0.1, "auto")
    assert project.random_share == 0.05


def test_bob_may_not_create_projects(bob: User) -> None:
    with pytest.raises(PermissionDenied, match="Ask the person who runs Scout"):
        create_project(creator=bob, title="Mine", label_config=XML["findings"])


def test_a_project_that_cannot_be_leaves_nothing_behind(alice: User) -> None:
    with pytest.raises(LabelConfigError):
        create_project(creator=alice, title="X", label_config="<View/>")
    with pytest.raises(Refused, match=r"less than or equal to 0\.5"):
        create_project(creator=alice, title="X", label_config=XML["boxes"], audit_share=0.6)
    with pytest.raises(Refused, match="leave no patient to the pool: lower one"):
        create_project(
            creator=alice, title="X", label_config=XML["boxes"], audit_share=0.5, random_share=0.5
        )
    with pytest.raises(Refused, match="no strategy “best”"):
        create_project(creator=alice, title="X", label_config=XML["boxes"], strategy="best")
    assert not Project.objects.filter(title="X").exists()


def test_the_strategies_are_the_learners() -> None:
    assert strategy_names() == NAMES
    for name in NAMES[1:]:
        asked = "any"
        asked = "number" if name in NEEDS_NUMBER else asked
        asked = "choice" if name in NEEDS_CHOICE else asked
        assert asked == strategy_needs(name).question, name


def test_a_strategy_needs_a_question_it_can_use(alice: User) -> None:
    choice = XML["findings"]
    with pytest.raises(Refused, match="“bait” needs a question that asks for a number or a rating"):
        create_project(creator=alice, title="X", label_config=choice, strategy="bait")
    with pytest.raises(Refused, match="“epig” needs a question of single or multiple choice"):
        create_project(creator=alice, title="X", label_config=XML["boxes"], strategy="epig")
    project = create_project(creator=alice, title="X", label_config=choice, strategy="epig")
    with pytest.raises(Refused, match=r"“lcmd” needs .* Choose another strategy, or “auto”"):
        update_settings(project_id=project.pk, strategy="lcmd")


def test_a_choice_may_be_added_after_an_answer(project: Project, bob: User) -> None:
    make_scan(project)
    answer(project, bob, "Oedema")
    more = XML["findings"].replace("</Choices>", '<Choice value="Scoliosis"/></Choices>')
    update_settings(project_id=project.pk, label_config=more)
    project.refresh_from_db()
    assert project.label_config == more


def test_a_choice_that_was_given_stays(project: Project, bob: User) -> None:
    make_scan(project)
    answer(project, bob, "Oedema")
    without = XML["findings"].replace('<Choice value="Oedema"/>', "")
    with pytest.raises(LabelConfigError) as caught:
        update_settings(project_id=project.pk, label_config=without)
    assert caught.value.problems == (
        "“Oedema” of “findings” has been given as an answer: it cannot be removed or renamed.",
    )
    unused = XML["findings"].replace('<Choice value="Fracture"/>', "")
    update_settings(project_id=project.pk, label_config=unused)


def test_a_question_that_was_answered_stays_what_it_is(project: Project, bob: User) -> None:
    make_scan(project)
    answer(project, bob)  # read and normal is an answer, too
    with pytest.raises(LabelConfigError, match="cannot be removed or renamed"):
        update_settings(project_id=project.pk, label_config=XML["boxes"])
    single = XML["findings"].replace('choice="multiple"', 'choice="single"')
    with pytest.raises(LabelConfigError, match="cannot become another kind"):
        update_settings(project_id=project.pk, label_config=single)


def test_everything_may_change_before_the_first_answer(project: Project) -> None:
    update_settings(project_id=project.pk, label_config=XML["masks"], audit_share=0.25)
    project.refresh_from_db()
    assert (project.label_config, project.audit_share) == (XML["masks"], 0.25)


@pytest.mark.parametrize(
    "name",
    [
        "/srv/scout/models/project-1/round-1/attempt-1",
        "../models",
        "..",
        "DenseNet121:/etc/passwd.pt",
        "DenseNet121:../a.pt",
        "hub:../x",
        "hub:https://example.org/x",
        "https://example.org/x",
        "a\x00b",
    ],
)
def test_a_backbone_is_no_path_and_no_address(project: Project, alice: User, name: str) -> None:
    with pytest.raises(Refused, match="names no model"):
        update_settings(project_id=project.pk, backbone=name)
    with pytest.raises(Refused, match="names no model"):
        create_project(creator=alice, title="A", label_config=XML["masks"], backbone=name)
    project.refresh_from_db()
    assert project.backbone == ""


@pytest.mark.parametrize(
    "name",
    [
        "ViT-S", "DenseNet121:chest.pt", "chest-2026", "monai:DenseNet121", "hub:hospital/chest",
        "timm:vit_small_patch16_224.augreg_in21k", "torchxrayvision:densenet121-res224-all", "",
    ],
)  # fmt: skip
def test_a_backbone_is_named(project: Project, name: str) -> None:
    assert update_settings(project_id=project.pk, backbone=name).backbone == name


def test_the_backbone_is_fixed_once_a_round_is_done(project: Project) -> None:
    first = project.rounds.create(number=1, state="failed", error="No backbone is called Best")
    update_settings(project_id=project.pk, backbone="ResNet18")
    first.state = "done"
    first.save()
    with pytest.raises(Refused, match="has begun to learn"):
        update_settings(project_id=project.pk, backbone="ResNet34")


@pytest.mark.parametrize(
    ("share", "what"), [("audit_share", "audit sample"), ("random_share", "random arm")]
)
def test_a_share_is_fixed_once_drawn(project: Project, share: str, what: str) -> None:
    settings: Any = {share: 0.2}
    make_scan(project)
    with pytest.raises(Refused, match=f"The {what} was drawn when the scans came in"):
        update_settings(project_id=project.pk, **settings)
    Task.objects.all().delete()
    assert getattr(update_settings(project_id=project.pk, **settings), share) == 0.2


def test_a_new_overlap_has_the_tasks_opened_and_closed(project: Project) -> None:
    update_settings(project_id=project.pk, title="Chests", overlap=1)
    assert not ProcrastinateJob.objects.filter(task_name__endswith="refresh_tasks").exists()
    update_settings(project_id=project.pk, overlap=2)
    job = ProcrastinateJob.objects.get(task_name__endswith="refresh_tasks")
    assert (job.task_name, job.args) == ("annotator.refresh_tasks", {"project_id": project.pk})


def test_a_person_is_in_a_project_once(project: Project, alice: User) -> None:
    with pytest.raises(Refused, match=r"bob@example\.org is in this project already"):
        add_member(project=project, added_by=alice, email="Bob@example.org", role=Role.ANALYST)


def test_the_last_manager_stays(project: Project, alice: User, bob: User) -> None:
    with pytest.raises(Refused, match="last manager"):
        remove_member(project_id=project.pk, user_id=alice.pk)
    with pytest.raises(Refused, match="last manager"):
        change_role(project_id=project.pk, user_id=alice.pk, role=Role.READER)
    change_role(project_id=project.pk, user_id=bob.pk, role=Role.MANAGER)
    remove_member(project_id=project.pk, user_id=alice.pk)
    assert Membership.objects.get(project=project, role=Role.MANAGER).user == bob


def test_an_invitation_cannot_be_used_to_enter_another_project(
    project: Project, alice: User, charlie: User
) -> None:
    """Charlie adds a person whom Alice has invited; a link would open Alice's project to him."""
    add_member(project=project, added_by=alice, email="new@example.org", role=Role.READER)
    his = charlie.memberships.get().project
    added = add_member(project=his, added_by=charlie, email="new@example.org", role=Role.READER)
    with pytest.raises(Refused, match="invited to another project too"):
        invitation_of(membership=added, manager=charlie)


def test_a_link_given_out_earlier_does_not_open_a_project_joined_later(cast: Cast) -> None:
    """Charlie invites Nina to his project, keeps the link, and waits until Alice adds her."""
    his = add_member(
        project=cast.his, added_by=cast.charlie, email="nina@example.org", role=Role.READER
    )
    link = invitation_of(membership=his, manager=cast.charlie)
    client = Client()
    assert b"new_password1" in client.get(link, follow=True).content
    add_member(project=cast.project, added_by=cast.alice, email=his.user.email, role=Role.READER)
    assert b"new_password1" not in Client().get(link, follow=True).content
    assert b"new_password1" not in client.get(link, follow=True).content


def test_progress_of_all_projects_is_one_query(
    project: Project,
    alice: User,
    bob: User,
    charlie: User,
    django_assert_num_queries: Any,
) -> None:
    make_scan(project, name="one.png")
    make_scan(project, name="two.png")
    answer(project, bob, "Oedema")
    project.tasks.filter(annotations__isnull=False).update(is_open=False)
    with django_assert_num_queries(1):
        found = [
            (p.title, p.role, p.task_number, p.finished_task_number, p.own_reads)  # type: ignore[attr-defined]
            for p in projects_of(user=bob)
        ]
    assert found == [("Chests", "reader", 2, 1, 1)]
    assert [p.title for p in projects_of(user=charlie)] == ["Charlie's"]
