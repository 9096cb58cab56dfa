"""Who may do what in a project. Membership alone opens one; to everybody else it does not exist."""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext

from accounts.models import Role, User
from projects.models import Membership, Project

# Analysts take data out; they do not read.
READING_ROLES = (Role.READER, Role.ADJUDICATOR, Role.MANAGER)
# A reader must not learn how far the others are, nor what they said.
OVERSEEING_ROLES = (Role.ADJUDICATOR, Role.MANAGER, Role.ANALYST)
# Releases go out, predictions come in.
DATA_ROLES = (Role.MANAGER, Role.ANALYST)


def membership_of(
    *, user: User, project_id: int, roles: Collection[Role] | None = None
) -> Membership:
    """The user's membership, its project fetched with it, in one query.

    Raises Http404 for a person who is no member (the same answer as for a project that does not
    exist) and PermissionDenied for a member in none of `roles`; None admits every role.
    """
    own = Membership.objects.select_related("project").filter(
        project_id=project_id, user_id=user.pk
    )
    return admit(own.first(), roles=roles)


def admit(membership: Membership | None, *, roles: Collection[Role] | None) -> Membership:
    """The membership, where there is one and its role is wanted. Raises as `membership_of` does."""
    if membership is None:
        raise Http404(
            gettext("There is no such thing here, or you are not a member of its project.")
        )
    if roles is not None and membership.role not in roles:
        wanted = gettext(" or ").join(sorted(str(Role(role).label) for role in roles))
        raise PermissionDenied(
            gettext(
                "This needs the role {wanted} in the project; yours is {label}. Ask a "
                "manager of the project."
            ).format(wanted=wanted, label=Role(membership.role).label)
        )
    return membership


def project_of_member(
    *, user: User, project_id: int, roles: Collection[Role] | None = None
) -> Project:
    """The project, for a member in one of `roles`. Raises as `membership_of` does."""
    return membership_of(user=user, project_id=project_id, roles=roles).project
