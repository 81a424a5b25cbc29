"""The public list as a competent team writes it by Django's documentation, and an answer of constant bytes.

Both are WSGI applications that ``serving.py`` lets the same server serve as it serves the portal.
"""

import os

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.wsgi import get_wsgi_application
from django.db.models import Count, F, Q
from django.http import HttpResponse
from django.template import engines
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator

if os.environ.get("BENCH_PLAIN"):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]
django_application = get_wsgi_application()

from django.views.generic import ListView  # noqa: E402

from portal.models import CatalogueEntry  # noqa: E402

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>目录</title></head><body>
<form><input name="q" value="{{ request.GET.q }}"><button>查询</button></form>
{% for facet, counts in facets.items %}<h2>{{ facet }}</h2><ul>{% for one in counts %}
<li>{{ one.value }} {{ one.number }}</li>{% endfor %}</ul>{% endfor %}
<p>共 {{ paginator.count }} 条</p><table>{% for entry in object_list %}
<tr><td>{{ entry.code }}</td><td><a href="{{ entry.code }}/">{{ entry.title }}</a></td>
<td>{{ entry.region.full_name }}</td><td>{{ entry.publisher }}</td><td>{{ entry.valid_from }}</td></tr>
{% endfor %}</table>
{% if page_obj.has_next %}<a href="?page={{ page_obj.next_page_number }}">下一页</a>{% endif %}
</body></html>"""


@method_decorator(login_not_required, name="dispatch")
class PlainList(ListView):
    """A list in force with search, pages and the numbers beside it."""

    paginate_by = 20

    def get_queryset(self):
        today, q = timezone.localdate(), self.request.GET.get("q", "")
        found = CatalogueEntry.objects.filter(kind=self.kwargs["kind"], valid_from__lte=today)
        found = found.filter(Q(valid_to=None) | Q(valid_to__gt=today))
        if q:
            found = found.filter(search_text__icontains=q)
        return found.select_related("region__parent").order_by("-valid_from", "-pk")

    def get_context_data(self, **kwargs):
        facets = {
            facet: self.object_list.order_by().values(value=F(facet)).annotate(number=Count("pk"))
            for facet in ("level", "region_id")
        }
        return super().get_context_data(**kwargs, facets=facets)

    def render_to_response(self, context, **kwargs):
        return HttpResponse(engines["django"].from_string(PAGE).render(context, self.request))


urlpatterns = [path("catalogue/<slug:kind>/", PlainList.as_view())]


def stock(environ, start_response):
    """Answer by the plain view."""
    return django_application(environ, start_response)


BODY = b"x" * int(os.environ.get("BENCH_BODY", "20000"))


def constant(environ, start_response):
    """Answer the same bytes to everybody."""
    start_response(
        "200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    )
    return [BODY]
