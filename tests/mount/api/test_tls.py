"""TLS and HTTP/2, through a proxy in front of the stand-in with a CA of the test's."""

import concurrent.futures
import os
import shutil
import subprocess

import pytest

from kit.calls import fails, put
from kit.demo import LIST, WEB_SECRETS
from kit.mounting import is_mounted
from kit.standin import TOKEN, TlsFront, make_certificates

# The proxy is on a loopback address, where any variable's token goes.


@pytest.fixture
def other_ca(tmp_path):
    directory = tmp_path / "other"
    directory.mkdir()
    return make_certificates(directory)[0]


def test_cacert(mount, tls, github):
    m = mount(api_url=tls.url, cacert=tls.ca_file)
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS
    put(m.secrets / "NEW", b"value")
    os.unlink(m.secrets / "NPM_TOKEN")
    assert github.plaintext(f"{LIST}/NEW") == b"value"
    assert github.plaintext(f"{LIST}/NPM_TOKEN") is None


def test_requests_at_once_share_one_connection(mount, tls, github):
    m = mount(api_url=tls.url, cacert=tls.ca_file)
    m.warm()
    github.config(latency_ms=100)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: put(m.secrets / f"NAME_{n}", b"v%d" % n), range(16)))
    for number in range(16):
        assert github.plaintext(f"{LIST}/NAME_{number}") == b"v%d" % number
    puts = github.requests("PUT")
    assert max(r["in_flight"] for r in puts) > 8
    assert puts[0]["headers"]["via"] == "2 nghttpx"
    assert m.status()["connections"].startswith("1 opened")


def test_ssl_cert_file(mount, tls):
    m = mount(api_url=tls.url, environment={"SSL_CERT_FILE": tls.ca_file})
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


def test_cacert_counts_more_than_ssl_cert_file(mount, tls, other_ca):
    m = mount(api_url=tls.url, cacert=tls.ca_file, environment={"SSL_CERT_FILE": other_ca})
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


@pytest.mark.parametrize("trust", ["system", "other"])
def test_a_certificate_that_nobody_trusts(run, github, tls, other_ca, tmp_path, trust):
    directory = tmp_path / "mnt"
    directory.mkdir()
    options = f"api_url={tls.url},timeout=10"
    if trust == "other":
        options += f",cacert={other_ca}"
    done = run("-f", "-o", options, directory)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert "certificate" in lines[0] and "cacert" in lines[0]
    assert TOKEN not in done.stderr
    assert not is_mounted(directory)
    assert github.journal() == []


def test_a_certificate_for_another_name(run, tls, tmp_path):
    directory = tmp_path / "mnt"
    directory.mkdir()
    url = tls.url.replace("localhost", "127.0.0.2")
    done = run("-f", "-o", f"api_url={url},cacert={tls.ca_file},timeout=5", directory)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "another host" in line and url in line and "cacert" not in line
    assert not is_mounted(directory)


NO_CERTIFICATES = {
    "empty": ("", 1, "empty"),
    "a key": ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 1, "PEM"),
    "binary": ("\0\1\2", 1, "PEM"),
    "garbled": ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 2, "read"),
}


@pytest.mark.parametrize("text, status, why", NO_CERTIFICATES.values(), ids=NO_CERTIFICATES)
def test_a_cacert_that_is_none(run, tls, tmp_path, text, status, why):
    file, directory = tmp_path / "ca.pem", tmp_path / "mnt"
    file.write_text(text, encoding="ascii")
    directory.mkdir()
    for wrong, code, word in ((file, status, why), (tmp_path, 1, "directory")):
        done = run("-f", "-o", f"api_url={tls.url},cacert={wrong},timeout=5", directory)
        assert done.returncode == code
        (line,) = done.stderr.splitlines()
        assert word in line and "give -o cacert=FILE" not in line
        assert "cacert" in line


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_a_variable_that_names_nothing(run, tls, tmp_path, name, place):
    directory = tmp_path / "mnt"
    directory.mkdir()
    (tmp_path / "empty").touch()
    options = f"api_url={tls.url},timeout=5"
    done = run("-f", "-o", options, directory, environment={name: str(tmp_path / place)})
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ghsecretfs: {name}: {tmp_path / place}: ")


def test_a_variable_is_not_looked_at_without_tls(mount):
    m = mount(environment={"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere"})
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


def test_one_of_several_directories_is_enough(mount, tls, tmp_path):
    directory = tmp_path / "certificates"
    directory.mkdir()
    shutil.copy(tls.ca_file, directory / "ca.pem")
    subprocess.run(["openssl", "rehash", directory], check=True)
    m = mount(api_url=tls.url, environment={"SSL_CERT_DIR": f"/nowhere:{directory}"})
    assert sorted(os.listdir(m.secrets)) == WEB_SECRETS


def test_a_certificate_that_has_expired(run, github, tmp_path):
    directory, place = tmp_path / "mnt", tmp_path / "tls"
    directory.mkdir()
    place.mkdir()
    with TlsFront(github, place, days=-1) as front:
        options = f"api_url={front.url},cacert={front.ca_file},timeout=5"
        done = run("-f", "-o", options, directory)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "certificate has expired" in line and "clock" in line and "cacert" not in line


def test_a_certificate_that_changes_for_the_worse(mount, tls, github, tmp_path):
    """Somebody else in the server's place gets neither the token nor a value."""
    m = mount(api_url=tls.url, cacert=tls.ca_file, cache_ttl=0, timeout=3)
    m.warm()
    tls.stop()
    impostor = tmp_path / "impostor"
    impostor.mkdir()
    with TlsFront(github, impostor, port=tls.port):
        with fails("EKEYREJECTED"):
            os.listdir(m.secrets)
        with fails("EKEYREJECTED"):
            put(m.secrets / "NPM_TOKEN", b"value")
    assert github.journal() == []


def test_plain_http_where_tls_is_expected(run, github, tmp_path):
    directory = tmp_path / "mnt"
    directory.mkdir()
    url = github.url.replace("http:", "https:")
    done = run("-f", "-o", f"api_url={url},timeout=2", directory)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "does not speak TLS" in line and url in line


@pytest.mark.parametrize("fault", [{"status": 500}, {"action": "hang"}], ids=str)
def test_faults_through_tls(mount, tls, github, fault):
    m = mount(api_url=tls.url, cacert=tls.ca_file, timeout=1)
    m.warm()
    before = github.secrets()[LIST]
    github.fault(method="PUT", count=-1, **fault)
    with fails("EIO", "ETIMEDOUT"):
        put(m.secrets / "NPM_TOKEN", b"value")
    assert github.secrets()[LIST] == before


@pytest.mark.root("a mount namespace")
@pytest.mark.parametrize("given, status", [(False, 0), (True, 2)])
def test_a_cacert_is_the_only_one(binary, env, tls, tmp_path, given, status):
    """What the system trusts counts no more: it is the test's CA, in this namespace."""
    system, directory = tmp_path / "system", tmp_path / "mnt"
    system.mkdir()
    directory.mkdir()
    shutil.copy(tls.ca_file, system / "ca.pem")
    subprocess.run(["openssl", "rehash", system], check=True)
    other = system / "ca-certificates.crt"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other -keyout /dev/null -out"
    subprocess.run([*make.split(), other], capture_output=True, check=True)
    options = f"api_url={tls.url},timeout=5" + (f",cacert={other}" if given else "")
    inside = 'mount --bind "$1" /etc/ssl/certs && { "$2" -o "$3" "$4" && umount "$4"; }'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", inside, "sh", system, binary, options, directory],
        env=env(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert "certificate" in done.stderr if status else done.stderr == ""
