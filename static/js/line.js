// The telephone line inside the sound card's own thread: microphone in as 20 ms mu-law frames, mu-law out to the ear.
// It plays what it gets in order, sends a mark back once all before it was heard, and forgets everything on "clear".

import { Resampler, decode, encode } from "./mulaw.js";

const LINE_HZ = 8000;
const FRAME = 160;

class Line extends AudioWorkletProcessor {
  constructor() {
    super();
    this.down = new Resampler(sampleRate, LINE_HZ);
    this.up = new Resampler(LINE_HZ, sampleRate);
    this.frame = new Uint8Array(FRAME);
    this.filled = 0;
    this.power = 0;
    this.pieces = []; // samples to play
    this.offset = 0; // how much of the first was played
    this.queued = 0;
    this.played = 0;
    this.marks = []; // { name, at }: at in samples queued so far
    this.playing = false;
    this.muted = false;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take(data) {
    if (data.audio) {
      const samples = this.up.push(Float32Array.from(data.audio, decode));
      this.pieces.push(samples);
      this.queued += samples.length;
    } else if (data.mark) {
      this.marks.push({ name: data.mark, at: this.queued });
    } else if (data.clear) {
      this.pieces = [];
      this.offset = 0;
      this.played = this.queued;
      this.tellMarks();
    } else if ("muted" in data) {
      this.muted = data.muted;
    }
  }

  process(inputs, outputs) {
    const microphone = inputs[0]?.[0];
    const ear = outputs[0][0];
    this.hear(microphone ?? new Float32Array(ear.length));
    this.play(ear);
    for (let channel = 1; channel < outputs[0].length; channel++) outputs[0][channel].set(ear);
    return true;
  }

  hear(samples) {
    for (const sample of this.down.push(samples)) {
      const heard = this.muted ? 0 : sample;
      this.power += heard * heard;
      this.frame[this.filled++] = encode(heard);
      if (this.filled === FRAME) {
        this.port.postMessage({ frame: this.frame.slice(), level: Math.sqrt(this.power / FRAME) });
        this.filled = 0;
        this.power = 0;
      }
    }
  }

  play(ear) {
    let done = 0;
    while (done < ear.length && this.pieces.length) {
      const piece = this.pieces[0];
      const count = Math.min(piece.length - this.offset, ear.length - done);
      ear.set(piece.subarray(this.offset, this.offset + count), done);
      this.offset += count;
      done += count;
      if (this.offset === piece.length) {
        this.pieces.shift();
        this.offset = 0;
      }
    }
    this.played += done;
    this.tellMarks();
    const playing = done > 0;
    if (playing !== this.playing) this.port.postMessage({ playing });
    this.playing = playing;
  }

  tellMarks() {
    while (this.marks.length && this.marks[0].at <= this.played) this.port.postMessage({ mark: this.marks.shift().name });
  }
}

registerProcessor("line", Line);
