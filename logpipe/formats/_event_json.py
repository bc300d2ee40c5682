"""One ``<Event>`` element as the line of JSON that the ``evtx`` reader gives for the same record.

So the rows of an export and of the ``.evtx`` it came from are made by one load SQL, and are equal.
"""

import json
import re
from collections import Counter
from typing import Any

from logpipe.formats._xml_piece import Element

NUMBERS = {"Version", "Level", "Task", "Opcode", "EventRecordID"}
SYSTEM = {"Provider", "TimeCreated", "Correlation", "Execution", "Security"}  # only attributes
PAYLOAD = {"BinaryEventData", "DebugData", "ProcessingErrorData", "RenderingInfo"}
# the evtx reader gives microseconds: a seventh digit would make another time of the same record
FRACTION = re.compile(r"(\.\d{6})\d+")


def event_json(event: Element) -> str:
    """Return the JSON text of an event, without line end; ValueError where it has no System."""
    system = event.child("System")
    if system is None:
        raise ValueError("no System element")
    parts = [f'"System":{_dump(_system(system))}']
    rendering = event.child("RenderingInfo")
    user = event.child("UserData")
    for child in event.children:
        if child.name == "EventData":
            parts.append(f'"EventData":{_event_data(child)}')
        elif child.name in PAYLOAD and not (child is rendering and user):
            parts.append(f'"{child.name}":{_dump(plain(child))}')
    if user is not None:
        content = plain(user)
        if rendering is not None:  # the load SQL takes one payload
            content = {
                **(content if isinstance(content, dict) else {"#text": content}),
                "RenderingInfo": plain(rendering),
            }
        parts.append(f'"UserData":{_dump(content)}')
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
            found[child.name] = _number(text) if child.name in NUMBERS | {"EventID"} else text
    return found


def _attributes(element: Element) -> dict[str, Any]:
    return {
        name: FRACTION.sub(r"\1", value) if name == "SystemTime" else value
        for name, value in element.attributes.items()
    }


def _number(text: str) -> int | str | None:
    """Return a number as such, so that the load SQL can cut it out of the JSON text."""
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else text or None


def _event_data(data: Element) -> str:
    """Return the strings by name, in order; a name may come twice, so no dict can hold them."""
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
    if not pairs and data.text.strip():
        return _dump(data.text)
    return "{" + ",".join(f"{_dump(name)}:{_dump(value)}" for name, value in pairs) + "}"


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


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
