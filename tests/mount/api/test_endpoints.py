"""The whole reference, driven by plain tools on one mount."""

import re

# "REST API endpoints for GitHub Actions Secrets", in the order of the reference.
ENDPOINTS = [
    "GET /orgs/{org}/actions/secrets",
    "GET /orgs/{org}/actions/secrets/public-key",
    "GET /orgs/{org}/actions/secrets/{secret_name}",
    "PUT /orgs/{org}/actions/secrets/{secret_name}",
    "DELETE /orgs/{org}/actions/secrets/{secret_name}",
    "GET /orgs/{org}/actions/secrets/{secret_name}/repositories",
    "PUT /orgs/{org}/actions/secrets/{secret_name}/repositories",
    "PUT /orgs/{org}/actions/secrets/{secret_name}/repositories/{repository_id}",
    "DELETE /orgs/{org}/actions/secrets/{secret_name}/repositories/{repository_id}",
    "GET /repos/{owner}/{repo}/actions/organization-secrets",
    "GET /repos/{owner}/{repo}/actions/secrets",
    "GET /repos/{owner}/{repo}/actions/secrets/public-key",
    "GET /repos/{owner}/{repo}/actions/secrets/{secret_name}",
    "PUT /repos/{owner}/{repo}/actions/secrets/{secret_name}",
    "DELETE /repos/{owner}/{repo}/actions/secrets/{secret_name}",
    "GET /repos/{owner}/{repo}/environments/{environment_name}/secrets",
    "GET /repos/{owner}/{repo}/environments/{environment_name}/secrets/public-key",
    "GET /repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}",
    "PUT /repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}",
    "DELETE /repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}",
]

# In a new mount, so the first lookup of a name finds no listing.
COMMANDS = """\
ls orgs/acme/actions/secrets/SONAR_TOKEN
ls orgs/acme/actions/secrets
echo value > orgs/acme/actions/secrets/NEW
rm orgs/acme/actions/secrets/NEW
cat orgs/acme/actions/access/PAGERDUTY_KEY/repositories
cp {file} orgs/acme/actions/access/PAGERDUTY_KEY/repositories
echo +acme/infra > orgs/acme/actions/access/PAGERDUTY_KEY/repositories
echo -acme/infra > orgs/acme/actions/access/PAGERDUTY_KEY/repositories
mkdir orgs/acme/actions/access/PREPARED
ls repos/acme/web/actions/organization-secrets
ls repos/acme/web/actions/secrets/NPM_TOKEN
ls repos/acme/web/actions/secrets
echo value > repos/acme/web/actions/secrets/NEW
rm repos/acme/web/actions/secrets/NEW
ls repos/acme/web/environments/production/secrets/DATABASE_URL
ls repos/acme/web/environments/production/secrets
cp {file} repos/acme/web/environments/production/secrets/NEW
rm repos/acme/web/environments/production/secrets/NEW
"""


def endpoint_of(request):
    """The most literal endpoint of the reference that the request is for, or None."""
    asked = f"{request['method']} {request['path'].split('?')[0]}"
    fitting = [
        endpoint
        for endpoint in ENDPOINTS
        if re.fullmatch(re.sub(r"\{.*?\}", "[^/]+", endpoint), asked)
    ]
    return min(fitting, key=lambda endpoint: endpoint.count("{"), default=None)


def test_every_endpoint(mount, tmp_path):
    assert len(set(ENDPOINTS)) == 20
    listed = tmp_path / "list"
    listed.write_text("acme/web\nacme/docs\n", encoding="ascii")
    m = mount()
    m.github.seed(repo="acme/web", environment="production")
    existing = m.github.secrets()["/repos/acme/web/environments/production/secrets"]
    commands = COMMANDS.replace("DATABASE_URL", sorted(existing)[0]).format(file=listed)
    for command in commands.splitlines():
        done = m.sh(command, cwd=m.path)
        assert done.returncode == 0 and done.stderr == "", (command, done.stderr)
    requests = m.github.journal()
    failed = [r for r in requests if r["status"] >= 400]
    assert [r["path"] for r in failed] == []
    used = {endpoint_of(r) for r in requests}
    assert [endpoint for endpoint in ENDPOINTS if endpoint not in used] == []
