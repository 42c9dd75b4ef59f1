// Float weights -> int8 weights and multipliers, given the scales. Errors are rounded so that they cancel in what the
// convolution hears. Source: Frantar et al., "GPTQ", 2022. As quantize/rounding/convert.py and weights.py.
import type { Heard } from "./listening";
import { accumulatorScales, INPUT_SCALE, MAX_SHIFT, MIN_SHIFT } from "./scales";
import { NamError } from "./nam";

export interface IntegerConvolution {
  rows: number;
  inputs: number;
  kernel: number;
  dilation: number;
  shift: number;
  weight: Int8Array; // [row][tap][input]
  mixin: Int8Array | null;
  bias: Int32Array;
  multiplier: Int16Array;
}

const DAMPING = 1e-4;

function inverse(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice();
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) if (Math.abs(a[row * n + column]!) > Math.abs(a[pivot * n + column]!)) pivot = row;
    for (const m of [a, out]) {
      for (let j = 0; pivot !== column && j < n; j++) {
        [m[column * n + j], m[pivot * n + j]] = [m[pivot * n + j]!, m[column * n + j]!];
      }
    }
    const by = 1 / a[column * n + column]!;
    for (let j = 0; j < n; j++) {
      a[column * n + j]! *= by;
      out[column * n + j]! *= by;
    }
    for (let row = 0; row < n; row++) {
      const factor = a[row * n + column]!;
      if (row === column || factor === 0) continue;
      for (let j = 0; j < n; j++) {
        a[row * n + j]! -= factor * a[column * n + j]!;
        out[row * n + j]! -= factor * out[column * n + j]!;
      }
    }
  }
  return out;
}

/** The upper factor U of a positive matrix = Uᵀ U. */
function upperCholesky(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / lower[j * n + j]!;
    }
  }
  const upper = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) upper[j * n + i] = lower[i * n + j]!;
  return upper;
}

/** target (rows, n + 1), the bias last, in steps; gram (n + 1, n + 1). Integers in target's place, the bias not rounded. */
function roundRows(target: Float64Array, rows: number, gram: Float64Array, size: number): void {
  const n = size - 1;
  const loudness = Float64Array.from({ length: n }, (_, i) => gram[i * size + i]!);
  const mean = loudness.reduce((a, b) => a + b, 0) / n;
  const order = [...Array(n).keys()].sort((a, b) => loudness[b]! - loudness[a]! || a - b);
  order.push(n); // the loudest inputs first, the bias last
  const damped = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) damped[i * size + j] = gram[order[i]! * size + order[j]!]!;
    if (i < n) damped[i * size + i]! += DAMPING * Math.max(mean, 1e-30);
  }
  const upper = upperCholesky(inverse(damped, size), size);
  for (let row = 0; row < rows; row++) {
    const at = row * size;
    for (let c = 0; c < n; c++) {
      const place = at + order[c]!;
      const whole = Math.min(127, Math.max(-127, Math.round(target[place]!)));
      const error = (target[place]! - whole) / upper[c * size + c]!;
      target[place] = whole;
      for (let later = c + 1; later < size; later++) target[at + order[later]!]! -= error * upper[c * size + later]!;
    }
  }
}

/** A convolution in integers between the scales of what it reads (inputs,) and puts out (rows,). */
export function toIntegers(heard: Heard, input: Float64Array, output: Float64Array): IntegerConvolution {
  const { conv, gram, n } = heard;
  const { rows, inputs, kernel, dilation, mixin } = conv;
  const fan = kernel * inputs;
  let ratio = accumulatorScales(conv, input).map((scale, row) => scale / output[row]!);
  if (ratio.every((r) => r === 0)) ratio = ratio.fill(2 ** -16);
  const top = ratio.reduce((a, b) => Math.max(a, b), 0);
  ratio = ratio.map((r) => Math.max(r, top / 256));
  const shift = Math.min(Math.floor(Math.log2(32767 / top)), MAX_SHIFT);
  if (shift < MIN_SHIFT) throw new NamError("its weights are so large that one step of an input saturates the output");
  const multiplier = ratio.map((r) => Math.round(r * 2 ** shift));
  const accumulator = multiplier.map((m, row) => m * 2 ** -shift * output[row]!);
  const scales = Float64Array.from({ length: n }, (_, i) => (i < fan ? input[i % inputs]! : i < n - 1 ? INPUT_SCALE : 1));
  const target = new Float64Array(rows * n);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < n; i++) {
      const real = i < fan ? conv.weight[row * fan + i]! : i < n - 1 ? mixin![row]! : conv.bias[row]!;
      target[row * n + i] = (real * scales[i]!) / accumulator[row]!;
    }
  }
  roundRows(target, rows, gram.map((value, at) => value / (scales[Math.floor(at / n)]! * scales[at % n]!)), n);
  const pick = (from: number, count: number) =>
    Float64Array.from({ length: rows * count }, (_, at) => target[Math.floor(at / count) * n + from + (at % count)]!);
  const bias = pick(n - 1, 1).map(Math.round);
  if (bias.some((b) => Math.abs(b) >= 2 ** 30)) throw new NamError("it has a bias too large for its row's weights");
  return {
    rows,
    inputs,
    kernel,
    dilation,
    shift,
    weight: Int8Array.from(pick(0, fan)),
    mixin: mixin === null ? null : Int8Array.from(pick(fan, 1)),
    bias: Int32Array.from(bias),
    multiplier: Int16Array.from(multiplier),
  };
}
