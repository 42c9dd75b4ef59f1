// What a module's processor pays for a model: a table by shape, for the price does not depend on the weights.
// As host_tools/web/prices.py, which makes the table.
import { ARRAY, ARRAY_BYTES, HEADER, LAYER, LAYER_BYTES, type Places } from "../../generated/grit_format";
import { LIMIT_CYCLES, PRICES } from "../../generated/prices";

const CONVOLUTION = ["rows", "inputs", "kernel", "dilation"];
const of = (...names: string[]) => names.flatMap((name) => CONVOLUTION.map((field) => `${name}.${field}`));
const ARRAY_FIELDS = ["channels", "layer_count", ...of("rechannel", "head")];
const LAYER_FIELDS = [...of("conv", "residual"), "activation", "gated"];
const ARRAY_THERE = ["carry_weight"]; // of these it only matters whether they are there
const LAYER_THERE = ["conv.mixin", "stream_shift"];

function read(view: DataView, base: number, places: Places, name: string): number {
  const [kind, , offset] = places[name]!;
  if (kind === "u8") return view.getUint8(base + offset);
  if (kind === "i8") return view.getInt8(base + offset);
  if (kind === "u16") return view.getUint16(base + offset, true);
  if (kind === "i16") return view.getInt16(base + offset, true);
  return view.getUint32(base + offset, true);
}

/** All that a model's price depends on, in numbers. */
export function shapeOf(grit: Uint8Array): string {
  const view = new DataView(grit.buffer, grit.byteOffset, grit.byteLength);
  const header = (name: string) => read(view, 0, HEADER, name);
  const parts = [header("position_count"), header("film") !== 0 ? header("film_rows") : 0];
  const records = (count: number, first: number, bytes: number, places: Places, fields: string[], there: string[]) => {
    for (let i = 0; i < count; i++) {
      const base = first + i * bytes;
      parts.push(...fields.map((name) => read(view, base, places, name)));
      parts.push(...there.map((name) => Number(read(view, base, places, name) !== 0)));
    }
  };
  records(header("array_count"), header("arrays"), ARRAY_BYTES, ARRAY, ARRAY_FIELDS, ARRAY_THERE);
  records(header("layer_count"), header("layers"), LAYER_BYTES, LAYER, LAYER_FIELDS, LAYER_THERE);
  return parts.join(".");
}

/** In words, of a model that the engine has taken. */
export function onAModule(grit: Uint8Array, file: string): string {
  const price = PRICES[shapeOf(grit)];
  if (price === undefined) return `whether a module plays it, \`gritspace cycles\` says of ${file}`;
  const words = price.admitted ? "a module plays it too" : "a module does not play it";
  return `${words}: ${price.cycles.toLocaleString("en")} of ${LIMIT_CYCLES.toLocaleString("en")} cycles`;
}
