"""What an organization's single sign-on hides or refuses (contract §5.10)."""

import os

from kit.calls import fails, put
from kit.demo import LIST

URL = "https://github.com/orgs/acme/sso?authorization_request=AZSCKL4B67YOPCXL7GBKYE4MMF5BNLA"
MESSAGE = {"message": "Resource protected by organization SAML enforcement."}


def test_the_address_is_told(mount):
    m = mount()
    m.warm()
    m.github.fault(
        method="PUT",
        count=-1,
        status=403,
        headers={"X-GitHub-SSO": f"required; url={URL}"},
        body=MESSAGE,
    )
    with fails("EACCES"):
        put(m.secrets / "NEW", b"value")
    assert URL in m.errors()[-1]
    done = m.sh("echo v > NPM_TOKEN", shell="sh")
    assert URL in done.stderr or URL in m.errors()[-1]


def test_a_long_address_is_whole_in_errors(mount):
    m = mount()
    url = URL + "x" * 200
    m.github.fault(
        path=LIST, status=403, headers={"X-GitHub-SSO": f"required; url={url}"}, body=MESSAGE
    )
    with fails("EACCES"):
        os.listdir(m.secrets)
    assert url in m.errors()[-1]


def test_what_is_hidden_is_counted(mount):
    m = mount(cache_ttl=0)
    headers = {"X-GitHub-SSO": "partial-results; organizations=21955855,20582480"}
    m.github.fault(path="/user/orgs", headers=headers)
    assert "acme" in os.listdir(m.path / "orgs")
    assert "2 organizations are hidden" in m.errors()[-1]
    assert m.status()["single sign-on"] == "2 organizations are hidden"
    m.github.seed(org="initech", repos_count=1)  # what the token may see has changed
    assert "initech" in os.listdir(m.path / "orgs")
    assert "single sign-on" not in m.status()
