"""Projects and people as they are named on the command line."""

from django.core.management.base import CommandError

from accounts.models import User
from projects.models import Project

_LISTED = 20


def named_project(name: str) -> Project:
    """The project of this number or title. Raises CommandError where none or several are meant."""
    found = Project.objects.filter(title=name)
    if name.isdecimal():
        found = found | Project.objects.filter(pk=int(name))
    projects = list(found[:2])
    if len(projects) != 1:
        known = ", ".join(f"{p.pk} “{p.title}”" for p in Project.objects.order_by("pk")[:_LISTED])
        which = "More than one project is" if projects else "No project is"
        raise CommandError(f"{which} called {name}. There are: {known or 'none yet'}.")
    return projects[0]


def named_person(email: str) -> User:
    """The person with this address. Raises CommandError where there is none."""
    found = User.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise CommandError(f"Nobody here has the address {email}.")
    return found
