"""`{{ file.reason|said }}`: a sentence that a worker wrote, in the language of the page."""

from typing import Any

from django import template

from accounts.saying import said as say
from accounts.sentences import sentence

register = template.Library()


@register.filter
def said(value: Any) -> str:
    return say(sentence(value))
