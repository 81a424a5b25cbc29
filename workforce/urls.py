"""The pages of the workforce that are no page of a record type."""

from django.urls import path

from workforce import views

urlpatterns = [
    path("", views.key_brands, name="key-brands"),
    path("designate/", views.designate, name="key-brand-designate"),
    path("<number:key>/withdraw/", views.withdraw, name="key-brand-withdraw"),
]
