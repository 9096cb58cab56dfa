"""How a person wants the pages and the reading room: kept for them, on every computer."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import Preferences, Theme, User

MOST_COMMANDS = 300


class KeysRefused(ValueError):
    """The message is a sentence for the person who asked."""


def preferences_of(user: User) -> Preferences:
    """What the person has chosen; the defaults where they have chosen nothing."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)


@transaction.atomic
def change_preferences(
    *,
    user: User,
    keys: Mapping[str, Sequence[str] | None] | None = None,
    theme: Theme | None = None,
    language: str | None = None,
) -> Preferences:
    """Change what is given and leave the rest. A command whose keys are None has its own again.

    Raises KeysRefused where two of the person's commands would have the same press.
    """
    Preferences.objects.get_or_create(user=user)
    # Two tabs take turns: neither overwrites the keys that the other has just set.
    kept = Preferences.objects.select_for_update().get(user=user)
    if keys is not None:
        kept.keys = _changed(kept.keys, keys)
    if theme is not None:
        kept.theme = theme
    if language is not None:
        kept.language = language
    kept.save()
    return kept


def _changed(
    kept: Mapping[str, Sequence[str]], wanted: Mapping[str, Sequence[str] | None]
) -> dict[str, list[str]]:
    merged = {**kept, **wanted}
    changed = {command: list(keys) for command, keys in merged.items() if keys is not None}
    if len(changed) > MOST_COMMANDS:
        raise KeysRefused(
            gettext("At most {most_commands} commands can have keys of your own.").format(
                most_commands=MOST_COMMANDS
            )
        )
    owner: dict[str, str] = {}
    for command, keys in changed.items():
        for key in keys:
            other = owner.setdefault(key, command)
            if other != command:
                raise KeysRefused(
                    gettext(
                        "{key} is the key of “{other}” and “{command}” both. Give one of them "
                        "another."
                    ).format(key=key, other=other, command=command)
                )
    return changed
