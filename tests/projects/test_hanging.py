"""The hanging protocol of a project: what it may say, and who is told what is wrong with it."""

import json

import pytest
from django.test import Client

from projects.errors import Refused
from projects.hanging import BUILT_IN, HangingError, check
from projects.services import update_settings
from tests.projects.cast import PASSWORD, Cast, make_scan

RULE = {"layout": "1x2", "cells": [{"view": "PA"}, {"view": ["LL", "RL"], "prior": False}]}


def test_the_built_in_rules_can_be_followed() -> None:
    check(BUILT_IN)
    check([RULE, {"layout": "mpr", "cells": [{"kind": "volume", "modality": "CT"}]}])
    check([])


@pytest.mark.parametrize(
    ("hanging", "sentence"),
    [
        ({}, "A hanging protocol is a list of rules: it begins with [."),
        ([3], "Rule 1 is no object in braces { }."),
        ([{"cells": [{}]}], "Rule 1 needs a layout: one of 1x1, 1x2, 2x2, mpr."),
        ([{"layout": "3x3", "cells": [{}]}], "Rule 1 needs a layout: one of 1x1, 1x2, 2x2, mpr."),
        (
            [RULE, {"layout": "1x1", "cells": [{}, {}]}],
            "Rule 2 needs “cells”: a list of 1 to 1 of them for 1x1.",
        ),
        (
            [{"layout": "1x1", "cells": [{"veiw": "PA"}]}],
            "Rule 1, cell 1: there is no “veiw”; it may have modality, view, laterality, "
            "body_part, kind, prior, chest_wall.",
        ),
        (
            [{"layout": "1x1", "cells": [{"view": 3}]}],
            "Rule 1, cell 1: “view” is a word or a list of words.",
        ),
        (
            [{"layout": "1x1", "cells": [{"prior": "yes"}]}],
            "Rule 1, cell 1: “prior” is true or false.",
        ),
        (
            [{"layout": "1x1", "cells": [{"prior": 1}]}],
            "Rule 1, cell 1: “prior” is true or false.",
        ),
        (
            [{"layout": "1x1", "cells": [{"view": "P" * 65}]}],
            "Rule 1, cell 1: “view” is a word or a list of words.",
        ),
        (
            [{"layout": "1x1", "cells": [{"view": ["PA"] * 51}]}],
            "Rule 1, cell 1: “view” is a word or a list of words.",
        ),
        (
            [{"layout": "1x1", "cells": [{"kind": "movie"}]}],
            "Rule 1, cell 1: “kind” is image or volume.",
        ),
        (
            [{"layout": "1x1", "cells": [7]}],
            "Rule 1, cell 1: a cell is an object in braces { }; {} takes any scan.",
        ),
    ],
)
def test_each_problem_has_a_sentence(hanging: object, sentence: str) -> None:
    with pytest.raises(HangingError) as refused:
        check(hanging)
    assert refused.value.problems == (sentence,)


def settings_page(cast: Cast) -> tuple[Client, str]:
    client = Client()
    client.login(username=cast.alice.email, password=PASSWORD)
    return client, f"/projects/{cast.project.pk}/settings/"


def posted(cast: Cast, **fields: str) -> dict[str, str]:
    project = cast.project
    return {
        "title": project.title, "label_config": project.label_config, "overlap": "1",
        "audit_percent": "10", "random_percent": "5", "reading_unit": "scan", "hanging": "",
        "strategy": "auto", "labels_per_round": "50", "claim_minutes": "30", "model_help": "off",
        **fields,
    }  # fmt: skip


def test_the_settings_page_takes_rules_and_shows_them_again(cast: Cast) -> None:
    client, url = settings_page(cast)
    sent = posted(cast, hanging=json.dumps([RULE]), reading_unit="study")
    assert client.post(url, sent).status_code == 302
    cast.project.refresh_from_db()
    assert cast.project.hanging == [RULE]
    assert cast.project.reading_unit == "study"
    assert "&quot;layout&quot;: &quot;1x2&quot;" in client.get(url).content.decode()
    room = client.get(f"/projects/{cast.project.pk}/read/").content.decode()
    assert json.dumps(cast.project.hanging) in room


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("[{", "This is no JSON: a bracket, comma or quote is amiss (line 1, column 3)."),
        ("[" * 101 + "]" * 101, "The JSON is nested too deeply."),
        ("[" * 100_000, "The JSON is nested too deeply."),
        ("[" + "9" * 5000 + "]", "The JSON holds a number or a character that cannot be stored."),
        ('[{"\\ud800": 1}]', "The JSON holds a number or a character that cannot be stored."),
        ('[{"layout": "1x1"}]', "Rule 1 needs “cells”"),
    ],
)
def test_the_settings_page_says_what_is_wrong_beside_the_rules(
    cast: Cast, typed: str, sentence: str
) -> None:
    client, url = settings_page(cast)
    answer = client.post(url, posted(cast, hanging=typed))
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    cast.project.refresh_from_db()
    assert cast.project.hanging == []


def test_what_is_read_at_a_time_is_fixed_once_there_are_tasks(cast: Cast) -> None:
    make_scan(cast.project)
    with pytest.raises(Refused, match="cannot change any more"):
        update_settings(project_id=cast.project.pk, reading_unit="study")
    client, url = settings_page(cast)
    assert "made into tasks; fixed since" in client.get(url).content.decode()


def test_a_unit_that_does_not_exist_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="patient"):
        update_settings(project_id=cast.project.pk, reading_unit="patient")


@pytest.mark.parametrize("word", ["P\0", "\ud800"])
def test_a_word_that_cannot_be_stored_is_refused(word: str) -> None:
    with pytest.raises(HangingError, match="is a word or a list of words"):
        check([{"layout": "1x1", "cells": [{"view": word}]}])
