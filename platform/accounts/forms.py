"""Forms of a person's own account."""

from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.contrib.auth.forms import SetPasswordForm
from django.utils.translation import gettext_lazy

from accounts.models import Theme, User

if TYPE_CHECKING:
    _Base = SetPasswordForm[User]
else:  # generic in its stubs alone
    _Base = SetPasswordForm


class AppearanceForm(forms.Form):
    """A theme or a language; what is not sent stays as it is."""

    theme = forms.ChoiceField(choices=Theme.choices, required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    next = forms.CharField(required=False)


class InvitationForm(_Base):
    """A new person says who they are and chooses a password."""

    first_name = forms.CharField(max_length=150, label=gettext_lazy("First name"))
    last_name = forms.CharField(max_length=150, label=gettext_lazy("Last name"))
    field_order = ("first_name", "last_name", "new_password1", "new_password2")

    def save(self, commit: bool = True) -> User:
        self.user.first_name = self.cleaned_data["first_name"]
        self.user.last_name = self.cleaned_data["last_name"]
        return super().save(commit)
