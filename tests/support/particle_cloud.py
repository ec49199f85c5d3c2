"""A device cloud on loopback: the part of Particle's REST API that tells of Device OS releases.

    with ParticleCloud() as cloud:
        cloud.add_release("5.3.1", modules)        # a list of module() results
        run("osbundle", "fetch", "5.3.1", "-p", "p2", "--source", cloud.url)

What it answers may be changed at will: cloud.releases[VERSION] is the very document.
"""
import copy
import http.server
import json
import threading
import urllib.parse


def module(content, inspected):
    """A file, and what the cloud tells of it: made from what `inspect --json` says."""
    def function(slot):
        return {"ncp_firmware": "ncp"}.get(slot["name"], slot["name"])

    needs = inspected["dependencies"] + [{"function": {"name": "none"}, "index": 0, "version": 0}] * 2
    prefix = {"moduleStartAddy": f"{inspected['start']:08x}",
              "moduleEndAddy": f"{inspected['end']:08x}",
              "moduleVersion": inspected["version"], "platformID": inspected["platform"]["id"],
              "moduleFunction": function(inspected["function"]), "moduleIndex": inspected["index"]}
    for name, need in zip(("dep", "dep2"), needs):
        prefix |= {f"{name}ModuleFunction": function(need["function"]),
                   f"{name}ModuleIndex": need["index"], f"{name}ModuleVersion": need["version"]}
    crc = inspected["crc32"]
    return content, {"filename": inspected["file"],
                     "crc": {"ok": 1, "storedCrc": crc["stored"], "actualCrc": crc["computed"]},
                     "prefixInfo": prefix,
                     "suffixInfo": {"fwUniqueId": inspected["suffix"]["sha256"]}}


class ParticleCloud:
    """Serves until the `with` block ends. `token`: what every question to the API has to bring."""

    def __init__(self, token=None):
        self.token = token
        self.releases = {}
        self.files = {}
        self.requests = []  # (path with query, authorization)
        self.pages = None   # what the list answers instead, page by page
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner.requests.append((self.path, self.headers.get("Authorization", "")))
                status, body = owner.answer(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"particle+{self.origin}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *problem):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add_release(self, version, modules, **members):
        """Offers a release; `members` are added to its document."""
        for content, told in modules:
            self.files[f"/v1/firmware/device-os/v{version}/{told['filename']}"] = content
        platforms = sorted({told["prefixInfo"]["platformID"] for _, told in modules})
        self.releases[version] = {
            "version": version, "release_state": "ga", "supported_platforms": platforms,
            "base_url": f"{self.origin}/v1/firmware/device-os/v{version}",
            "modules": [told for _, told in modules], **members}

    def answer(self, path, authorization):
        """Status and body for one question."""
        url = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = urllib.parse.unquote(url.path)
        if name in self.files:
            return 200, self.files[name]
        if self.token and authorization != f"Bearer {self.token}":
            return 401, b'{"error": "invalid_token"}'
        if name == "/v1/device-os/versions":
            return 200, json.dumps(self._page(int(query["page"]))).encode()
        release = self.releases.get(name.removeprefix("/v1/device-os/versions/"))
        platform = int(query.get("platform_id", -1))
        if not release or platform not in release["supported_platforms"]:
            return 404, b'{"error": "not found"}'
        told = copy.deepcopy(release)
        if isinstance(told["modules"], list):
            told["modules"] = [entry for entry in told["modules"] if not isinstance(entry, dict)
                               or entry.get("prefixInfo", {}).get("platformID", platform) == platform]
        return 200, json.dumps(told).encode()

    def _page(self, number):
        if self.pages:
            return self.pages[min(number, len(self.pages)) - 1]
        listed = [{name: value for name, value in release.items() if name != "modules"}
                  for release in self.releases.values()]
        return {"meta": {"total": len(listed)}, "versions": listed if number == 1 else []}
