"""Bad as a whole: encodings, JSON, sizes, binary mode."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

from tests.corpus.words import GOOD, PAD, Bad, good


def encodings() -> Iterator[Bad]:
    text = json.dumps(good("encoding"))
    for name, body in {
        "empty": "",
        "blank": " \n",
        "open brace": "{",
        "close brace": "}",
        "cut in a name": text[:20],
        "cut in a value": text[:90],
        "last brace gone": text[:-1],
        "byte order mark": "\ufeff" + text,
        "something behind": text + "x",
        "two documents": text + text,
        "single quotes": text.replace('"', "'"),
        "comment": "/* hello */" + text,
        "trailing comma": text[:-1] + ",}",
        "not a number": text[:-1] + ',"x":NaN}',
        "infinite": text[:-1] + ',"x":Infinity}',
        "infinite below": text[:-1] + ',"x":-Infinity}',
        "lone surrogate escaped": text[:-1] + ',"x":"\\ud800"}',
        "control character raw": text.replace("m1", "m\x01"),
        "leading zero": text[:-1] + ',"x":01}',
        "nested too deep": text[:-1] + ',"x":' + "[" * 300 + "]" * 300 + "}",
        "number of five thousand digits": text[:-1] + ',"x":' + "9" * 5000 + "}",
        "xml": "<event/>",
        "nothing but NUL": "\0" * 40,
    }.items():
        yield name, "not_json", {}, body
    for name, raw in {
        "latin 1": text.replace("m1", "mé").encode("latin-1"),
        "utf 16": text.encode("utf-16"),
        "overlong": text.encode().replace(b"m1", b"\xc0\x80"),
        "surrogate raw": text.encode().replace(b"m1", b"\xed\xa0\x80"),
        "compressed": gzip.compress(text.encode(), mtime=0),
        "all ones": b"\xff" * 64,
    }.items():
        yield name, "not_utf8", {}, raw
    for name, body in {"null": "null", "true": "true", "a number": "17", "a text": '"hello"'}.items():
        yield f"only {name}", "not_an_object", {}, body
    yield "empty array", "not_an_object", {}, "[]"
    yield "a batch", "not_an_object", {}, f"[{text}]"


def repeated() -> Iterator[Bad]:
    text = json.dumps(good("repeated"))
    yield "id twice", "member_repeated", {}, '{"id":"other",' + text[1:]
    yield "data twice", "member_repeated", {}, text[:-1] + ',"data":{}}'
    yield "uid twice", "member_repeated", {}, text.replace('"uid": "m1"', '"uid": "m1", "uid": "m2"')
    yield (
        "uid twice and spaced",
        "member_repeated",
        {},
        text.replace('"uid": "m1"', '"uid" : "m1", "uid"\n: "m2"'),
    )
    yield "twice in an unknown member", "member_repeated", {}, text[:-1] + ',"x":{"a":1,"a":2}}'
    yield "twice by an escape", "member_repeated", {}, text.replace('"uid"', '"\\u0075id": "m0", "uid"')


def sizes() -> Iterator[Bad]:
    for name, message in {
        "too large by a member": {**good("large"), "x": PAD},
        "too large by data": good("large data", title=PAD),
        "too large by its uid": good("large uid", uid=PAD),
    }.items():
        yield name, "too_large", {}, json.dumps(message)
    yield "too large and no json", "too_large", {}, PAD
    yield "too large and binary", "too_large", binary("too large and binary"), json.dumps({"title": PAD})


def binary(name: str, **headers: str) -> dict[str, str]:
    attributes = {f"ce-{key}": value for key, value in GOOD.items() if isinstance(value, str)} | {
        "ce-id": name
    }
    return attributes | {"content-type": "application/json"} | headers


def binaries() -> Iterator[Bad]:
    data = json.dumps(GOOD["data"])

    def without(header: str) -> dict[str, str]:
        headers = binary(f"binary without {header}")
        del headers[header]
        return headers

    for member in ("specversion", "id", "source", "time", "type"):
        yield f"binary without {member}", f"member_missing:{member}", without(f"ce-{member}"), data
    yield (
        "binary of text",
        "member_invalid:datacontenttype",
        binary("text", **{"content-type": "text/plain"}),
        data,
    )
    yield "binary and empty", "not_json", binary("binary and empty"), ""
    yield "binary that breaks out", "not_json", binary("breaks out"), data + ',"source":"/other"'
    yield "binary twice", "member_repeated", binary("binary twice"), data[:-1] + ',"uid":"m2"}'
    yield "binary and not utf 8", "not_utf8", binary("not utf 8"), b'{"uid":"\xff"}'
    yield "binary list", "member_invalid:data", binary("binary list"), f"[{data}]"
