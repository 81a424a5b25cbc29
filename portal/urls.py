"""Every route on one screen."""

from django.contrib import admin
from django.urls import path, register_converter

from portal import converters
from portal.views import health

register_converter(converters.RecordTypeConverter, "record")
register_converter(converters.FilingNumberConverter, "pk")
register_converter(converters.CodeConverter, "code")

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
