"""Who is asking, in Label Studio's words, and how they want the pages and the reading room."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext, gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.exceptions import ParseError
from rest_framework.generics import RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import parsed, person_of
from accounts.models import Preferences, Theme, User
from accounts.preferences import KeysRefused, change_preferences, preferences_of

_COMMAND = r"^[A-Za-z][A-Za-z0-9]{0,39}\Z"
# As KeyboardEvent.key; before it the modifiers, in this order.
_PRESS = r"^(Ctrl\+)?(Alt\+)?(Shift\+)?(\S|[A-Z][A-Za-z0-9]{1,19})\Z"


class UserSerializer(serializers.ModelSerializer[User]):
    """`username` is the e-mail address: Label Studio's client requires one."""

    username = serializers.EmailField(source="email", read_only=True)
    initials = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "username", "email", "first_name", "last_name", "initials")
        read_only_fields = fields

    def get_initials(self, user: User) -> str:
        return (user.first_name[:1] + user.last_name[:1]).upper() or user.email[:2].upper()


class WhoAmIView(RetrieveAPIView[User]):
    serializer_class = UserSerializer

    def get_object(self) -> User:
        return person_of(self.request)


class _Presses(serializers.ListField):
    child = serializers.RegexField(
        _PRESS,
        error_messages={
            "invalid": gettext_lazy("This is no key: write it as in “Ctrl+Alt+Shift+k”.")
        },
    )


class _Keys(serializers.DictField):
    child = _Presses(allow_null=True, max_length=4)

    def to_internal_value(self, data: Any) -> Any:
        keys = super().to_internal_value(data)
        for command in keys:
            serializers.RegexField(_COMMAND).run_validation(command)
        return keys


class PreferencesSerializer(serializers.ModelSerializer[Preferences]):
    """`keys` of the reading room: {command: [presses]}; null gives a command its own again."""

    keys = _Keys()
    theme = serializers.ChoiceField(choices=Theme.choices)
    language = serializers.CharField(
        allow_blank=True, help_text="Empty: what the browser asks for."
    )

    class Meta:
        model = Preferences
        fields = ("keys", "theme", "language")

    def validate_language(self, language: str) -> str:
        codes = [code for code, _ in settings.LANGUAGES]
        if language and language not in codes:
            raise serializers.ValidationError(
                gettext("Scout speaks {languages}.").format(languages=", ".join(codes))
            )
        return language


@extend_schema(
    methods=["PATCH"], request=PreferencesSerializer(partial=True), responses=PreferencesSerializer
)
@extend_schema(methods=["GET"], responses=PreferencesSerializer)
@api_view(["GET", "PATCH"])
def preferences(request: Request) -> Response:
    """Your keys, theme and language. What is not sent stays as it is."""
    person = person_of(request)
    if request.method == "GET":
        return Response(PreferencesSerializer(preferences_of(person)).data)
    sent = parsed(PreferencesSerializer(data=request.data, partial=True))
    try:
        kept = change_preferences(user=person, **sent)
    except KeysRefused as refused:
        raise ParseError(str(refused)) from refused
    return Response(PreferencesSerializer(kept).data)
