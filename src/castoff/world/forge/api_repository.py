"""Routes of the API's root, the repository, accounts and limits."""

from __future__ import annotations

from castoff.world.forge import show, show_repository
from castoff.world.forge.access import lacking
from castoff.world.forge.answers import Answer, Refused, not_found
from castoff.world.forge.call import Call
from castoff.world.forge.records import Json, User, stamp
from castoff.world.forge.routing import Route

_REPO = "/repos/{owner}/{repo}"


def get_repository(call: Call) -> Answer:
    """Show the repository, with what the asker may do."""
    return Answer(show_repository.full(call.state, call.links, call.actor, call.now))


def get_permission(call: Call) -> Answer:
    """Show what an account may do here: the asker what the token may, others read."""
    login = call.params["username"]
    if login.lower() not in call.state.users:
        raise not_found()
    level = call.actor.level if login.lower() == call.actor.login.lower() else "read"
    legacy = {"maintain": "write", "triage": "read"}.get(level, level)
    account = show.user(call.links, call.state.user(login))
    held = {"maintain": "maintain", "triage": "triage"}.get(level, level)
    own = level == call.actor.level
    rights: Json = show_repository.permissions(call.actor) if own else {"pull": True}
    document: Json = {
        "permission": legacy,
        "role_name": held,
        "user": account | {"role_name": held, "permissions": _every_right(rights)},
    }
    return Answer(document)


def list_assignees(call: Call) -> Answer:
    """List who can be assigned: all people that the forge knows."""
    people = sorted(
        (user for user in call.state.users.values() if user.type == "User"), key=lambda user: user.login
    )
    return call.paged(people, lambda user: show.user(call.links, user))


def get_immutable_releases(call: Call) -> Answer:
    """Show whether published releases are frozen; 404 where not."""
    if not call.state.immutable_releases:
        raise not_found()
    return Answer({"enabled": True, "enforced_by_owner": False})


def get_viewer(call: Call) -> Answer:
    """Show who the token belongs to; a workflow's own token is nobody."""
    if call.actor.kind == "anonymous":
        raise Refused(401, "Requires authentication")
    if call.actor.kind == "app":
        raise lacking(call.actor, "read")
    account = call.state.user(call.actor.login)
    return Answer(_person(call, account) | {"notification_email": None})


def get_user(call: Call) -> Answer:
    """Show an account that the forge has seen."""
    account = call.state.users.get(call.params["username"].lower())
    if account is None:
        raise not_found()
    return Answer(_person(call, account))


def get_rate_limit(call: Call) -> Answer:
    """Show what is left; asking costs nothing."""
    views = {name: call.limits.view(call.actor.key, name, call.now) for name in ("core", "search", "graphql")}
    return Answer({"resources": views, "rate": views["core"]})


_ROOT = (
    ("current_user", "user"),
    ("current_user_authorizations_html", "settings/connections/applications{/client_id}"),
    ("authorizations", "authorizations"),
    ("code_search", "search/code?q={query}{&page,per_page,sort,order}"),
    ("commit_search", "search/commits?q={query}{&page,per_page,sort,order}"),
    ("emails", "user/emails"),
    ("emojis", "emojis"),
    ("events", "events"),
    ("feeds", "feeds"),
    ("followers", "user/followers"),
    ("following", "user/following{/target}"),
    ("gists", "gists{/gist_id}"),
    ("issue_search", "search/issues?q={query}{&page,per_page,sort,order}"),
    ("issues", "issues"),
    ("keys", "user/keys"),
    ("label_search", "search/labels?q={query}&repository_id={repository_id}{&page,per_page}"),
    ("notifications", "notifications"),
    ("organization", "orgs/{org}"),
    ("organization_repositories", "orgs/{org}/repos{?type,page,per_page,sort}"),
    ("organization_teams", "orgs/{org}/teams"),
    ("public_gists", "gists/public"),
    ("rate_limit", "rate_limit"),
    ("repository", "repos/{owner}/{repo}"),
    ("repository_search", "search/repositories?q={query}{&page,per_page,sort,order}"),
    ("current_user_repositories", "user/repos{?type,page,per_page,sort}"),
    ("starred", "user/starred{/owner}{/repo}"),
    ("starred_gists", "gists/starred"),
    ("user", "users/{user}"),
    ("user_organizations", "user/orgs"),
    ("user_repositories", "users/{user}/repos{?type,page,per_page,sort}"),
    ("user_search", "search/users?q={query}{&page,per_page,sort,order}"),
)


def get_root(call: Call) -> Answer:
    """Show where everything is; gh asks it for the scopes of its token."""
    return Answer({f"{name}_url": f"{call.links.api}/{path}" for name, path in _ROOT})


def get_versions(_: Call) -> Answer:
    """List the versions of the API."""
    return Answer(["2022-11-28", "2026-03-10"])


def _person(call: Call, account: User) -> Json:
    empty = ("company", "location", "email", "hireable", "bio", "twitter_username")
    return show.user(call.links, account) | {
        "name": account.name,
        "blog": "",
        **dict.fromkeys(empty),
        "public_repos": 1,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(call.now),
        "updated_at": stamp(call.now),
    }


def _every_right(rights: Json) -> Json:
    return {name: bool(rights.get(name)) for name in ("pull", "triage", "push", "maintain", "admin")}


ROUTES = (
    Route("GET", "/", get_root),
    Route("GET", _REPO, get_repository),
    Route("GET", _REPO + "/collaborators/{username}/permission", get_permission, "write"),
    Route("GET", _REPO + "/assignees", list_assignees),
    Route("GET", _REPO + "/immutable-releases", get_immutable_releases, "admin"),
    Route("GET", "/user", get_viewer),
    Route("GET", "/users/{username}", get_user),
    Route("GET", "/rate_limit", get_rate_limit),
    Route("GET", "/versions", get_versions),
)
