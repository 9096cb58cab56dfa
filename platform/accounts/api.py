"""Who is asking, in Label Studio's words."""

from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView

from accounts.http import person_of
from accounts.models import User


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
