"""The tag ``url``, as Django's, but each address is worked out once."""

from django import template
from django.template import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as as_django_reads_it
from django.utils.html import conditional_escape

from portal.addressing import address

register = template.Library()


class Address(URLNode):
    """Writes the address of a page; Django does where a variable is set, or more than words are given."""

    def render(self, context: Context) -> str:
        """Return the address; raises ``NoReverseMatch``."""
        args = [one.resolve(context) for one in self.args]
        kwargs = {name: one.resolve(context) for name, one in self.kwargs.items()}
        if self.asvar or not all(isinstance(one, int | str) for one in (*args, *kwargs.values())):
            return super().render(context)
        found = address(self.view_name.resolve(context), *args, **kwargs)
        return conditional_escape(found) if context.autoescape else found


@register.tag
def url(parser, token) -> Address:
    """Read the tag as Django does: ``{% url "name" value name=value as variable %}``."""
    node = as_django_reads_it(parser, token)
    return Address(node.view_name, node.args, node.kwargs, node.asvar)
