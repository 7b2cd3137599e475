// G.711 mu-law and sample rates, for the telephone in the page. Pure: numbers in, numbers out.

const BIAS = 0x84;
const CLIP = 8158;

const DECODED = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + BIAS) << ((bits & 0x70) >> 4);
  return (bits & 0x80 ? BIAS - magnitude : magnitude - BIAS) / 32768;
});

/** One mu-law byte as a sample from -1 to 1. */
export const decode = (code) => DECODED[code];

/** A sample from -1 to 1 as one mu-law byte. */
export function encode(sample) {
  const level = Math.round(Math.max(-1, Math.min(1, sample)) * 32767) >> 2; // G.711 knows 14 bits
  const value = Math.min(Math.abs(level), CLIP) + (BIAS >> 2);
  const exponent = Math.max(0, 26 - Math.clz32(value));
  return ~((level < 0 ? 0x80 : 0) | (exponent << 4) | ((value >> (exponent + 1)) & 0x0f)) & 0xff;
}

const CROSSINGS = 12; // zero crossings of the windowed sinc on each side
const STEPS = 256; // entries of its table between two of them

const KERNEL = Float32Array.from({ length: CROSSINGS * STEPS + 2 }, (_, i) => {
  const x = i / STEPS;
  if (x === 0) return 1;
  if (x >= CROSSINGS) return 0;
  const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / CROSSINGS);
  return (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
});

/** Streams samples from one rate to another through a windowed sinc; keeps what it needs between pieces. */
export class Resampler {
  constructor(from, to) {
    this.step = from / to; // input samples for each output sample
    this.scale = Math.min(1, to / from) * 0.94; // of the lower rate's band
    this.reach = Math.ceil(CROSSINGS / this.scale);
    this.kept = new Float32Array(this.reach * 2);
    this.at = this.reach; // where in `kept` + input the next output lies
  }

  /** The output that `input` makes possible. */
  push(input) {
    const all = new Float32Array(this.kept.length + input.length);
    all.set(this.kept);
    all.set(input, this.kept.length);
    const output = [];
    while (this.at + this.reach < all.length) {
      output.push(this.sum(all));
      this.at += this.step;
    }
    const done = Math.max(0, Math.floor(this.at) - this.reach);
    this.kept = all.slice(done);
    this.at -= done;
    return Float32Array.from(output);
  }

  sum(samples) {
    const middle = Math.floor(this.at);
    let total = 0;
    for (let n = middle - this.reach + 1; n <= middle + this.reach; n++) {
      const place = Math.abs(n - this.at) * this.scale * STEPS;
      if (place < CROSSINGS * STEPS) total += samples[n] * KERNEL[Math.round(place)];
    }
    return total * this.scale;
  }
}
