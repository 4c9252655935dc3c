"""What a run has done so far, question by question, so that an interrupted run goes on."""

import json
import logging
from pathlib import Path
from types import TracebackType
from typing import Any, Self

log = logging.getLogger(__name__)

Record = dict[str, Any]


class RecordLog:
    """Records in a JSONL file that only grows; the first line says which run they belong to.

    A file of another run, or of one that was finished, is begun anew. A last line that was cut
    off by a crash is dropped. The later record of a stage and a question counts, so what failed
    is tried again when a run goes on.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.records: dict[tuple[str, str], Record] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = self._read(fingerprint)
        # Written whole beside the old one first: a crash here must not cost what was done.
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(json.dumps({"run": fingerprint}) + "\n")
            file.writelines(_line(record) for record in kept)
        fresh.replace(path)
        self.resumed = len(kept)
        self.records = {(record["stage"], record["id"]): record for record in kept}
        self._file = path.open("a", encoding="utf-8")

    def done(self, stage: str, question_id: str) -> bool:
        """Whether the question has a record of that stage that is no failure."""
        record = self.records.get((stage, question_id))
        return record is not None and "error" not in record

    def append(self, record: Record) -> None:
        """Keep a record, which has a `stage` and an `id`; it is on the disk when this returns."""
        self._file.write(_line(record))
        self._file.flush()
        self.records[record["stage"], record["id"]] = record

    def finish(self) -> None:
        """Note that the run is complete, so that the next one with the same name begins anew."""
        self._file.write(json.dumps({"finished": True}) + "\n")
        self._file.flush()

    def of_stage(self, stage: str) -> list[Record]:
        """The records of one stage, in the order in which they were made."""
        return [record for (name, _), record in self.records.items() if name == stage]

    def counts(self) -> dict[str, dict[str, float]]:
        """For each stage how many records it has, how many of them failed, and its seconds."""
        stages: dict[str, dict[str, float]] = {}
        for (stage, _), record in self.records.items():
            counted = stages.setdefault(stage, {"asked": 0, "failed": 0, "seconds": 0.0})
            counted["asked"] += 1
            counted["failed"] += "error" in record
            counted["seconds"] += record.get("took", 0.0)
        return stages

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self, fingerprint: str) -> list[Record]:
        if not self.path.is_file():
            return []
        lines = read_lines(self.path)
        if not lines or lines[0].get("run") != fingerprint or lines[-1].get("finished"):
            return []
        latest = {(line["stage"], line["id"]): line for line in lines[1:]}
        return list(latest.values())


def read_lines(path: Path) -> list[Record]:
    """The objects of a record file up to the first line that is not whole."""
    lines: list[Record] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                value = json.loads(line)
            except json.JSONDecodeError:
                log.warning("%s: the last record was cut off and is made again.", path)
                break
            if not isinstance(value, dict):
                break
            lines.append(value)
    return lines


def read_records(path: Path) -> list[Record]:
    """The records of a run, for reports: the later one of a stage and a question."""
    records = {(line["stage"], line["id"]): line for line in read_lines(path) if "stage" in line}
    return list(records.values())


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"
