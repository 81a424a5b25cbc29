"""Signing in and out, and the password a person sets for himself."""

from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.urls import reverse_lazy


class SignInForm(AuthenticationForm):
    """Asks for name and password; one sentence for either being wrong, so that no account is given away."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": "用户名或密码不正确，两者都区分大小写。"
    }


class SignIn(LoginView):
    """The one sign-in page, for the workbench and the admin alike."""

    form_class = SignInForm
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """Ends the session; by POST only."""


class ChangePassword(PasswordChangeView):
    """The page everybody whose password was set by an administrator is led to first."""

    success_url = reverse_lazy("desk")

    def form_valid(self, form):
        """Store the new password; from now on it is the person's own."""
        form.user.must_change_password = False
        response = super().form_valid(form)
        messages.success(self.request, "密码已更改，下次登录请用新密码。")
        return response
