"""Lines of queue and memory beside incidents, and the charts drawn of them."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from xml.etree import ElementTree as ET

import pytest

from logpipe.analyze import build_report
from logpipe.errors import LogpipeError
from logpipe.report._steps import runs
from logpipe.report.charts import chart_names, chart_spec, chart_title, charts, render_chart
from logpipe.series import all_series
from logpipe.store import Connection, open_store
from tests.diagnosis import START, at, detected
from tests.test_report import (
    PAYLOADS,
    finding,
    full_report,
    incident,
    payload_reports,
    report,
    series,
)
from tests.waiting_mail import RESTART, relay

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with detected(tmp_path_factory.mktemp("relay"), relay()) as con:
        rows = [
            (process, measure, at(0, hour), (100 + hour + rise * hour) * 1048576)
            for process, measure, rise in (
                ("inetinfo", "private", 1),
                ("inetinfo", "working", 9),
                ("store", "working", 2),
                ("other", "private", 50),
                (None, "available", 1),
            )
            for hour in range(140)
            if not 50 <= hour < 60
        ]
        con.executemany(
            "INSERT INTO memory_hour (host, process, measure, hour, value, first_ts, last_ts)"
            " VALUES ('GW1', ?, ?, ?, ?, ?, ?)",
            [(*row, row[2], row[2]) for row in rows],
        )
        yield con


def of_kind(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in lines if one["kind"] == kind]


def test_the_queue_beside_an_incident_rises_and_falls_with_what_it_tells(con: Connection) -> None:
    (idle,) = [i for i in build_report(con)["incidents"] if i["rule"] == "idle-until-restart"]
    (queue,) = of_kind(idle["series"], "queue")
    assert (queue["host"], queue["unit"]) == ("GW1", "messages")
    assert queue["step_h"] == 1
    values = dict(queue["points"])
    freed = RESTART.isoformat(timespec="seconds") + "Z"
    assert values[at(1, 9).isoformat() + "Z"] == 3
    assert values[freed] == max(values.values()) == 4
    assert values[at(4, 8).isoformat() + "Z"] == 0  # some of what came after is drawn, too
    assert min(values) < idle["started_at"]


def test_lines_of_all_time_stand_beside_the_incidents(con: Connection) -> None:
    told = build_report(con)["series"]
    assert [one["kind"] for one in told] == ["queue", "memory", "memory", "late"]
    assert sum(value for _, value in of_kind(told, "late")[0]["points"]) == 4
    assert all(len(one["points"]) <= 200 for one in told)


def test_memory_is_of_the_processes_of_the_service_then_of_mail_by_their_best_counter(
    con: Connection,
) -> None:
    (idle,) = [i for i in build_report(con)["incidents"] if i["rule"] == "idle-until-restart"]
    own, next_best = of_kind(idle["series"], "memory")
    assert own["name"] == "Private bytes of inetinfo"
    assert next_best["name"] == "Working set of store"
    assert own["unit"] == "MiB"
    first, value = own["points"][0]
    hours = (at(1, 12).isoformat() + "Z", 100 + 2 * 36)
    assert dict(own["points"])[hours[0]] == hours[1]
    assert first < idle["started_at"]
    assert value < own["points"][-1][1]


def test_hours_of_which_nothing_is_known_are_holes_not_zeros(con: Connection) -> None:
    (memory, _) = of_kind(all_series(con)[None], "memory")
    lasting = [{**memory, "points": [[ts.isoformat() + "Z", v] for ts, v in memory["points"]]}]
    assert [run[0][0].replace(tzinfo=None) for run in runs(lasting[0])] == [START, at(0, 60)]


def test_incidents_for_information_get_no_lines(con: Connection) -> None:
    con.execute("BEGIN")
    con.execute("UPDATE finding SET severity = 'info'")
    assert {i["severity"] for i in build_report(con)["incidents"]} == {"info"}
    assert not any(i["series"] for i in build_report(con)["incidents"])
    con.execute("ROLLBACK")


def test_a_store_that_was_never_asked_has_no_lines(tmp_path: Path) -> None:
    with open_store(tmp_path / "fresh.duckdb") as con:
        assert all_series(con) == {}


def lined() -> dict[str, Any]:
    """Return a report with every kind of line."""
    memory = series(kind="memory", name="Private bytes of store", unit="MiB")
    late = series(kind="late", name="Late messages")
    told = [incident(series=[series(), memory]), incident(id="b", severity="low", ended_at=None)]
    return report(*told) | {"series": [series(), series(host="GW2"), memory, late]}


def test_a_report_has_the_charts_that_it_has_data_for() -> None:
    assert chart_names(report()) == []
    assert chart_names(report(incident(severity="info"))) == []
    assert chart_names(report(incident())) == ["incidents", "timeline-idle-until-restart-GW1-1"]
    names = ["incidents", "queue", "late", "memory"]
    timelines = ["timeline-idle-until-restart-GW1-1", "timeline-b"]
    assert chart_names(lined()) == names + timelines
    assert chart_names(report(incident(id="../etc/passwd"))) == ["incidents"]


def test_each_chart_has_a_title_and_is_told_by_it() -> None:
    titles = [chart_title(lined(), name) for name in chart_names(lined())]
    assert titles[0] == "Incidents above info"
    assert titles[-1] == "112 messages lay idle until the SMTP service was restarted, GW1"
    assert len(set(titles[:5])) == 5


def test_a_chart_that_is_not_there_is_one_line() -> None:
    with pytest.raises(LogpipeError, match="no such chart"):
        chart_spec(report(), "queue")


def test_without_the_extra_one_line_says_what_to_install() -> None:
    with (
        mock.patch.dict("sys.modules", vl_convert=None),
        pytest.raises(LogpipeError, match=r"^charts need vl-convert-python: run 'uv sync --extra"),
    ):
        render_chart(lined(), "queue")


def test_every_chart_says_that_its_times_are_utc_and_what_each_panel_is() -> None:
    told = lined()
    for name in chart_names(told):
        assert '"title": "UTC"' in json.dumps(chart_spec(told, name))
    panels = chart_spec(told, "timeline-idle-until-restart-GW1-1")["vconcat"][1:]
    assert [panel["title"]["text"] for panel in panels] == [
        "Messages waiting in the queue, counted at full hours", "Memory of mail processes",
    ]  # fmt: skip


def test_a_host_that_the_title_names_is_not_named_again() -> None:
    told = report(incident(id="a", title="SMTPSVC restarted on GW1"))
    assert chart_title(told, "timeline-a") == "SMTPSVC restarted on GW1"
    (row,) = chart_spec(told, "incidents")["data"]["values"]
    assert row["name"] == "1. SMTPSVC restarted on GW1"


def test_lines_are_cut_where_nothing_is_known_and_restarts_stand_in_them() -> None:
    again = finding(role="restart", ts="2007-09-03T07:30:00Z")
    told = lined()
    told["incidents"][0]["findings"] += [again, again]
    first, _ = chart_spec(told, "queue")["vconcat"]
    line, restarts = first["layer"]
    nothing = [row["at"] for row in line["data"]["values"] if row["value"] is None]
    assert nothing == ["2007-09-03T08:00:00Z", "2007-09-03T14:00:00Z"]
    assert restarts["data"]["values"] == [{"at": "2007-09-03T07:30:00Z"}]


def test_every_chart_is_an_svg_and_a_png_the_same_each_time() -> None:
    pytest.importorskip("vl_convert")
    told = lined()
    for name, title, drawn in charts(told):
        root = ET.fromstring(drawn)  # noqa: S314 - our own
        assert root.tag == f"{SVG}svg"
        words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
        assert title[:20] in words
        assert render_chart(told, name) == drawn
    png = render_chart(told, "queue", "png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert 1200 < width < 2000
    assert height > 300


def test_a_payload_is_text_in_a_chart_and_nothing_else() -> None:
    pytest.importorskip("vl_convert")
    own = set()
    for _, _, drawn in charts(lined()):
        own |= {one.tag for one in ET.fromstring(drawn).iter()}  # noqa: S314
    whole = full_report()
    for payload in PAYLOADS[:12]:
        for one in [*whole["series"], *whole["incidents"][0]["series"]]:
            one.update(name=payload, unit=payload, host=payload)
        whole["incidents"][0].update(title=payload, host=payload)
        for name in ("incidents", "queue"):
            root = ET.fromstring(render_chart(whole, name))  # noqa: S314
            assert {one.tag for one in root.iter()} <= own
            assert not [key for one in root.iter() for key in one.attrib if key.startswith("on")]


def test_a_spec_is_made_of_any_report() -> None:
    for hostile in payload_reports():
        for name in chart_names(hostile):
            chart_spec(hostile, name)
