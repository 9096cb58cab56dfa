"""Who belongs to a project and in which role."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from accounts.models import Role, User
from accounts.services import account_for, invitation_path
from projects.errors import Refused
from projects.models import Membership, Project


def add_member(*, project: Project, added_by: User, email: str, role: Role) -> Membership:
    """Let a person into a project; an address without an account gets one. Raises Refused.

    An account that nobody has opened yet is open to whoever holds a link to it: links that other
    projects' managers were given stop working, or they could enter this project with them.
    """
    account = account_for(email=email)
    try:
        with transaction.atomic():
            if not account.has_usable_password():
                account.set_unusable_password()  # to another one, on which links depend
                account.save(update_fields=["password"])
            return Membership.objects.create(
                project=project, user=account, role=role, added_by=added_by
            )
    except IntegrityError as error:
        raise Refused(
            gettext("{email} is in this project already.").format(email=account.email)
        ) from error


@transaction.atomic
def change_role(*, project_id: int, user_id: int, role: Role) -> Membership:
    """Raises Membership.DoesNotExist, and Refused where no manager would be left."""
    membership = _locked_membership(project_id, user_id)
    if role != Role.MANAGER:
        _check_another_manager(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    return membership


@transaction.atomic
def remove_member(*, project_id: int, user_id: int) -> Membership:
    """End a membership; the person's answers stay. Raises as `change_role` does."""
    membership = _locked_membership(project_id, user_id)
    _check_another_manager(membership)
    membership.delete()
    return membership


def invitation_of(*, membership: Membership, manager: User) -> str:
    """The path of a new invitation for a member who has not opened the account yet.

    Raises Refused where the account is in use, or belongs to a project that `manager` does not
    manage: with the link one could enter that project in the other's name.
    """
    account = membership.user
    elsewhere = account.memberships.exclude(
        project__memberships__in=manager.memberships.filter(role=Role.MANAGER)
    )
    if account.has_usable_password():
        raise Refused(
            gettext("{account} has opened the account already and logs in with a password.").format(
                account=account
            )
        )
    if account.is_superuser or account.may_create_projects or elsewhere.exists():
        raise Refused(
            gettext(
                "{email} was invited to another project too; the link comes from a "
                "manager of both, or from the person who runs Scout."
            ).format(email=account.email)
        )
    return invitation_path(account=account)


def _locked_membership(project_id: int, user_id: int) -> Membership:
    # One change of roles at a time, or two managers could remove each other at once.
    Project.objects.select_for_update().get(pk=project_id)
    return Membership.objects.select_related("user").get(project_id=project_id, user_id=user_id)


def _check_another_manager(membership: Membership) -> None:
    managers = Membership.objects.filter(project_id=membership.project_id, role=Role.MANAGER)
    if not managers.exclude(pk=membership.pk).exists():
        raise Refused(
            gettext(
                "This is the last manager of the project. Make somebody else a manager first: "
                "without one nobody could change it."
            )
        )
