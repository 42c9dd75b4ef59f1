// Scales: what real number an integer step stands for at every place. As quantize/rounding/scales.py, without FiLM.
import type { Ranges } from "./listening";
import type { Convolution, Layer, LayerArray } from "./nam";

export const INPUT_SCALE = 2 ** -15;
export const TABLE_SCALE = 2 ** -15;
const TANH_INPUT_SCALE = 1 / 6144;
const SIGMOID_INPUT_SCALE = 1 / 3072;
const INT16_MAX = 32767;
const HEADROOM = 2;
const BOUNDED_HEADROOM = 1.5;
const SUM_HEADROOM = 1.4;
export const OUTPUT_HEADROOM = 1.25;
const SKIP_SHIFT = 6;
const MAX_SKIP_WEIGHT = 64;
const GROWTH_LAYERS = [1, 2, 4, 8, 16, 32];
export const MIN_SHIFT = 17;
export const MAX_SHIFT = 46;

export interface ArrayPlan {
  streams: Float64Array[];
  streamShifts: Float64Array[];
  skip: Float64Array;
  outputs: Float64Array[];
  skipWeights: Float64Array[];
  skipShift: number;
  head: Float64Array;
  carry: Float64Array;
  carryWeight: Float64Array;
}

const most = (values: Float64Array) => values.reduce((a, b) => Math.max(a, b), 0);
const largest = (all: Float64Array[]) => all[0]!.map((_, i) => Math.max(...all.map((one) => one[i]!)));

export function fitInt16(peaks: Float64Array, headroom = HEADROOM): Float64Array {
  const floor = Math.max(most(peaks) * 1e-4, 1e-9);
  return peaks.map((peak) => (Math.max(peak, floor) * headroom) / INT16_MAX);
}

/** (rows,): what an accumulator's step stands for when each row's largest weight becomes 127. */
export function accumulatorScales(conv: Convolution, input: Float64Array): Float64Array {
  const fan = conv.kernel * conv.inputs;
  return Float64Array.from({ length: conv.rows }, (_, row) => {
    let top = conv.mixin === null ? 0 : Math.abs(conv.mixin[row]!) * INPUT_SCALE;
    for (let i = 0; i < fan; i++) top = Math.max(top, Math.abs(conv.weight[row * fan + i]! * input[i % conv.inputs]!));
    return top / 127;
  });
}

export function finestOutputScales(conv: Convolution, input: Float64Array): Float64Array {
  return accumulatorScales(conv, input).map((scale) => (scale * 2 ** MIN_SHIFT) / INT16_MAX);
}

const fixedOutput = (layer: Layer) => layer.activation === "tanh" || layer.activation === "sigmoid";

function powerOfTwo(ratio: Float64Array): Float64Array {
  return ratio.map((r) => 2 ** Math.min(Math.log2(MAX_SKIP_WEIGHT), Math.max(0, Math.ceil(Math.log2(r) - 1e-9))));
}

/** A residual stream's scales: each channel's own, growing by powers of two at some layers and never shrinking. */
function planStream(peaks: Float64Array[], headroom: number): Float64Array[] {
  const last = peaks.length - 1;
  const whole = fitInt16(largest(peaks), headroom);
  const finer = peaks.map((_, layer) => {
    const now = fitInt16(largest(peaks.slice(0, layer + 1)), headroom);
    return whole.map((scale, c) => Math.min(15, Math.max(0, Math.floor(Math.log2(scale / now[c]!) + 1e-9))));
  });
  const held = peaks.map((_, layer) => Math.max(0, ...GROWTH_LAYERS.filter((p) => p <= layer)));
  const until = held.map((place) => held.lastIndexOf(place, last));
  return peaks.map((_, layer) => whole.map((scale, c) => scale / 2 ** finer[until[layer]!]![c]!));
}

export function planArray(array: LayerArray, ranges: Ranges, index: number): ArrayPlan {
  const bounded = array.layers.every(fixedOutput);
  const streams = planStream(ranges.streams[index]!, bounded ? BOUNDED_HEADROOM : HEADROOM);
  const wanted = array.layers.map((layer, i) => {
    const fit = fitInt16(ranges.skips[index]![i]!);
    const finest = finestOutputScales(layer.conv, streams[i]!);
    return fit.map((scale, c) => Math.max(scale, finest[c]!));
  });
  const carried = index > 0 ? fitInt16(ranges.carries[index]!) : null;
  const head = fitInt16(ranges.heads[index]!);
  const top = largest(carried === null ? wanted : [...wanted, carried]);
  let skipShift = SKIP_SHIFT;
  let fixed = new Float64Array(array.channels).fill(1);
  let skip: Float64Array;
  if (array.layers.some(fixedOutput)) {
    let needed = head.map((scale, c) => Math.max(scale, top[c]!) / TABLE_SCALE);
    if (bounded && carried === null) {
      needed = needed.map((value) => Math.min((value * SUM_HEADROOM) / HEADROOM, array.layers.length));
    }
    skipShift = Math.max(skipShift, Math.ceil(Math.log2(most(needed))));
    fixed = needed.map((value) => Math.min(MAX_SKIP_WEIGHT, Math.max(1, Math.floor(2 ** skipShift / value))));
    skip = fixed.map((weight) => TABLE_SCALE / weight);
  } else {
    skip = head.map((scale, c) => Math.max(scale, top[c]!) / MAX_SKIP_WEIGHT);
  }
  const skipWeights = array.layers.map((layer, i) =>
    fixedOutput(layer) ? fixed : powerOfTwo(wanted[i]!.map((scale, c) => scale / skip[c]!)),
  );
  const carryWeight =
    carried === null ? new Float64Array(array.channels) : powerOfTwo(carried.map((scale, c) => scale / skip[c]!));
  return {
    streams,
    streamShifts: streams.slice(1).map((after, i) => after.map((scale, c) => Math.round(Math.log2(scale / streams[i]![c]!)))),
    skip,
    outputs: skipWeights.map((weights) => weights.map((w, c) => skip[c]! * w)),
    skipWeights,
    skipShift,
    head: skip.map((scale) => scale * 2 ** skipShift),
    carry: skip.map((scale, c) => scale * carryWeight[c]!),
    carryWeight,
  };
}

/** Scales of a layer's convolution outputs, which its activation prescribes. */
export function preActivationScale(layer: Layer, output: Float64Array): Float64Array {
  if (layer.activation === "tanh") return output.map(() => TANH_INPUT_SCALE);
  if (layer.activation === "sigmoid") return output.map(() => SIGMOID_INPUT_SCALE);
  return output;
}
