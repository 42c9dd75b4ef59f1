// A .grit file's bytes. As quantize/model/grit.py, for snapshots.
import { ARRAY, ARRAY_BYTES, HEADER, HEADER_BYTES, LAYER, LAYER_BYTES, MAGIC, VERSION, type Places } from "../../generated/grit_format";
import { crc32 } from "../link/frames";
import type { Network } from "./nam";
import type { IntegerConvolution } from "./rounding";
import type { ArrayPlan } from "./scales";

const ACTIVATION = { linear: 0, leaky_relu: 1, tanh: 2, sigmoid: 3 } as const;
const CRC_START = 16;

class Writer {
  private bytes: number[] = [];

  constructor(private readonly start: number) {}

  /** Numbers behind what is there, on a multiple of four; their offset. */
  put(data: Uint8Array | Int8Array | Int16Array | Int32Array): number {
    while (this.bytes.length % 4 !== 0) this.bytes.push(0);
    const at = this.start + this.bytes.length;
    for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) this.bytes.push(byte);
    return at;
  }

  get total(): number {
    return this.start + Math.ceil(this.bytes.length / 4) * 4;
  }

  into(whole: Uint8Array): void {
    whole.set(this.bytes, this.start);
  }
}

function set(view: DataView, base: number, places: Places, name: string, value: number): void {
  const [kind, , offset] = places[name]!;
  if (kind === "u8") view.setUint8(base + offset, value);
  else if (kind === "i8") view.setInt8(base + offset, value);
  else if (kind === "u16") view.setUint16(base + offset, value, true);
  else if (kind === "i16") view.setInt16(base + offset, value, true);
  else view.setUint32(base + offset, value, true);
}

/** convolutions: in order, per array its rechannel, its layers' convolution and 1x1, its head. trim: level, 4096 is 1. */
export function writeGrit(
  network: Network,
  plans: ArrayPlan[],
  convolutions: IntegerConvolution[],
  outputShift: number,
  name: string,
  trim: number,
): Uint8Array {
  const layerCount = network.arrays.reduce((sum, array) => sum + array.layers.length, 0);
  const arraysAt = HEADER_BYTES;
  const layersAt = arraysAt + ARRAY_BYTES * network.arrays.length;
  const writer = new Writer(layersAt + LAYER_BYTES * layerCount);
  const rows: [number, Places, string, number][] = [];
  const convolution = (base: number, places: Places, prefix: string, conv: IntegerConvolution) => {
    for (const field of ["rows", "inputs", "kernel", "dilation", "shift"] as const) {
      rows.push([base, places, `${prefix}.${field}`, conv[field]]);
    }
    rows.push([base, places, `${prefix}.weight`, writer.put(conv.weight)]);
    if (conv.mixin !== null) rows.push([base, places, `${prefix}.mixin`, writer.put(conv.mixin)]);
    rows.push([base, places, `${prefix}.bias`, writer.put(conv.bias)]);
    rows.push([base, places, `${prefix}.multiplier`, writer.put(conv.multiplier)]);
  };
  const rest = [...convolutions];
  let layerAt = 0;
  let receptive = 1;
  let macs = 0;
  let filmRows = 1;
  network.arrays.forEach((array, a) => {
    const plan = plans[a]!;
    const base = arraysAt + a * ARRAY_BYTES;
    rows.push([base, ARRAY, "channels", array.channels], [base, ARRAY, "first_layer", layerAt]);
    rows.push([base, ARRAY, "layer_count", array.layers.length], [base, ARRAY, "skip_shift", plan.skipShift]);
    if (a > 0) rows.push([base, ARRAY, "carry_weight", writer.put(Int8Array.from(plan.carryWeight))]);
    convolution(base, ARRAY, "rechannel", rest.shift()!);
    array.layers.forEach((layer, i) => {
      const at = layersAt + layerAt++ * LAYER_BYTES;
      const final = a + 1 === network.arrays.length && i + 1 === array.layers.length;
      convolution(at, LAYER, "conv", rest.shift()!);
      if (!final) {
        convolution(at, LAYER, "residual", rest.shift()!);
        const shifts = Int8Array.from(plan.streamShifts[i]!);
        if (shifts.some((shift) => shift !== 0)) rows.push([at, LAYER, "stream_shift", writer.put(shifts)]);
      }
      rows.push([at, LAYER, "activation", ACTIVATION[layer.activation]]);
      rows.push([at, LAYER, "slope_q15", Math.round(layer.slope * 32768)]);
      rows.push([at, LAYER, "skip_weight", writer.put(Int8Array.from(plan.skipWeights[i]!))]);
      receptive += (layer.conv.kernel - 1) * layer.conv.dilation;
      filmRows += layer.conv.rows;
    });
    convolution(base, ARRAY, "head", rest.shift()!);
    receptive += array.head.kernel - 1;
  });
  for (const conv of convolutions) macs += conv.weight.length + (conv.mixin?.length ?? 0);
  const metadata = new TextEncoder().encode(JSON.stringify({ made_from: name, made_in: "a browser" }));
  const metadataAt = writer.put(metadata);
  const whole = new Uint8Array(writer.total);
  const view = new DataView(whole.buffer);
  writer.into(whole);
  for (const [base, places, field, value] of rows) set(view, base, places, field, value);
  const header: [string, number][] = [
    ["magic", MAGIC],
    ["version", VERSION],
    ["header_bytes", HEADER_BYTES],
    ["total_bytes", whole.length],
    ["sample_rate", network.sampleRate],
    ["receptive_field", receptive],
    ["macs_per_frame", macs],
    ["array_count", network.arrays.length],
    ["layer_count", layerCount],
    ["film_rows", filmRows],
    ["output_shift", outputShift],
    ["trim_q12", trim],
    ["arrays", arraysAt],
    ["layers", layersAt],
    ["metadata", metadataAt],
    ["metadata_bytes", metadata.length],
  ];
  for (const [field, value] of header) set(view, 0, HEADER, field, value);
  whole.set(new TextEncoder().encode(name).slice(0, 31), HEADER.name![2]);
  set(view, 0, HEADER, "crc32", crc32(whole.subarray(CRC_START)));
  return whole;
}
