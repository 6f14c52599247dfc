"""``current_user`` in templates: ``add_context_processor=True``."""

from types import ModuleType
from typing import Any

import pytest
from flask import Flask, render_template_string
from support import SECRET, bearer, token

import jwt_extended.flask as ours

ALICE = bearer(token())
PAGE = "{% if current_user %}Hello {{ current_user.name }}{% else %}Log in{% endif %}"
NAME = "[{{ current_user.name }}]"
NONE = "{{ current_user is none }}"


def an_app(package: ModuleType = ours, *, has_users: bool = True) -> Flask:
    app = Flask("an_app")
    app.config["JWT_SECRET_KEY"] = SECRET
    manager = package.JWTManager(app, add_context_processor=True)
    if has_users:
        manager.user_lookup_loader(lambda _, data: {"name": data["sub"].title()})
    for number, page in enumerate((PAGE, NAME, NONE)):
        views = {
            "open": lambda page=page: render_template_string(page),
            "guarded": package.jwt_required()(lambda page=page: render_template_string(page)),
            "optional": package.jwt_required(optional=True)(
                lambda page=page: render_template_string(page)
            ),
        }
        for name, view in views.items():
            app.add_url_rule(f"/{name}/{number}", f"{name}{number}", view)
    return app


def pages(app: Flask, view: str, headers: dict[str, str] | None = None) -> list[str]:
    """Return what each of the three pages says."""
    client = app.test_client()
    return [client.get(f"/{view}/{number}", headers=headers).text for number in range(3)]


def test_the_page_of_a_guarded_view_has_the_user(package: ModuleType) -> None:
    expected = ["Hello Alice", "[Alice]", "False"]
    assert pages(an_app(package), "guarded", ALICE) == expected
    assert pages(an_app(package), "optional", ALICE) == expected


def test_an_optional_guard_without_a_token_has_no_user(package: ModuleType) -> None:
    assert pages(an_app(package), "optional") == ["Log in", "[]", "True"]


@pytest.mark.parametrize("has_users", [True, False])
@pytest.mark.parametrize("headers", [{}, ALICE])
def test_the_page_of_an_unguarded_view_has_no_user(has_users: bool, headers: Any) -> None:
    app = an_app(has_users=has_users)
    assert pages(app, "open", headers) == ["Log in", "[]", "True"]


def test_an_error_page_has_no_user() -> None:
    app = an_app()
    app.register_error_handler(404, lambda _: render_template_string(PAGE))
    app.register_error_handler(
        ours.exceptions.NoAuthorizationError, lambda _: render_template_string(PAGE)
    )
    assert app.test_client().get("/nothing").text == "Log in"
    assert pages(app, "guarded")[0] == "Log in"


def test_a_page_outside_a_request_has_no_user() -> None:
    with an_app().app_context():
        assert render_template_string(PAGE) == "Log in"


def test_without_a_loader_only_using_the_user_fails() -> None:
    app = an_app(has_users=False)
    app.testing = True
    app.add_url_rule(
        "/plain", "plain", ours.jwt_required()(lambda: render_template_string("no user"))
    )
    assert app.test_client().get("/plain", headers=ALICE).text == "no user"
    with pytest.raises(RuntimeError, match="user_lookup_loader"):
        app.test_client().get("/guarded/1", headers=ALICE)
