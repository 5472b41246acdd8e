"""TensorBoard event files, written without torch or TensorFlow. Nothing reaches a network."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Sequence
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
        points = [(ratio, name, value) for ratio, values in series.points for name, value in values.items()]
        drawn = [(Summary.Value(tag=name, simple_value=value), round(STEPS * ratio)) for ratio, name, value in points]
        final = [(Summary.Value(tag=name, simple_value=value), 0) for name, value in series.final.items()]
        _write(root / _file_name(series.place), [*drawn, *final])
        numbers += len(points)
    figures = [(_image(name, path.read_bytes()), 0) for name, path in material.figures.items()]
    _write(root / "report", [(_text("report", material.text), 0), *figures])
    axis = f"step {STEPS} is ratio 1"
    return f"{numbers} numbers ({axis}) and {len(material.figures)} figures in {root}; tensorboard --logdir {folder}"


def _write(folder: Path, values: Sequence[tuple[Summary.Value, int]]) -> None:
    """One run: values at their steps."""
    writer = EventFileWriter(str(folder))
    for value, step in values:
        writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))
    writer.close()


def _image(name: str, png: bytes) -> Summary.Value:
    width, height = struct.unpack(">II", png[PNG_SIZE])
    image = Summary.Image(encoded_image_string=png, width=width, height=height, colorspace=RGBA)
    return Summary.Value(tag=name, image=image)


def _text(name: str, markdown: str) -> Summary.Value:
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype="DT_STRING", string_val=[markdown.encode()], tensor_shape=shape)
    kind = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    return Summary.Value(tag=f"{name}/text_summary", metadata=kind, tensor=tensor)


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", text).strip("-.") or "unnamed"
