"""An event file as TensorBoard's own writer writes it, and what TensorBoard's own reader finds in a file.

    python test/oracles/tensorboard_events.py              writes src/runs/fixtures/tensorboard.json
    python test/oracles/tensorboard_events.py RUN/tb       prints the scalars that TensorBoard sees in a folder

Needs tensorboard 2.21.0, which needs no TensorFlow.
"""

import base64
import io
import json
import sys
import tempfile
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

FIXTURE = Path(__file__).resolve().parents[2] / "src" / "runs" / "fixtures" / "tensorboard.json"
EVENTS = [
    {"time": 1795415157.25, "step": 0, "scalars": {"train/loss": 0.1}},
    {"time": 1795415158.5, "step": 1, "scalars": {"train/loss": -0.0, "train/gradient_norm": 1e-30}},
    {"time": 1795415159.0, "step": 127, "scalars": {"eval/success_rate": 1}},
    {"time": 1795415160.125, "step": 128, "scalars": {"größe/≥": 3.4e38, "eval/" + "x" * 200: 2}},
    {"time": 1795415161.0, "step": 2**40 + 5, "scalars": {"rollout/ep_rew_mean": -12.75}},
]


class Buffer(io.BytesIO):
    def close(self):
        pass


def written() -> bytes:
    out = Buffer()
    writer = RecordWriter(out)
    writer.write(Event(wall_time=EVENTS[0]["time"], file_version="brain.Event:2").SerializeToString())
    for event in EVENTS:
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in event["scalars"].items()]
        proto = Event(wall_time=event["time"], step=event["step"], summary=Summary(value=values))
        writer.write(proto.SerializeToString())
    writer.flush()
    return out.getvalue()


def seen(folder: str) -> dict:
    accumulator = EventAccumulator(folder, size_guidance={"scalars": 0})
    accumulator.Reload()
    tags = accumulator.Tags()["scalars"]
    return {tag: [[event.step, event.value] for event in accumulator.Scalars(tag)] for tag in tags}


if len(sys.argv) > 1:
    print(json.dumps(seen(sys.argv[1])))
else:
    file = written()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "events.out.tfevents.sodp").write_bytes(file)
        assert set(seen(folder)) == {tag for event in EVENTS for tag in event["scalars"]}
    FIXTURE.write_text(json.dumps({"events": EVENTS, "file": base64.b64encode(file).decode()}, indent=2) + "\n")
