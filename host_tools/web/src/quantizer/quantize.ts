// A capture into an integer model: listens to it, plans scales, rounds, writes. The essential path of quantize/.
import { lufs, meanSquare } from "../audio/k_weighting";
import { listen } from "./listening";
import { readNam, NamError } from "./nam";
import { toIntegers } from "./rounding";
import { finestOutputScales, INPUT_SCALE, OUTPUT_HEADROOM, planArray, preActivationScale } from "./scales";
import { writeGrit } from "./grit";

const TARGET_LUFS = -18; // as quantize --trim measured
const LEVEL_UNITY = 4096;
const MAX_TRIM = 32767;

/** text: of a .nam; audio: at 48 kHz, what it listens to. Throws NamError with what it does not take. */
export function quantizeNam(
  text: string,
  name: string,
  audio: Float32Array,
  told: (text: string) => void,
): { bytes: Uint8Array; float: Float32Array } {
  const network = readNam(text);
  if (network.sampleRate !== 48000) throw new NamError(`it is made for ${network.sampleRate} Hz, the module for 48000`);
  for (const array of network.arrays) if (array.channels > 32) throw new NamError("it is wider than 32 channels");
  const { ranges, heard, output } = listen(network, audio, (share) => told(`listening to ${name}, ${Math.round(100 * share)} %`));
  told(`rounding ${name}`);
  const plans = network.arrays.map((array, a) => planArray(array, ranges, a));
  const last = network.arrays.length - 1;
  const finest = finestOutputScales(network.arrays[last]!.head, plans[last]!.head)[0]! * 2 ** 15;
  const loudest = Math.max(ranges.output * OUTPUT_HEADROOM, finest, 1e-9);
  const outputShift = Math.max(0, Math.ceil(Math.log2(loudest)));
  const rest = [...heard];
  let inputs = Float64Array.of(INPUT_SCALE);
  const convolutions = network.arrays.flatMap((array, a) => {
    const plan = plans[a]!;
    const made = [toIntegers(rest.shift()!, inputs, plan.streams[0]!)];
    array.layers.forEach((layer, i) => {
      const out = plan.outputs[i]!;
      made.push(toIntegers(rest.shift()!, plan.streams[i]!, preActivationScale(layer, out)));
      if (!(a === last && i + 1 === array.layers.length)) made.push(toIntegers(rest.shift()!, out, plan.streams[i + 1]!));
    });
    const headOut = a === last ? Float64Array.of(2 ** (outputShift - 15)) : plans[a + 1]!.carry;
    made.push(toIntegers(rest.shift()!, plan.head, headOut));
    inputs = plan.streams[plan.streams.length - 1]! as Float64Array<ArrayBuffer>;
    return made;
  });
  const loudness = lufs(meanSquare(output));
  const trim = Number.isFinite(loudness) ? Math.round(LEVEL_UNITY * 10 ** ((TARGET_LUFS - loudness) / 20)) : LEVEL_UNITY;
  const bounded = Math.min(MAX_TRIM, Math.max(1, trim));
  return { bytes: writeGrit(network, plans, convolutions, outputShift, name, bounded), float: output };
}
