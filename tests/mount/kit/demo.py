"""The part of the stand-in's demo organization that most tests use."""

WEB = "repos/acme/web/actions/secrets"
LIST = f"/{WEB}"  # its path in the API
WEB_SECRETS = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "DEPLOY_KEY",
    "NPM_TOKEN",
    "SENTRY_DSN",
]
ALL_SECRETS = 22  # of all repositories

WHEN = "2024-05-06T07:08:09Z"


def secrets_body(names, total=None):
    """What the API answers to a listing of secrets."""
    return {
        "total_count": len(names) if total is None else total,
        "secrets": [{"name": n, "created_at": WHEN, "updated_at": WHEN} for n in names],
    }
