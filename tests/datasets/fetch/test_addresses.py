"""What a server says of an address is read without the download, and nothing is claimed that it does not say."""

import base64
import hashlib
import socket
import threading
import time

import pytest
from softbench.datasets.fetch import addresses
from softbench.datasets.fetch.addresses import Hosts, ask, find_fault

FILE = b"PK\x03\x04" + bytes(range(256)) * 40  # 10244 bytes
MD5, SHA256 = hashlib.md5(FILE).hexdigest(), hashlib.sha256(FILE).hexdigest()


def test_head_says_the_size_and_brings_nothing(server) -> None:
    server.files["/a.zip"] = FILE
    answer = ask(f"{server.address}/a.zip")
    assert (answer.state, answer.size, answer.head) == (200, len(FILE), None)
    assert find_fault(answer, "a.zip") == ""
    assert (server.asked_with, server.sent) == (["HEAD"], 0)


@pytest.mark.parametrize("state", [400, 403, 404, 405, 501])
def test_server_that_refuses_head_is_asked_for_the_first_bytes(server, state) -> None:
    server.files["/a.zip"], server.head = FILE, state
    answer = ask(f"{server.address}/a.zip")
    assert (answer.state, answer.size, answer.head) == (206, len(FILE), FILE[:512])
    assert find_fault(answer, "a.zip") == ""
    assert server.asked == [None, "bytes=0-511"]


def test_server_without_ranges_is_read_no_further_than_needed(server) -> None:
    server.files["/a.zip"], server.head, server.ranges = FILE * 1000, 405, False
    answer = ask(f"{server.address}/a.zip")
    assert (answer.state, answer.size, answer.head) == (200, len(FILE) * 1000, FILE[:512])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><title>Please log in", "web page, not an archive"),
        (b'{"message": "no such record"}', "JSON message of the server, not an archive: "),
    ],
)
def test_what_is_no_file_is_named(server, body, words) -> None:
    server.files["/a.zip"] = body
    assert words in find_fault(ask(f"{server.address}/a.zip"), "a.zip")


def test_small_files_of_text_are_files(server) -> None:
    server.files["/a.csv"] = b"case,patient\n"
    assert find_fault(ask(f"{server.address}/a.csv", name="a.csv"), "a.csv") == ""
    assert server.asked_with == ["HEAD"]


@pytest.mark.parametrize("place", ["/login?next=a.zip", "/accounts/sign-in", "/idp/sso", "/oauth/authorize"])
def test_redirect_to_a_login_page_is_told_apart(server, place) -> None:
    server.redirects["/a.zip"] = f"{server.address}{place}"
    server.files[place] = b"<html>" + b" " * 5000
    server.more[place] = {"Content-Type": "text/html; charset=utf-8"}
    assert find_fault(ask(f"{server.address}/a.zip"), "a.zip") == f"it leads to a login page, {server.address}{place}"


def test_page_that_is_no_login_is_a_page(server) -> None:
    server.files["/a.zip"], server.more["/a.zip"] = b"\n" * 5000, {"Content-Type": "text/html"}
    assert find_fault(ask(f"{server.address}/a.zip"), "a.zip") == "it sends a web page, not the file"


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([404, 404], "the server answers 404 Not Found"),
        ([410, 410], "the server answers 410 Gone"),
        ([401, 401], "it asks for a login or refuses (401 Unauthorized)"),
        ([403, 403], "it asks for a login or refuses (403 Forbidden)"),
        ([503, 503], "the server answers 503 Service Unavailable; try again later"),
        ([429], "the server answers 429 Too Many Requests; try again later"),
    ],
)
def test_refusals_are_told_apart(server, states, words) -> None:
    server.body, server.states = FILE, list(states)
    assert find_fault(ask(f"{server.address}/a.zip"), "a.zip") == words
    assert len(server.paths) == len(states)  # 429 is not asked again


def test_server_that_is_not_there_and_name_that_is_none() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    refused = ask(f"http://127.0.0.1:{port}/a.zip", timeout_s=2)
    assert refused.state == 0
    assert "no answer (" in refused.reason
    assert find_fault(refused, "a.zip") == refused.reason
    assert ask("no address").state == 0


def test_server_that_says_nothing_takes_the_time_limit_and_no_longer() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        answer = ask(f"http://127.0.0.1:{silent.getsockname()[1]}/a.zip", timeout_s=0.2)
    assert (answer.state, answer.reason) == (0, "no answer within 0.2 s")


