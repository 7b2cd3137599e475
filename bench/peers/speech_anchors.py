"""Other people's speech detectors on the same lines; runs in an environment of its own, never in ours.

    python speech_anchors.py DIRECTORY

Reads every `*.ulaw` there and writes `anchors.json`: per detector and file one value per 20 ms frame, and the
processor time per frame. It imports nothing of this project. Silero's model file comes inside its wheel; its
256-sample (32 ms) answers are given to the frames whose middle they contain.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import webrtcvad

FRAME = 160
CHUNK = 256
CONTEXT = 32


def decode(data: bytes) -> np.ndarray[Any, np.dtype[np.int16]]:
    """G.711 mu-law to 16 bit."""
    code = ~np.frombuffer(data, np.uint8)
    magnitude = ((((code & 0x0F).astype(np.int32) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def silero_model() -> onnxruntime.InferenceSession:
    """The ONNX file of the installed package, found without importing it (importing needs torch)."""
    path = next(Path(p) / "silero_vad/data/silero_vad.onnx" for p in sys.path if (Path(p) / "silero_vad").is_dir())
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_silero(session: onnxruntime.InferenceSession, pcm: np.ndarray[Any, Any]) -> list[float]:
    samples = pcm.astype(np.float32) / 32768
    state = np.zeros((2, 1, 128), np.float32)
    context: np.ndarray[Any, Any] = np.zeros(CONTEXT, np.float32)
    rate = np.array(8000, np.int64)
    chunks = []
    for start in range(0, len(samples) - CHUNK + 1, CHUNK):
        chunk = samples[start : start + CHUNK]
        sound = np.concatenate((context, chunk))[None, :]
        answer, state = session.run(None, {"input": sound, "state": state, "sr": rate})
        context = chunk[-CONTEXT:]
        chunks.append(float(answer[0, 0]))
    middles = (np.arange(len(pcm) // FRAME) * FRAME + FRAME // 2) // CHUNK
    return [round(chunks[min(i, len(chunks) - 1)], 4) for i in middles.tolist()]


def run_webrtc(mode: int, pcm: np.ndarray[Any, Any]) -> list[float]:
    vad = webrtcvad.Vad(mode)
    data = pcm.tobytes()
    step = 2 * FRAME
    return [float(vad.is_speech(data[i : i + step], 8000)) for i in range(0, len(data) - step + 1, step)]


def main(directory: Path) -> None:
    session = silero_model()
    detectors = {
        "silero": lambda pcm: run_silero(session, pcm),
        "webrtcvad-3": lambda pcm: run_webrtc(3, pcm),
    }
    answers: dict[str, Any] = {name: {"values": {}, "us_per_frame": 0.0} for name in detectors}
    for name, detect in detectors.items():
        frames = 0
        started = time.process_time()
        for path in sorted(directory.glob("*.ulaw")):
            values = detect(decode(path.read_bytes()))
            answers[name]["values"][path.stem] = values
            frames += len(values)
        answers[name]["us_per_frame"] = (time.process_time() - started) / max(1, frames) * 1e6
    (directory / "anchors.json").write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
