"""Users, known by their e-mail address, and the roles they can hold in a project."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy


class Role(models.TextChoices):
    READER = "reader", gettext_lazy("Reader")
    ADJUDICATOR = "adjudicator", gettext_lazy("Adjudicator")
    MANAGER = "manager", gettext_lazy("Manager")
    ANALYST = "analyst", gettext_lazy("Analyst")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    # A person who may create projects; roles inside a project are memberships of that project.
    may_create_projects = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def creates_projects(self) -> bool:
        return self.may_create_projects or self.is_superuser


class Theme(models.TextChoices):
    DARK = "dark", gettext_lazy("Dark")
    LIGHT = "light", gettext_lazy("Light")


class Preferences(models.Model):
    """How a person wants the pages and the reading room; one row at most of each."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="preferences")
    # {command: [presses]}, of the reading room; a command that is not named has its own keys.
    keys = models.JSONField(default=dict)
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.DARK)
    # A code of settings.LANGUAGES; empty: what the browser asks for.
    language = models.CharField(max_length=10, blank=True)
