"""Signing in and out, the code of the second step, and the password a person sets for himself."""

import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import (
    LoginView,
    LogoutView,
    PasswordChangeView,
    PasswordResetConfirmView,
)
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from portal import attempts, held_forms, invitations, pacing, palette, passwords, second_factor
from portal.account_forms import CodeForm, NewPasswordForm
from portal.models import User

PENDING, PENDING_FOR = "pending", 5 * 60


class SignInForm(AuthenticationForm):
    """Asks for name and password; one answer, after the same time, for whatever is wrong (ASVS 6.3.8)."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": "没有登录：用户名或密码不正确，或者错误次数较多，暂时不能登录。"
        "请核对大小写后再试；连续错误 5 次的，请 15 分钟后再试。"
    }

    def clean(self) -> dict:
        """Count the try, look at the password only when the try may be made."""
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name and password:
            self.targets = attempts.targets(self.request, name)
            if attempts.is_shut(self.targets) or not attempts.take(self.targets):
                pacing.wait_as_long_as_a_check()
                raise self.get_invalid_login_error()
            with pacing.a_check():
                self.user_cache = authenticate(self.request, username=name, password=password)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return self.cleaned_data


class SignIn(LoginView):
    """The one sign-in page, for the workbench and the admin alike."""

    form_class = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: SignInForm) -> HttpResponse:
        """Sign in, or ask for the code first where the person has an authenticator."""
        user = form.get_user()
        if not second_factor.is_set_up(user):
            return signed_in(self.request, user, self.get_success_url())
        self.request.session.cycle_key()
        self.request.session[PENDING] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "at": time.time(),
            "next": self.get_success_url(),
        }
        return redirect("login-code")


def signed_in(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    """Sign ``user`` in, give back what he could not send, remember where he came from."""
    attempts.succeeded(request, user, attempts.targets(request, user.username))
    login(request, user, backend="portal.backends.OpenAccounts")
    response = HttpResponseRedirect(resolve_url("held-form" if held_forms.of(user) else onward))
    attempts.remember(request, response, user)
    return response


@method_decorator(login_not_required, name="dispatch")
class SecondStep(LoginView):
    """The page that asks for the code, after the password was right."""

    form_class, template_name = CodeForm, "registration/code.html"

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """Lead back to the first page whoever has not passed it just now."""
        self.person = pending(request)
        return super().dispatch(request, *args, **kwargs) if self.person else redirect("login")

    def get_form_kwargs(self) -> dict:
        """Tell the form whose code it is."""
        return super().get_form_kwargs() | {"user": self.person}

    def form_valid(self, form: CodeForm) -> HttpResponse:
        """Sign in."""
        onward = self.request.session.pop(PENDING)["next"]
        response = signed_in(self.request, self.person, onward)
        self.request.session["second_step"] = True
        return response


def pending(request: HttpRequest) -> User | None:
    """Return who has given the right password in this session and owes the code."""
    kept = request.session.get(PENDING)
    if not kept or time.time() - kept["at"] > PENDING_FOR:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    return user if user and user.get_session_auth_hash() == kept["hash"] else None


class SignOut(LogoutView):
    """Ends the session; by POST only. What was opened last is forgotten with it."""

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """Sign out."""
        response = super().post(request, *args, **kwargs)
        palette.forget_opened(response)
        return response


class ChangePassword(PasswordChangeView):
    """The page everybody whose password somebody else set, or has had too long, is led to first."""

    form_class = NewPasswordForm
    success_url = reverse_lazy("desk")

    def get_context_data(self, **kwargs) -> dict:
        """Add the rules and whether the change is due."""
        facts = {"password_days": settings.PASSWORD_DAYS, "is_due": passwords.is_due(self.request.user)}
        return super().get_context_data(**kwargs) | facts

    def form_valid(self, form) -> HttpResponse:
        """Store the new password; from now on it is the person's own, and his other sign-ins are over."""
        form.user.must_change_password = False
        response = super().form_valid(form)
        messages.success(self.request, "密码已更改，下次登录请用新密码；其他设备上的登录都已结束。")
        return response


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Activate(PasswordResetConfirmView):
    """Where a link of an administrator leads: its owner sets a password that nobody else has seen."""

    template_name = "registration/activate.html"
    token_generator = invitations.GENERATOR
    reset_url_token = "password"
    success_url = reverse_lazy("login")
    extra_context = {"password_days": settings.PASSWORD_DAYS}

    def form_valid(self, form) -> HttpResponse:
        """Store the password; the link is used up by it."""
        form.user.must_change_password = False
        response = super().form_valid(form)
        messages.success(self.request, "密码已设置。现在请用新密码登录。")
        return response

    def render_to_response(self, context: dict, **kwargs) -> HttpResponse:
        """Answer a link that is used up, too old or made up as what does not exist."""
        return super().render_to_response(context, status=200 if self.validlink else 404, **kwargs)
