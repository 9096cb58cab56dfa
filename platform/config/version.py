"""What answers here: Label Studio's client asks before it exports."""

from django.conf import settings
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class VersionView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(
        responses=inline_serializer(
            "Version",
            {
                "release": serializers.CharField(),
                "edition": serializers.CharField(),
                "product": serializers.CharField(),
            },
        )
    )
    def get(self, request: Request) -> Response:
        version = settings.SPECTACULAR_SETTINGS["VERSION"]
        return Response({"release": version, "edition": "Community", "product": "Scout"})
