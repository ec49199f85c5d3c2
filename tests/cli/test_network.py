#!/usr/bin/env python3
"""Servers that fail, lie, dawdle or turn away: what users then see, and that the cache stays clean."""

import gzip
import json
import os
import pty
import shutil
import subprocess
import tempfile
import time
import unittest

from bad_server import Answer, BadServer
from connect_proxy import ConnectProxy
from program import ProgramTest
from release_site import FAR_HOST, ReleaseSite, free_port

VERSION = "5.3.1"
LARGE = f"p2-system-part1@{VERSION}.bin"  # about 1 MB
BLOCK = 64 * 1024
QUICK = ("--retry-delay", "0.01")


class NetworkTest(ProgramTest):
    """A synthetic P2 release behind GitHub's API; its largest file comes from a bad server."""

    unclean = ("damaged/", "tmp/object-")  # what no fetch leaves behind

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="osbundle-test-")
        cls.addClassCleanup(shutil.rmtree, folder)
        maker = ProgramTest()
        maker.folder, maker.source = folder, None
        names = maker.run_program("sim", "release", f"p2@{VERSION}", "good", "--json").json["files"]
        cls.files = {}
        for name in names:
            with open(os.path.join(folder, "good", name), "rb") as file:
                cls.files[name] = file.read()
        cls.large = cls.files[LARGE]
        cls.wanted = [name for name in names if "mbr" not in name and "tinker" not in name]

    def setUp(self):
        super().setUp()
        self.site = ReleaseSite(self.path("site"))
        self.addCleanup(self.site.stop)
        self.site.add_release(VERSION, self.files)

    def serve(self, *answers):
        """Starts the site; with answers, the large file comes from a bad server."""
        self.bad = self.site.misbehave(VERSION, LARGE, *answers) if answers else None
        self.source = self.site.start()

    def api(self, *answers):
        """An API of which only the list of releases answers."""
        bad = BadServer()
        self.addCleanup(bad.stop)
        path = "/repos/particle-iot/device-os/releases"
        bad.serve(path, *answers)
        self.source = f"github+http://127.0.0.1:{bad.port}/repos/particle-iot/device-os"
        return bad.asked, path

    def fetch(self, *words, code=0, **variables):
        """One fetch, behind which the cache must be clean."""
        result = self.run_program("fetch", VERSION, "-p", "p2", *QUICK, *words, code=code,
                                  **variables)
        self.assert_cache_is_clean()
        if code == 0:
            self.assertEqual(self.parts(), [])
            self.assertEqual(len(self.cached_objects()), len(self.wanted) + 1)
        else:
            self.assertEqual(self.cached_objects(), [])
            self.assert_two_line_error(result)
        return result

    def parts(self):
        return [name for name in self.files_below("cache") if name.startswith("tmp/part-")]

    def assert_cache_is_clean(self):
        if os.path.exists(self.path("cache")):
            self.run_program("verify")
        for name in self.files_below("cache"):
            self.assertFalse(name.startswith(self.unclean), name)

    def asked(self):
        return self.bad.asked(f"/{VERSION}/{LARGE}")

    def answer(self, **wishes):
        return Answer(self.large, **wishes)


