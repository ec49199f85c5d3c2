#!/usr/bin/env python3
"""A release site on loopback: GitHub's releases API as static files, served by Debian's nginx.

As a library:

    with ReleaseSite(folder) as site:                   # starts nginx on a free port
        site.add_release("4.0.2", {"p2-bootloader@4.0.2.bin": content, ...})
        run("osbundle", "fetch", "4.0.2", "-p", "p2", "--source", site.url)
        assert site.requests("/particle-iot/device-os/releases/download/")

    site.misbehave("4.0.2", name, Answer(content, cut_at=100))  # that one comes from a BadServer
    site.answer("/some/path", 503, {"Retry-After": "1"})  # before start(): a fixed answer

As a program:

    release_site.py ROOT [--port P] --release v2.2.0=FOLDER [--release ...] [--serve]

lays out the tree and the nginx.conf under ROOT and prints the source URL; with --serve it also
serves until it is interrupted. Needs nothing but Python's standard library, nginx, and openssl
for https.
"""
import argparse
import hashlib
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

from bad_server import BadServer

REPOSITORY = "particle-iot/device-os"
FAR_HOST = "releases.example"  # what the certificate is good for too; only a proxy finds it
REDIRECTS = (301, 302, 303, 307, 308)

CONFIG = """\
# Written by release_site.py: one process in the foreground, nothing outside of this folder.
daemon off;
master_process off;
pid {root}/nginx.pid;
error_log {root}/error.log info;
events {{ worker_connections 256; }}
http {{
    log_format requests '$request_method $status $body_bytes_sent $server_protocol $request_uri'
                        ' "$http_authorization" "$http_user_agent"';
    access_log {root}/access.log requests;
    client_body_temp_path {root}/temporary/body;
    proxy_temp_path {root}/temporary/proxy;
    fastcgi_temp_path {root}/temporary/fastcgi;
    uwsgi_temp_path {root}/temporary/uwsgi;
    scgi_temp_path {root}/temporary/scgi;
    types {{ }}
    default_type application/octet-stream;
    geo $dollar {{ default "$"; }}
    map $arg_page $list {{
        ""      releases.json;
        1       releases.json;
        default empty.json;
    }}
    server {{
        listen 127.0.0.1:{port}{tls};
        root {root}/www;
        location /repos/ {{
            default_type "application/json; charset=utf-8";
        }}
        location = /repos/{repository}/releases {{
            default_type "application/json; charset=utf-8";
            try_files /lists/$list =404;
        }}
        location /lists/ {{
            internal;
        }}
{answers}    }}
}}
"""


