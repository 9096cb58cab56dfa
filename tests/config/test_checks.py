"""Settings that cannot work are refused with a sentence."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings


def found(**settings: Any) -> list[str]:
    with override_settings(**settings):
        return [message.id or "" for message in run_checks() if (message.id or "")[:5] == "scout"]


def test_the_settings_as_they_come_are_fine(db: None) -> None:
    assert found() == []
    assert run_checks(databases=["default"]) == []


@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        ({"DEBUG": True}, "scout.E001"),
        ({"ALLOWED_HOSTS": ["*"]}, "scout.E002"),
        (
            {"SCOUT_HTTPS": True, "CSRF_TRUSTED_ORIGINS": ["http://scout.example.org"]},
            "scout.E003",
        ),
    ],
)
def test_a_setting_that_endangers_patients_data_is_refused(
    settings: dict[str, Any], refusal: str
) -> None:
    assert found(**settings) == [refusal]


@pytest.mark.parametrize(
    ("version", "fsync", "commit", "refusals"),
    [
        (180004, "on", "on", []),
        (140011, "on", "on", ["scout.E004"]),
        (160000, "off", "on", ["scout.E005"]),
        (160000, "on", "off", ["scout.E005"]),
    ],
)
def test_a_database_that_may_forget_is_refused(
    version: int, fsync: str, commit: str, refusals: list[str]
) -> None:
    from config.checks import _check_server

    assert [message.id for message in _check_server(version, fsync, commit)] == refusals


def test_too_few_connections_are_told() -> None:
    from config.checks import _check_room

    assert [message.id for message in _check_room(20)] == ["scout.W001"]
    assert _check_room(400) == []
