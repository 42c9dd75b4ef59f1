// The float network on real audio: how large every value gets, and what every convolution hears (its inputs' gram).
import type { Convolution, Layer, Network } from "./nam";

const GRAM_STRIDE = 8; // every so many frames count for a gram

/** Sums of products of a convolution's inputs: its taps, the dry sound where it has a mix-in, a constant one. */
export interface Heard {
  conv: Convolution;
  gram: Float64Array; // (n, n)
  n: number;
}

/** Largest magnitudes, channel by channel. */
export interface Ranges {
  streams: Float64Array[][];
  skips: Float64Array[][];
  heads: Float64Array[];
  carries: Float64Array[];
  output: number;
}

function peaks(samples: Float32Array, channels: number): Float64Array {
  const out = new Float64Array(channels);
  for (let i = 0; i < samples.length; i++) {
    const level = Math.abs(samples[i]!);
    if (level > out[i % channels]!) out[i % channels] = level;
  }
  return out;
}

/** x: [frame][input] -> [frame][row]. What lies before the first frame is as it: the state that silence leaves. */
function convolve(conv: Convolution, x: Float32Array, dry: Float32Array, heard: Heard[] | null): Float32Array {
  const { rows, inputs, kernel, dilation, weight, mixin, bias } = conv;
  const frames = dry.length;
  const fan = kernel * inputs;
  const n = fan + (mixin === null ? 0 : 1) + 1;
  const gram = new Float64Array(heard === null ? 0 : n * n);
  const window = new Float64Array(n);
  const out = new Float32Array(frames * rows);
  window[n - 1] = 1;
  for (let frame = 0; frame < frames; frame++) {
    for (let tap = 0; tap < kernel; tap++) {
      const from = Math.max(0, frame - (kernel - 1 - tap) * dilation) * inputs;
      for (let i = 0; i < inputs; i++) window[tap * inputs + i] = x[from + i]!;
    }
    if (mixin !== null) window[fan] = dry[frame]!;
    for (let row = 0; row < rows; row++) {
      let sum = bias[row]! + (mixin === null ? 0 : mixin[row]! * dry[frame]!);
      const at = row * fan;
      for (let i = 0; i < fan; i++) sum += weight[at + i]! * window[i]!;
      out[frame * rows + row] = sum;
    }
    if (heard === null || frame % GRAM_STRIDE !== 0) continue;
    for (let i = 0; i < n; i++) {
      const w = window[i]!;
      for (let j = i; j < n; j++) gram[i * n + j]! += w * window[j]!;
    }
  }
  if (heard === null) return out;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) gram[i * n + j] = gram[j * n + i]!;
  heard.push({ conv, gram, n });
  return out;
}

function activate(layer: Layer, x: Float32Array): Float32Array {
  if (layer.activation === "tanh") return x.map(Math.tanh);
  if (layer.activation === "sigmoid") return x.map((value) => 1 / (1 + Math.exp(-value)));
  if (layer.activation === "leaky_relu") return x.map((value) => (value < 0 ? layer.slope * value : value));
  return x;
}

/** Runs the network over audio. The grams stand in the order in which a .grit has its convolutions; where none are asked
 * for, none are taken. */
export function listen(
  network: Network,
  audio: Float32Array,
  told: (share: number) => void,
  heard: Heard[] | null = [],
): { ranges: Ranges; heard: Heard[]; output: Float32Array } {
  const ranges: Ranges = { streams: [], skips: [], heads: [], carries: [], output: 0 };
  const count = network.arrays.reduce((sum, array) => sum + array.layers.length, 0);
  let stream = audio;
  let carry: Float32Array | null = null;
  let done = 0;
  network.arrays.forEach((array, a) => {
    const last = a + 1 === network.arrays.length;
    const { channels } = array;
    stream = convolve(array.rechannel, stream, audio, heard);
    ranges.streams.push([peaks(stream, channels)]);
    ranges.skips.push([]);
    const skips: Float32Array = carry ?? new Float32Array(audio.length * channels);
    array.layers.forEach((layer, i) => {
      const z = activate(layer, convolve(layer.conv, stream, audio, heard));
      ranges.skips[a]!.push(peaks(z, channels));
      for (let s = 0; s < z.length; s++) skips[s]! += z[s]!;
      if (!(last && i + 1 === array.layers.length)) {
        const added = convolve(layer.residual, z, audio, heard);
        const before = stream;
        stream = added.map((value, s) => value + before[s]!);
        ranges.streams[a]!.push(peaks(stream, channels));
      }
      told(++done / count);
    });
    ranges.heads.push(peaks(skips, channels));
    carry = convolve(array.head, skips, audio, heard);
    if (!last) ranges.carries.push(peaks(carry, array.head.rows));
  });
  ranges.carries.unshift(new Float64Array(0));
  ranges.output = peaks(carry!, 1)[0]!;
  return { ranges, heard: heard ?? [], output: carry! };
}