def free_port():
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def quoted(text):
    """An nginx string: for header values and bodies of fixed answers."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "${dollar}") + '"'


def make_certificate(certificate, key):
    """A self-signed certificate for 127.0.0.1, localhost and FAR_HOST."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
         "/CN=localhost", "-addext",
         f"subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:{FAR_HOST}",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class ReleaseSite:
    """Releases under `root`, in the shape of GitHub's REST API, and the nginx that serves them."""

    def __init__(self, root, port=None, repository=REPOSITORY, tls=False):
        """`tls`: serves https with a certificate of its own, which `ca_file` makes trusted."""
        self.root = pathlib.Path(root).resolve()
        self.port = port or free_port()
        self.repository = repository
        self.ca_file = self.root / "certificate.pem" if tls else None
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.url = f"github+{self.origin}/repos/{repository}"
        self.releases = []
        self._answers = {}
        self._process = None
        self._bad = None
        for folder in ("temporary", "www/lists", f"www/repos/{repository}/releases/tags"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        self._write_lists()

    # What is offered ---------------------------------------------------------------------------

    def add_release(self, version, files, digest=True, prerelease=False, draft=False, tag=None):
        """Offers a release. `files`: name -> bytes. Works before and after start().

        digest  whether the API publishes SHA-256 digests (false for releases of older years)
        tag     "v" and the version, unless it is given
        """
        version = version.removeprefix("v")
        tag = tag or f"v{version}"
        folder = self.root / "www" / self.repository / "releases" / "download" / tag
        folder.mkdir(parents=True, exist_ok=True)
        number = len(self.releases) + 1
        moment = f"2024-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}Z"
        assets = []
        for name, content in files.items():
            if "/" in name or name in ("", ".", ".."):
                raise ValueError(f"not a file name: {name!r}")
            (folder / name).write_bytes(content)
            path = f"/{self.repository}/releases/download/{tag}/{name}"
            assets.append({
                "id": number * 10000 + len(assets) + 1,
                "name": name,
                "label": "",
                "state": "uploaded",
                "content_type": "application/octet-stream",
                "size": len(content),
                "digest": "sha256:" + hashlib.sha256(content).hexdigest() if digest else None,
                "browser_download_url": self.origin + urllib.parse.quote(path),
            })
        self.releases.append({
            "id": number,
            "tag_name": tag,
            "name": f"Device OS {version}",
            "draft": draft,
            "prerelease": prerelease,
            "created_at": moment,
            "published_at": moment,
            "url": f"{self.origin}/repos/{self.repository}/releases/{number}",
            "assets": assets,
        })
        self._write_release(self.releases[-1])
        self._write_lists()

    def add_folder(self, version, folder, **options):
        """Offers all files of a folder as a release."""
        files = {entry.name: entry.read_bytes()
                 for entry in sorted(pathlib.Path(folder).iterdir()) if entry.is_file()}
        self.add_release(version, files, **options)

    def asset(self, version, name):
        """The API's own entry for a file: change it, then call publish(version)."""
        release = self._release(version)
        return next(asset for asset in release["assets"] if asset["name"] == name)

    def publish(self, version):
        """Writes the listing of a release again, after asset() was changed."""
        self._write_release(self._release(version))
        self._write_lists()

    def content_path(self, version, name):
        """The served file itself: overwrite it to serve other bytes than the listing promises."""
        tag = self._release(version)["tag_name"]
        return self.root / "www" / self.repository / "releases" / "download" / tag / name

    def misbehave(self, version, name, *answers):
        """Has one file served by a BadServer, with these answers in turn."""
        if self._bad is None:
            self._bad = BadServer()
        self.asset(version, name)["browser_download_url"] = self._bad.serve(
            f"/{version}/{name}", *answers)
        self.publish(version)
        return self._bad

    def answer(self, path, status, headers=None, body=""):
        """A fixed answer for one path, whatever the query. Before start() only."""
        if self._process:
            raise RuntimeError("the site is running already")
        self._answers[path] = (status, headers or {}, body)

    # Serving -----------------------------------------------------------------------------------

    def start(self, timeout_s=10.0):
        """Starts nginx, waits until it accepts, and returns the source URL."""
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin") \
            or shutil.which("nginx")
        if not nginx:
            raise RuntimeError("nginx is not installed (Debian: nginx-light)")
        self.write_config()
        self._process = subprocess.Popen(
            [nginx, "-p", str(self.root), "-c", str(self.root / "nginx.conf"),
             "-e", str(self.root / "error.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + timeout_s
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("nginx did not start:\n"
                                   + (self.root / "error.log").read_text(errors="replace"))
            time.sleep(0.01)
        return self.url

    def stop(self):
        """Ends nginx and the bad server; the tree stays."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._bad:
            self._bad.stop()
            self._bad = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *problem):
        self.stop()

    def requests(self, beginning="/"):
        """What was asked so far: dicts of method, status, bytes, protocol, path, authorization,
        agent."""
        log = self.root / "access.log"
        found = []
        for line in log.read_text().splitlines() if log.exists() else []:
            method, status, size, protocol, rest = line.split(" ", 4)
            path, authorization, agent = rest.split(' "', 2)
            if path.startswith(beginning):
                found.append({"method": method, "status": int(status), "bytes": int(size),
                              "protocol": protocol, "path": path,
                              "authorization": authorization[:-1].strip("-"),
                              "agent": agent[:-1]})
        return found

    def forget_requests(self):
        """Empties the request log."""
        log = self.root / "access.log"
        if log.exists():
            log.write_text("")

    # Files -------------------------------------------------------------------------------------

    def write_config(self):
        """Writes ROOT/nginx.conf, and the certificate where there is to be one."""
        tls = ""
        if self.ca_file:
            key = self.root / "key.pem"
            tls = f" ssl http2; ssl_certificate {self.ca_file}; ssl_certificate_key {key}"
            if not self.ca_file.exists():
                make_certificate(self.ca_file, key)
        answers = ""
        for path, (status, headers, body) in self._answers.items():
            if status in REDIRECTS:  # there, nginx takes the text for the target
                headers = dict(headers)
                body = headers.pop("Location", body)
            lines = [f"            add_header {name} {quoted(value)} always;"
                     for name, value in headers.items()]
            lines.append(f"            return {status} {quoted(body)};")
            answers += f"        location = {quoted(path)} {{\n" + "\n".join(lines) \
                + "\n        }\n"
        (self.root / "nginx.conf").write_text(CONFIG.format(
            root=self.root, port=self.port, repository=self.repository, answers=answers, tls=tls))

    def _release(self, version):
        version = version.removeprefix("v")
        return next(release for release in self.releases
                    if release["tag_name"].removeprefix("v") == version)

    def _write_release(self, release):
        tags = self.root / "www" / "repos" / self.repository / "releases" / "tags"
        (tags / release["tag_name"]).write_text(json.dumps(release, indent=1))

    def _write_lists(self):
        lists = self.root / "www" / "lists"
        (lists / "releases.json").write_text(json.dumps(self.releases[::-1], indent=1))
        (lists / "empty.json").write_text("[]\n")

    def _accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            return True
        except OSError:
            return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("root", help="folder that the site is laid out in")
    parser.add_argument("--port", type=int, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--release", action="append", default=[], metavar="VERSION=FOLDER")
    parser.add_argument("--prerelease", action="append", default=[], metavar="VERSION=FOLDER")
    parser.add_argument("--no-digest", action="store_true", help="publish no SHA-256 digests")
    parser.add_argument("--serve", action="store_true", help="serve until interrupted")
    options = parser.parse_args()
    site = ReleaseSite(options.root, options.port)
    for words, prerelease in [(words, False) for words in options.release] \
            + [(words, True) for words in options.prerelease]:
        version, _, folder = words.partition("=")
        if not folder:
            parser.error(f"not VERSION=FOLDER: {words}")
        site.add_folder(version, folder, digest=not options.no_digest, prerelease=prerelease)
    site.write_config()
    if not options.serve:
        print(site.url)
        return
    site.start()
    print(site.url, flush=True)
    try:
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        site.stop()


if __name__ == "__main__":
    sys.exit(main())
