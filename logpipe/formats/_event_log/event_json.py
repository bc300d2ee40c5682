"""One ``<Event>`` element as the line of JSON that the ``evtx`` reader gives for the same record.

So the rows of an export and of the ``.evtx`` it came from are made by one load SQL, and are equal.
"""

import json
import re
from collections import Counter
from typing import Any

from logpipe.formats._export.xml_piece import Element

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
NUMBERS = {"EventID", "Version", "Level", "Task", "Opcode", "EventRecordID"}
SYSTEM = {"Provider", "TimeCreated", "Correlation", "Execution", "Security"}  # only attributes
PAYLOAD = {"BinaryEventData", "DebugData", "ProcessingErrorData", "RenderingInfo"}
# the evtx reader gives microseconds: a seventh digit would make another time of the same record
FRACTION = re.compile(r"(\.\d{6})\d+")


def event_json(event: Element) -> str:
    """Return the JSON text of an event, without line end; ValueError where it has no System."""
    system = event.child("System")
    if system is None:
        raise ValueError("no System element")
    content: dict[str, Any] = {"System": _system(system)}
    twice: list[tuple[str, Any]] = []
    data = event.child("EventData")
    if data is not None:
        pairs = _event_data(data)
        content["EventData"] = dict(pairs) if pairs else data.text if data.text.strip() else {}
        twice = pairs if len(dict(pairs)) < len(pairs) else []
    content.update(_payload([c for c in event.children if c is not system and c is not data]))
    return _text(content, twice)


def _payload(elements: list[Element]) -> dict[str, Any]:
    """Return what stands beside the strings; the load SQL takes one UserData, or the others."""
    found: dict[str, Any] = {}
    for element in elements:
        name = element.name
        while name in found:
            name += "_1"
        found[name] = plain(element)
    if set(found) <= PAYLOAD:
        return found
    user = found.pop("UserData", {})
    return {"UserData": {**(user if isinstance(user, dict) else {"#text": user}), **found}}


def _text(content: dict[str, Any], twice: list[tuple[str, Any]]) -> str:
    """Return the JSON text; names of strings that come twice are all written, as no dict could."""
    if not twice:
        return encode({"Event": content})
    data = ",".join(f"{encode(name)}:{encode(value)}" for name, value in twice)
    parts = [f"{encode(name)}:{encode(v)}" for name, v in content.items() if name != "EventData"]
    parts.append(f'"EventData":{{{data}}}')
    return f'{{"Event":{{{",".join(parts)}}}}}'


def _system(system: Element) -> dict[str, Any]:
    """Return the System part in the reader's shape: an id with qualifiers is an object."""
    found: dict[str, Any] = {}
    for child in system.children:
        text = child.text.strip()
        if child.name in SYSTEM:
            found[child.name] = {"#attributes": _attributes(child)} if child.attributes else None
        elif child.name == "EventID" and child.attributes.get("Qualifiers"):
            qualifiers = {"Qualifiers": _number(child.attributes["Qualifiers"])}
            found["EventID"] = {"#attributes": qualifiers, "#text": _number(text)}
        else:
            found[child.name] = _number(text) if child.name in NUMBERS else text
    return found


def _attributes(element: Element) -> dict[str, str]:
    if "SystemTime" not in element.attributes:
        return element.attributes
    return {"SystemTime": FRACTION.sub(r"\1", element.attributes["SystemTime"])}


def _number(text: str) -> int | str | None:
    """Return a number as such, so that the load SQL can cut it out of the JSON text."""
    if text.isdecimal() and text.isascii() and len(text) < 20:  # noqa: PLR2004 - 64 bits
        return int(text)
    return text or None


def _event_data(data: Element) -> list[tuple[str, Any]]:
    """Return the strings by name, in order; a name may come twice."""
    unnamed = [
        _value(child)
        for child in data.children
        if child.name == "Data" and "Name" not in child.attributes
    ]
    pairs: list[tuple[str, Any]] = []
    seen = Counter[str]()
    if unnamed:
        pairs.append(("Data", {"#text": unnamed if len(unnamed) > 1 else unnamed[0]}))
    for child in data.children:
        if child.name == "Data" and "Name" in child.attributes:
            pairs.append((child.attributes["Name"], _value(child)))
        elif child.name != "Data":
            before = seen[child.name]
            pairs.append((f"{child.name}_{before}" if before else child.name, plain(child)))
            seen[child.name] += 1
    return pairs


def _value(element: Element) -> Any:
    """Return the text of one string, or what stands below it; line ends alone are no text."""
    if element.children:
        return plain(element)
    return "" if "\n" in element.text and not element.text.strip() else element.text


def plain(element: Element) -> Any:
    """Return any element as JSON: its text, or an object of attributes, text and children."""
    text = element.text.strip()
    if not element.attributes and not element.children:
        return text or None
    found: dict[str, Any] = {}
    if element.attributes:
        found["#attributes"] = element.attributes
    if text:
        found["#text"] = text
    for child in element.children:
        value = plain(child)
        if child.name not in found:
            found[child.name] = value
        elif isinstance(found[child.name], list):
            found[child.name].append(value)
        else:
            found[child.name] = [found[child.name], value]
    return found
