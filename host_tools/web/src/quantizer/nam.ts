// Neural Amp Modeler captures (.nam) as plain arrays: WaveNet of the A1 and A2 shapes, without gates.

export interface Convolution {
  rows: number;
  inputs: number;
  kernel: number;
  dilation: number;
  /** [row][tap][input], oldest tap first. */
  weight: Float64Array;
  mixin: Float64Array | null;
  bias: Float64Array;
}

export interface Layer {
  conv: Convolution;
  residual: Convolution;
  activation: "tanh" | "sigmoid" | "leaky_relu" | "linear";
  slope: number;
}

export interface LayerArray {
  channels: number;
  rechannel: Convolution;
  layers: Layer[];
  head: Convolution;
}

export interface Network {
  arrays: LayerArray[];
  sampleRate: number;
}

export class NamError extends Error {}

type Json = Record<string, unknown>;

const even = (n: number) => n + (n & 1);

function object(value: unknown, what: string): Json {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new NamError(`its ${what} is missing`);
  return value as Json;
}

function whole(value: unknown, what: string): number {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 1 << 20) {
    throw new NamError(`its ${what} is no sensible number`);
  }
  return value as number;
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 4096) throw new NamError(`its ${what} is no list`);
  return value;
}

/** A file's text -> its network, of a container the largest. Throws NamError with what the page does not take. */
export function readNam(text: string): Network {
  let model: Json;
  try {
    model = object(JSON.parse(text), "model");
  } catch (error) {
    throw error instanceof NamError ? error : new NamError("this is no JSON, and so no .nam");
  }
  if (model.architecture === "SlimmableContainer") {
    const all = list(object(model.config, "config").submodels, "list of submodels").map((one) => object(one, "submodel"));
    all.sort((a, b) => Number(b.max_value) - Number(a.max_value));
    model = object(all[0]!.model, "submodel");
  }
  if (model.architecture !== "WaveNet") {
    throw new NamError(`its architecture is ${String(model.architecture).slice(0, 30)}; the engine runs WaveNet`);
  }
  const rate = model.sample_rate === undefined || model.sample_rate === null ? 48000 : Number(model.sample_rate);
  const weights = Float64Array.from(Array.isArray(model.weights) ? (model.weights as number[]) : []);
  if (weights.length === 0 || !weights.every(Number.isFinite)) throw new NamError("its weights are not numbers");
  return { arrays: readArrays(object(model.config, "config"), weights), sampleRate: rate };
}

function activationOf(value: unknown): { name: Layer["activation"]; slope: number } {
  const type = typeof value === "string" ? value : String(object(value, "activation").type);
  if (type === "Tanh") return { name: "tanh", slope: 0 };
  if (type === "Sigmoid") return { name: "sigmoid", slope: 0 };
  if (type === "ReLU") return { name: "leaky_relu", slope: 0 };
  if (type === "LeakyReLU") {
    const slope = typeof value === "string" ? 0.01 : Number((value as Json).negative_slope ?? 0.01);
    if (!(slope >= 0 && slope < 1)) throw new NamError("its slope below zero is none");
    return { name: "leaky_relu", slope };
  }
  throw new NamError(`it has the activation ${type.slice(0, 30)}`);
}

function active(value: unknown): boolean {
  return value !== null && typeof value === "object" && (value as Json).active === true;
}

function readArrays(config: Json, weights: Float64Array): LayerArray[] {
  let at = 0;
  /** [row][input][tap] as it comes -> [row][tap][input], grown to even widths by zeros. */
  const take = (rows: number, inputs: number, kernel: number, toRows: number, toInputs: number): Float64Array => {
    if (at + rows * inputs * kernel > weights.length) throw new NamError("it has too few weights");
    const out = new Float64Array(toRows * kernel * toInputs);
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < inputs; i++) {
        for (let k = 0; k < kernel; k++) out[(r * kernel + k) * toInputs + i] = weights[at++]!;
      }
    }
    return out;
  };
  const described = list(config.layers, "list of layers").map((one) => object(one, "layer"));
  let inputs = 1;
  let inputsWide = 1;
  const arrays = described.map((one, a): LayerArray => {
    const last = a + 1 === described.length;
    for (const name of Object.keys(one)) {
      if (name.endsWith("_film") && active(one[name])) throw new NamError("it is bent by a second input");
    }
    if (active(one.head1x1)) throw new NamError("it has 1x1s in front of its head");
    const channels = whole(one.channels, "width");
    if (one.bottleneck !== undefined && one.bottleneck !== channels) throw new NamError("it has a bottleneck");
    if (whole(one.condition_size ?? 1, "condition") !== 1) throw new NamError("it hears more than the dry sound");
    if (whole(one.input_size ?? inputs, "input size") !== inputs) throw new NamError("its arrays do not fit together");
    const wide = even(channels);
    const dilations = list(one.dilations, "dilations").map((d) => whole(d, "dilation"));
    const each = <T>(many: unknown, single: unknown, read: (value: unknown) => T): T[] =>
      Array.isArray(many) ? many.map(read) : dilations.map(() => read(many ?? single));
    const kernels = each(one.kernel_sizes, one.kernel_size, (k) => whole(k, "kernel"));
    const activations = each(one.activation, "Tanh", activationOf);
    const gated = one.gated === true || (Array.isArray(one.gating_mode) && one.gating_mode.some((g) => g !== "none"));
    if (gated) throw new NamError("it has gates");
    const headed = one.head !== null && typeof one.head === "object" ? (one.head as Json) : {};
    const headRows = whole(headed.out_channels ?? one.head_size, "head");
    const headKernel = whole(headed.kernel_size ?? 1, "head's kernel");
    const headBias = (headed.bias ?? one.head_bias) === true;
    if (last && headRows !== 1) throw new NamError("it has more than one output");
    if (kernels.length !== dilations.length || activations.length !== dilations.length) {
      throw new NamError("its lists are not equally long");
    }
    const vector = (count: number, wideCount: number) => take(count, 1, 1, wideCount, 1);
    const flat = { kernel: 1, dilation: 1, mixin: null };
    const rechannel: Convolution = {
      ...flat,
      rows: wide,
      inputs: inputsWide,
      weight: take(channels, inputs, 1, wide, inputsWide),
      bias: new Float64Array(wide),
    };
    const layers = dilations.map((dilation, i): Layer => {
      const kernel = kernels[i]!;
      const weight = take(channels, channels, kernel, wide, wide);
      const bias = vector(channels, wide);
      const mixin = vector(channels, wide);
      const one1 = take(channels, channels, 1, wide, wide);
      const oneBias = vector(channels, wide);
      return {
        conv: { rows: wide, inputs: wide, kernel, dilation, weight, mixin, bias },
        residual: { ...flat, rows: wide, inputs: wide, weight: one1, bias: oneBias },
        activation: activations[i]!.name,
        slope: activations[i]!.slope,
      };
    });
    const rows = last ? 1 : even(headRows);
    const weight = take(headRows, channels, headKernel, rows, wide);
    const bias = headBias ? vector(headRows, rows) : new Float64Array(rows);
    inputs = channels;
    inputsWide = wide;
    return { channels: wide, rechannel, layers, head: { rows, inputs: wide, kernel: headKernel, dilation: 1, weight, mixin: null, bias } };
  });
  if (at + 1 !== weights.length) throw new NamError(`it has ${weights.length} weights, its shape wants ${at + 1}`);
  const scale = weights[at]!;
  const { head } = arrays[arrays.length - 1]!;
  head.weight = head.weight.map((w) => w * scale);
  head.bias = head.bias.map((b) => b * scale);
  return arrays;
}
