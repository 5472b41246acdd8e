"""TensorBoard event files, written without torch or TensorFlow. Nothing reaches a network."""

from __future__ import annotations

import re
import struct
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from synth_eval.report.trackers.material import STEPS, Material

RGBA = 4
PNG_SIZE = slice(16, 24)  # width and height in the header of a PNG file


def log(material: Material, folder: str) -> str:
    """A run for each place of the grid below ``<folder>/<family>/<time of the comparison>``, and one for the report.

    A comparison that is there already is not written again: its points would be drawn twice.
    """
    root = Path(folder) / _file_name(material.family) / _file_name(material.created)
    if any(root.rglob("events.out.tfevents.*")):
        return f"{root} holds this comparison already, nothing written"
    numbers = 0
    for series in material.series:
        writer = _Writer(root / _file_name(series.place))
        for ratio, values in series.points:
            for name, value in values.items():
                writer.scalar(name, value, round(STEPS * ratio))
                numbers += 1
        for name, value in series.final.items():
            writer.scalar(name, value, 0)
        writer.close()
    writer = _Writer(root / "report")
    writer.text("report", material.text)
    for name, path in material.figures.items():
        writer.image(name, path.read_bytes())
    writer.close()
    axis = f"step {STEPS} is ratio 1"
    return f"{numbers} numbers ({axis}) and {len(material.figures)} figures in {root}; tensorboard --logdir {folder}"


class _Writer:
    """One run."""

    def __init__(self, folder: Path) -> None:
        self._file = EventFileWriter(str(folder))

    def scalar(self, name: str, value: float, step: int) -> None:
        self._add(Summary.Value(tag=name, simple_value=value), step)

    def image(self, name: str, png: bytes) -> None:
        width, height = struct.unpack(">II", png[PNG_SIZE])
        image = Summary.Image(encoded_image_string=png, width=width, height=height, colorspace=RGBA)
        self._add(Summary.Value(tag=name, image=image), 0)

    def text(self, name: str, markdown: str) -> None:
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        tensor = TensorProto(dtype="DT_STRING", string_val=[markdown.encode()], tensor_shape=shape)
        kind = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
        self._add(Summary.Value(tag=f"{name}/text_summary", metadata=kind, tensor=tensor), 0)

    def _add(self, value: Summary.Value, step: int) -> None:
        self._file.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))

    def close(self) -> None:
        self._file.close()


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", text).strip("-.") or "unnamed"