class Broken(NetworkTest):
    """Connections and servers that break off: asked again, as often as it makes sense."""

    def test_cut_short_is_gone_on_from_where_it_was(self):
        self.serve(self.answer(etag='"a"', cut_at=300000), self.answer(etag='"a"'))
        self.fetch()
        self.assertEqual(self.bad.sent, len(self.large))
        self.assertEqual([headers.get("Range") for headers in self.asked()],
                         [None, "bytes=300000-"])
        self.assertEqual(self.asked()[1]["If-Range"], '"a"')

    def test_last_modified_vouches_for_bytes_where_there_is_no_etag(self):
        dated = {"Last-Modified": "Tue, 15 Nov 1994 12:45:26 GMT"}
        self.serve(self.answer(headers=dated, cut_at=300000), self.answer(headers=dated))
        self.fetch()
        self.assertEqual(self.asked()[1]["If-Range"], dated["Last-Modified"])

    def test_a_weak_validator_vouches_for_nothing(self):
        self.serve(self.answer(etag='W/"a"', cut_at=300000), self.answer(etag='W/"a"'))
        self.fetch()
        self.assertNotIn("Range", self.asked()[1])

    def test_dropped_at_every_block_in_one_run(self):
        self.serve(self.answer(etag='"a"', cut_at=BLOCK))
        self.fetch("--retry", "1")
        self.assertEqual(self.bad.sent, len(self.large))
        self.assertEqual(len(self.asked()), len(self.large) // BLOCK + 1)

    def test_dropped_at_every_block_in_as_many_runs(self):
        self.serve(self.answer(etag='"a"', cut_at=BLOCK))
        blocks = len(self.large) // BLOCK
        for block in range(blocks + 1):
            self.bad.forget()
            self.fetch("--retry", "0", code=6 if block < blocks else 0)
            self.assertEqual(self.bad.sent, min(BLOCK, len(self.large) - block * BLOCK))
        self.site.forget_requests()

    def test_always_cut_short_at_the_same_byte_is_given_up(self):
        self.serve(self.answer(cut_at=5000))
        result = self.fetch("--retry", "2", code=6)
        self.assert_two_line_error(result, "3 times")
        self.assertEqual(len(self.asked()), 3)

    def test_a_wrong_length_is_cut_short_too(self):
        self.serve(self.answer(declared_length=len(self.large) + 100))
        self.site.asset(VERSION, LARGE)["size"] += 100
        self.site.publish(VERSION)
        self.fetch("--retry", "1", code=6)

    def test_a_length_that_is_not_the_published_one(self):
        self.serve(Answer(self.large[:-100]))
        result = self.fetch(code=4)
        self.assert_two_line_error(result, f"{len(self.large)} bytes are published")
        self.assertEqual(len(self.asked()), 1)

    def test_more_than_was_published_is_refused_before_it_comes(self):
        self.serve(Answer(self.large + bytes(50_000_000), cut_at=BLOCK))
        result = self.fetch(code=4)
        self.assert_two_line_error(result, f"more than the {len(self.large)} bytes")
        self.assertLess(len(self.parts()), len(self.wanted))

    def test_more_than_was_published_is_refused_while_it_comes(self):
        self.serve(Answer(self.large + bytes(5_000_000), declared_length=-1))
        result = self.fetch(code=4)
        self.assert_two_line_error(result, f"more than the {len(self.large)} bytes")
        self.assertLess(self.bad.sent, len(self.large) + 5_000_000)

    def test_a_crawling_server_is_left(self):
        self.serve(self.answer(drip=(20, 0.25)), self.answer())
        begin = time.monotonic()
        self.fetch("--stall-timeout", "1")
        self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual(len(self.asked()), 2)

    def test_a_server_error_passes(self):
        self.serve(Answer(status=500), self.answer())
        told = self.fetch("--json").lines
        waits = [line for line in told if line.get("phase") == "retry"]
        self.assertEqual([line["file"] for line in waits], [LARGE])
        self.assertIn("HTTP 500", waits[0]["reason"])

    def test_no_answer_at_all_passes(self):
        self.serve(Answer(abrupt=True), self.answer())
        self.fetch()

    def test_a_whole_file_is_not_asked_for_again(self):
        other = next(name for name in self.wanted if name != LARGE)
        self.serve(self.answer(cut_at=0))
        self.fetch("--retry", "0", code=6)
        self.serve_again(self.answer())
        self.site.forget_requests()
        self.fetch()
        self.assertEqual(self.site.requests(f"/particle-iot/device-os/releases/download/v{VERSION}/"
                                            + other), [])

    def serve_again(self, *answers):
        self.bad.serve(f"/{VERSION}/{LARGE}", *answers)


class Shown(NetworkTest):
    """What people see of a download, and what programs do."""

    def test_on_a_terminal_every_file_has_a_line_and_there_is_a_total(self):
        self.serve(self.answer(etag='"a"', drip=(BLOCK, 0.03), cut_at=10 * BLOCK),
                   self.answer(etag='"a"', drip=(BLOCK, 0.03)))
        seen = self.run_on_terminal("fetch", VERSION, "-p", "p2", "--retry-delay", "0.5")
        self.assertRegex(seen, LARGE + r" +[#.]{20} [0-9.]+ KB of 1\.0 MB")
        self.assertRegex(seen, r"total, [0-9.]+ [kKM]?B/s, .* left +[#.]{20} [0-9.]+ KB of 1\.1 MB")
        self.assertRegex(seen, LARGE + r" +again in .*: ")
        last = seen[seen.rindex("\x1b[J"):]
        self.assertNotIn("total", last)
        self.assertIn("3 modules in the cache", last)

    def run_on_terminal(self, *words):
        """Runs the program with a terminal for both outputs; returns what it was sent."""
        ours, theirs = pty.openpty()
        running = subprocess.Popen([os.environ["OSBUNDLE"], *words], cwd=self.folder,
                                   env=self.environment(), stdin=subprocess.DEVNULL, stdout=theirs,
                                   stderr=theirs)
        os.close(theirs)
        seen = b""
        try:
            while block := os.read(ours, 65536):
                seen += block
        except OSError:
            pass  # a terminal that nobody holds any more
        os.close(ours)
        self.assertEqual(running.wait(60), 0, seen)
        return seen.decode()

    def test_events_count_each_file_and_all_of_them(self):
        self.serve()
        lines = self.fetch("--json").lines
        events = [line for line in lines if line["type"] == "osbundle-event"]
        total = sum(len(self.files[name]) for name in self.wanted)
        self.assertEqual({event["total"] for event in events}, {total})
        self.assertEqual(events[-1]["done"], total)
        for name in self.wanted:
            of_file = [event for event in events if event["file"] == name]
            self.assertEqual(of_file[-1]["file_done"], len(self.files[name]))
            self.assertEqual(of_file[-1]["file_total"], len(self.files[name]))
        self.assertEqual(lines[-1]["type"], "osbundle-fetch")

    def test_elsewhere_every_file_is_one_line(self):
        self.serve()
        told = self.fetch().err.splitlines()
        self.assertEqual(sorted(told), sorted(f"download {name}" for name in self.wanted))


class Waiting(NetworkTest):
    """Servers that ask for patience: they get it within bounds, and the user is told."""

    def test_too_many_requests_with_retry_after(self):
        self.serve(Answer(status=429, headers={"Retry-After": "1"}), self.answer())
        begin = time.monotonic()
        result = self.fetch()
        self.assertGreater(time.monotonic() - begin, 1)
        self.assertIn("rate limit", result.err)

    def test_the_wait_for_a_list_is_told_too(self):
        last = {"Link": '<http://127.0.0.1/>; rel="first"'}
        self.api(Answer(status=429, headers={"Retry-After": "1"}), Answer(b"[]", headers=last))
        result = self.run_program("list", "--remote", *QUICK)
        self.assertRegex(result.err, "again in [12] s: the server's rate limit is used up until 2")

    def test_a_token_is_the_cure_for_the_rate_limit_of_the_api_only(self):
        limit = Answer(status=403, headers={"X-RateLimit-Remaining": "0",
                                            "X-RateLimit-Reset": str(int(time.time()) + 1000)})
        self.api(limit)
        self.assertIn("GITHUB_TOKEN", self.run_program("list", "--remote", code=6).err)
        self.serve(limit)
        self.assertNotIn("GITHUB_TOKEN", self.fetch(code=6).err)

    def test_a_rate_limit_that_ends_too_late_is_told_with_its_end(self):
        reset = int(time.time()) + 1000
        self.serve(Answer(status=403, headers={"X-RateLimit-Remaining": "0",
                                               "X-RateLimit-Reset": str(reset)}))
        result = self.fetch(code=6)
        self.assert_two_line_error(
            result, time.strftime("until %Y-%m-%dT%H:%M:%SZ", time.gmtime(reset)))
        self.assertEqual(len(self.asked()), 1)

    def test_a_rate_limit_that_ends_soon_is_waited_for(self):
        self.serve(Answer(status=403, headers={"X-RateLimit-Remaining": "0",
                                               "X-RateLimit-Reset": str(int(time.time()) + 1)}),
                   self.answer())
        self.fetch()

    def test_the_user_says_how_long_is_too_long(self):
        self.serve(Answer(status=503, headers={"Retry-After": "30"}))
        result = self.fetch("--max-wait", "2.5", code=6)
        self.assert_two_line_error(result, "not available until 2")
        self.assertEqual(len(self.asked()), 1)

    def test_what_is_forbidden_is_not_asked_for_again(self):
        self.serve(Answer(status=403, body=b"no"))
        self.fetch(code=6)
        self.assertEqual(len(self.asked()), 1)

    def test_what_is_not_there_is_taken_from_the_next_source(self):
        self.serve(Answer(status=404))
        self.fetch(code=3)
        self.assertEqual(len(self.asked()), 1)
        os.makedirs(self.path("folder", VERSION))
        for name, content in self.files.items():
            self.write(os.path.join("folder", VERSION, name), content)
        self.fetch("--source", self.source, "--source", self.path("folder"))

    def test_wrong_patience_is_a_usage_error(self):
        for words in (("--retry", "many"), ("--retry-delay", "-1"), ("--retry-delay", "1."),
                      ("--max-wait", "0.0001"), ("--stall-timeout", "1e3")):
            self.assert_two_line_error(self.run_program("list", *words, code=2), words[0])


class Elsewhere(NetworkTest):
    """Redirects, and who else may be talking."""

    def redirect(self, location):
        return Answer(status=302, headers={"Location": location})

    def test_a_redirect_to_plain_http_elsewhere(self):
        self.serve(self.redirect("http://198.51.100.1/file"))
        result = self.fetch(code=5)
        self.assertIn("198.51.100.1", result.err)

    def test_redirects_in_circles(self):
        self.serve(self.redirect(f"/{VERSION}/{LARGE}"))
        self.assert_two_line_error(self.fetch(code=6), "circles")
        self.assertEqual(len(self.asked()), 11)

    def test_a_token_goes_to_the_api_only(self):
        self.serve(self.answer())
        self.fetch(GITHUB_TOKEN="secret")
        self.assertEqual(self.site.requests("/repos/")[0]["authorization"], "Bearer secret")
        for request in self.site.requests("/particle-iot/"):
            self.assertEqual(request["authorization"], "")
        self.assertNotIn("Authorization", self.asked()[0])

    def test_a_web_page_instead_of_a_file(self):
        page = b"<!DOCTYPE html><html><body>Please log in</body></html>"
        self.serve(Answer(page, headers={"Content-Type": "text/html"}, etag='"page"'))
        self.assert_two_line_error(self.fetch(code=6), "web page", LARGE)
        self.assertLess(len(self.parts()), len(self.wanted))

    def test_a_web_page_instead_of_the_api(self):
        self.site.answer(f"/repos/particle-iot/device-os/releases/tags/v{VERSION}", 200,
                         body="<html>Please log in</html>")
        self.serve()
        self.assert_two_line_error(self.fetch(code=6), "web page")

    def test_bytes_that_are_packed_unasked(self):
        packed = gzip.compress(self.large)
        self.serve(Answer(packed, headers={"Content-Encoding": "gzip"}))
        self.assert_two_line_error(self.fetch(code=4), "'gzip'")
        self.assertEqual(len(self.asked()), 1)


class Ranges(NetworkTest):
    """Servers that get the middle of a file wrong: it is begun anew, and never a mixture."""

    def half(self, **wishes):
        return self.answer(etag='"a"', cut_at=500000, **wishes)

    def test_a_range_that_is_ignored(self):
        self.serve(self.half(), self.answer(etag='"a"', ranges="ignored"))
        self.fetch()
        self.assertEqual(self.bad.sent, 500000 + len(self.large))

    def test_another_range_than_was_asked_for(self):
        self.serve(self.half(), self.answer(etag='"a"', ranges="wrong"),
                   self.answer(etag='"a"', ranges="wrong"))
        self.fetch()
        self.assertNotIn("Range", self.asked()[2])

    def test_a_file_that_changed_between_its_parts(self):
        other = bytes(reversed(self.large))
        self.serve(Answer(other, etag='"old"', cut_at=500000), self.answer(etag='"new"'))
        self.fetch()

    def test_a_file_that_changed_between_two_runs(self):
        other = bytes(reversed(self.large))
        self.serve(Answer(other, etag='"old"', cut_at=500000))
        self.fetch("--retry", "0", code=6)
        self.bad.serve(f"/{VERSION}/{LARGE}", self.answer(etag='"new"'))
        self.fetch()

    def test_a_file_that_changed_behind_the_same_etag(self):
        other = bytes(reversed(self.large))
        self.serve(Answer(other, etag='"a"', cut_at=500000))
        self.fetch("--retry", "0", code=6)
        self.bad.serve(f"/{VERSION}/{LARGE}", self.answer(etag='"a"'))
        self.fetch()

    def test_a_part_that_rotted_on_disk(self):
        self.serve(self.half())
        self.fetch("--retry", "0", code=6)
        for name in self.parts():
            path = self.path("cache", name)
            with open(path, "r+b") as file:
                file.seek(-10, os.SEEK_END)
                file.write(bytes(10))
        self.bad.serve(f"/{VERSION}/{LARGE}", self.answer(etag='"a"'))
        self.fetch()

    def test_a_part_that_is_no_part(self):
        self.serve(self.half())
        self.fetch("--retry", "0", code=6)
        for name in self.parts():
            with open(self.path("cache", name), "wb") as file:
                file.write(os.urandom(1000))
        self.bad.serve(f"/{VERSION}/{LARGE}", self.answer(etag='"a"'))
        self.fetch()

    def test_a_part_that_the_server_has_less_of(self):
        self.serve(self.half())
        self.fetch("--retry", "0", code=6)
        self.bad.serve(f"/{VERSION}/{LARGE}", Answer(status=416), self.answer(etag='"a"'))
        self.fetch()

    def test_ctrl_c_leaves_a_part_that_the_next_run_goes_on_from(self):
        self.serve(self.answer(etag='"a"', drip=(BLOCK, 0.1)))

        def has_begun(line):
            event = json.loads(line) if line.startswith("{") else {}
            return event.get("file") == LARGE and event["file_done"] >= BLOCK

        self.interrupt_program("fetch", VERSION, "-p", "p2", "--json", when=has_begun)
        self.assert_cache_is_clean()
        self.assertEqual(self.cached_objects(), [])
        self.bad.forget()
        self.fetch()
        # What was sent is not counted: the first connection may have a block under way yet.
        begin, _ = self.asked()[0]["Range"].removeprefix("bytes=").split("-")
        self.assertGreaterEqual(int(begin), BLOCK)


class Lists(NetworkTest):
    """Lists are asked for again only where they changed."""

    def test_an_unchanged_list_is_not_sent_again(self):
        self.serve()
        first = self.run_program("list", "--remote", "--json").json
        self.site.forget_requests()
        self.assertEqual(self.run_program("list", "--remote", "--json").json, first)
        asked = self.site.requests("/repos/")
        self.assertEqual({request["status"] for request in asked}, {304})
        self.site.add_release("6.0.0", self.files)
        changed = self.run_program("list", "--remote", "--json").json
        self.assertEqual(len(changed["releases"]), 2)

    def test_a_list_that_broke_off_is_not_taken_for_an_unchanged_one(self):
        whole = json.dumps(self.site.releases).encode()
        last = {"Link": '<http://127.0.0.1/>; rel="first"'}
        asked, path = self.api(
            Answer(whole, etag='"a"', headers=last, cut_at=len(whole) // 2),
            Answer(whole, etag='"a"', headers=last), Answer(status=304, etag='"a"'))
        for _ in range(2):
            result = self.run_program("list", "--remote", "--json", *QUICK)
            self.assertEqual(len(result.json["releases"]), 1)
        self.assertEqual([headers.get("If-None-Match") for headers in asked(path)],
                         [None, None, '"a"'])

    def test_a_list_that_rotted_on_disk_is_asked_for_again(self):
        self.serve()
        first = self.run_program("list", "--remote", "--json").json
        for name in self.files_below("cache"):
            if name.startswith("lists/"):
                with open(self.path("cache", name), "wb") as file:
                    file.write(b"osbundle-received 1\n")
        self.assertEqual(self.run_program("list", "--remote", "--json").json, first)


class Encrypted(NetworkTest):
    """https: whom we trust, and what it is good for."""

    def setUp(self):
        super().setUp()
        self.site.stop()
        self.site = ReleaseSite(self.path("secure"), tls=True)
        self.addCleanup(self.site.stop)
        self.site.add_release(VERSION, self.files)
        self.source = self.site.start()

    def test_an_unknown_ca_is_refused_at_once(self):
        result = self.fetch(code=6)
        self.assert_two_line_error(result, "certificate")
        self.assertIn("SSL_CERT_FILE", result.err)
        self.assertNotIn("times over", result.err)
        self.assertEqual(self.site.requests(), [])

    def test_a_ca_file_makes_it_known_and_http_2_is_spoken(self):
        for name in ("CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            shutil.rmtree(self.path("cache"), ignore_errors=True)
            self.site.forget_requests()
            self.fetch(**{name: str(self.site.ca_file)})
            self.assertEqual({request["protocol"] for request in self.site.requests()},
                             {"HTTP/2.0"})

    def test_a_redirect_to_plain_http_is_refused_even_to_this_machine(self):
        bad = BadServer()
        self.addCleanup(bad.stop)
        self.site.stop()
        path = self.site.asset(VERSION, LARGE)["browser_download_url"]
        path = path.removeprefix(self.site.origin).replace("%40", "@")
        self.site.answer(path, 302, {"Location": bad.serve("/file", self.answer())})
        self.source = self.site.start()
        self.fetch("--allow-http", code=5, SSL_CERT_FILE=str(self.site.ca_file))
        self.assertEqual(bad.requests, [])

    def far_source(self):
        """The same site under a name that only a proxy can find."""
        origin = f"https://{FAR_HOST}:{self.site.port}"
        for asset in self.site.releases[0]["assets"]:
            asset["browser_download_url"] = asset["browser_download_url"].replace(
                self.site.origin, origin)
        self.site.publish(VERSION)
        self.source = self.source.replace(self.site.origin, origin)

    def proxy(self, **wishes):
        proxy = ConnectProxy(self.site.port, **wishes)
        self.addCleanup(proxy.stop)
        return proxy

    def test_a_proxy_leads_to_hosts_elsewhere(self):
        proxy = self.proxy()
        self.far_source()
        trusted = {"SSL_CERT_FILE": str(self.site.ca_file)}
        for name in ("https_proxy", "HTTPS_PROXY"):
            shutil.rmtree(self.path("cache"), ignore_errors=True)
            self.fetch(**trusted, **{name: f"http://127.0.0.1:{proxy.port}"})
            self.assertEqual(set(proxy.asked), {f"{FAR_HOST}:{self.site.port}"})
            proxy.asked.clear()
        shutil.rmtree(self.path("cache"))
        self.fetch("--retry", "0", code=6, **trusted, no_proxy=f"other,.{FAR_HOST}",
                   https_proxy=f"http://127.0.0.1:{proxy.port}")
        self.assertEqual(proxy.asked, [])

    def test_a_proxy_that_refuses_is_named(self):
        proxy = self.proxy(status=407)
        self.far_source()
        result = self.fetch(code=6, https_proxy=f"http://127.0.0.1:{proxy.port}")
        self.assert_two_line_error(result, "proxy", "407")
        self.assertEqual(len(proxy.asked), 1)

    def test_nobody_listens(self):
        self.source = f"github+http://127.0.0.1:{free_port()}/repos/o/n"
        self.assert_two_line_error(self.fetch("--retry", "1", code=6), "2 times over")


if __name__ == "__main__":
    unittest.main()
