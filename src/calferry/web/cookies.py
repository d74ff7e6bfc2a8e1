"""Cookies: HttpOnly and SameSite=Lax always; `Secure` and the `__Host-` prefix exactly when the site is https."""

from fastapi import Request, Response

from calferry.web.service import SiteSettings

SESSION = "calferry_session"
SIGN_IN = "calferry_sign_in"


def cookie_name(settings: SiteSettings, name: str) -> str:
    return f"__Host-{name}" if settings.is_https else name


def read(request: Request, settings: SiteSettings, name: str) -> str | None:
    return request.cookies.get(cookie_name(settings, name))


def put(response: Response, settings: SiteSettings, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=max_age_s,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def drop(response: Response, settings: SiteSettings, name: str) -> None:
    response.delete_cookie(
        cookie_name(settings, name), path="/", secure=settings.is_https, httponly=True, samesite="lax"
    )