@pytest.mark.parametrize(
    ("headers", "hashes"),
    [
        ({"Content-MD5": MD5}, {"md5": MD5}),
        ({"Content-MD5": base64.b64encode(bytes.fromhex(MD5)).decode()}, {"md5": MD5}),
        ({"x-goog-hash": f"crc32c=AAAA,md5={base64.b64encode(bytes.fromhex(MD5)).decode()}"}, {"md5": MD5}),
        ({"X-Linked-ETag": f'"{SHA256}"', "X-Linked-Size": str(len(FILE))}, {"sha256": SHA256}),
        ({"X-Linked-ETag": '"not a digest"'}, {}),
        ({}, {}),
    ],
)
def test_checksums_are_those_that_the_server_names(server, headers, hashes) -> None:
    server.files["/a.zip"], server.more["/a.zip"] = FILE, headers
    assert ask(f"{server.address}/a.zip").hashes == hashes


@pytest.mark.parametrize(
    ("etag", "headers", "hashes"),
    [
        (f'"{MD5}"', {}, {}),  # of a server that may mean anything by it
        (f'"{MD5}"', {"Server": "AmazonS3"}, {"md5": MD5}),
        (f'"{MD5}-3"', {"Server": "AmazonS3"}, {}),  # uploaded in parts: no digest of the file
        (f'"{MD5}"', {"Server": "AmazonS3", "x-amz-server-side-encryption-aws-kms-key-id": "key"}, {}),
        (f'W/"md5:{MD5}"', {}, {"md5": MD5}),
    ],
)
def test_etag_is_a_checksum_only_where_the_server_means_it_so(server, etag, headers, hashes) -> None:
    server.files["/a.zip"], server.etag, server.more["/a.zip"] = FILE, etag, headers
    assert ask(f"{server.address}/a.zip").hashes == hashes


def test_headers_of_a_station_on_the_way_count_and_the_method_stays(server) -> None:
    server.redirects["/resolve/a.nii.gz"] = f"{server.address}/store/1"
    server.more["/resolve/a.nii.gz"] = {"X-Linked-ETag": f'"{SHA256}"', "X-Linked-Size": "123456"}
    server.files["/store/1"] = FILE
    answer = ask(f"{server.address}/resolve/a.nii.gz")
    assert (answer.hashes, answer.size, answer.place) == ({"sha256": SHA256}, 123456, f"{server.address}/store/1")
    assert server.asked_with == ["HEAD", "HEAD"]


def test_token_goes_to_the_publisher_and_not_further(server) -> None:
    server.redirects["/a.zip"] = f"{server.address}/b.zip"
    server.files["/b.zip"] = FILE
    ask(f"{server.address}/a.zip", headers={"Authorization": "Bearer secret"})
    assert [headers.get("Authorization") for headers in server.headers] == ["Bearer secret", None]


def test_proxy_of_the_environment_is_used(server, monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.delenv("no_proxy")
    server.body = FILE
    answer = ask("http://publisher.example/a.zip")
    assert answer.size == len(FILE)
    assert server.paths == ["http://publisher.example/a.zip"]


def test_two_at_a_time_of_one_host_and_the_same_address_once(server, monkeypatch) -> None:
    gate, running, most = threading.Semaphore(0), [], []

    def wait(url: str, **_: object) -> addresses.Answer:
        running.append(url)
        most.append(len(running))
        gate.acquire(timeout=5)
        running.remove(url)
        return addresses.Answer(200, "OK")

    monkeypatch.setattr(addresses, "ask", wait)
    with Hosts.open() as hosts:
        waiting = [hosts.ask(f"http://one.example/{number % 6}") for number in range(12)]
        while len(running) < 2:
            time.sleep(0.001)
        for _ in range(6):
            gate.release()
        assert all(answer.result().state == 200 for answer in waiting)
    assert (max(most), len(most)) == (2, 6)


def test_host_that_does_not_answer_is_asked_no_further(monkeypatch) -> None:
    asked: list[str] = []

    def silent(url: str, **_: object) -> addresses.Answer:
        asked.append(url)
        return addresses.Answer(0 if "down" in url else 200, "no answer within 20 s")

    monkeypatch.setattr(addresses, "ask", silent)
    with Hosts.open() as hosts:
        down = [hosts.ask(f"http://down.example/{number}").result() for number in range(10)]
        up = hosts.ask("http://up.example/1").result()
    assert up.state == 200
    assert len([url for url in asked if "down" in url]) == addresses.SILENT
    assert down[-1].reason == "not asked: down.example does not answer"


def test_host_that_asks_for_fewer_requests_gets_none_more(server) -> None:
    server.body, server.states = FILE, [429]
    with Hosts.open() as hosts:
        answers = [hosts.ask(f"{server.address}/{number}").result() for number in range(4)]
    assert len(server.paths) == 1
    assert all("asks for fewer requests" in answer.reason for answer in answers[1:])
