// Where one sound begins in another: a device's sound beside the dry one that made it.

const COARSE = 6; // frames in one, for a first look
const LOOK_SECONDS = 4;
const MAX_LAG_SECONDS = 0.25;
const DRY = /(^|[^a-z])(dry|di|clean|input|in|x|raw|direct)([^a-z]|$)/i;
const WET = /(^|[^a-z])(wet|amp|output|out|y|target|reamped|reamp|driven)([^a-z]|$)/i;

/** The lag of `wet` behind `dry`, in frames, by their correlation, whatever the sign; within a quarter of a second. */
export function lagOf(dry: Float32Array, wet: Float32Array, rate: number): number {
  const start = Math.max(0, dry.findIndex((x) => Math.abs(x) > 0.01)); // silence tells nothing
  const most = Math.round(MAX_LAG_SECONDS * rate);
  const from = Math.max(0, start - most);
  const until = Math.min(dry.length, wet.length, from + most + LOOK_SECONDS * rate);
  const coarse = bestLag(thin(dry.subarray(from, until)), thin(wet.subarray(from, until)), -most / COARSE, most / COARSE);
  const near = coarse * COARSE;
  return bestLag(dry.subarray(from, until), wet.subarray(from, until), near - 2 * COARSE, near + 2 * COARSE);
}

/** Every COARSE frames as their mean. */
function thin(samples: Float32Array): Float32Array {
  const out = new Float32Array(Math.floor(samples.length / COARSE));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let j = 0; j < COARSE; j++) sum += samples[i * COARSE + j]!;
    out[i] = sum / COARSE;
  }
  return out;
}

function bestLag(dry: Float32Array, wet: Float32Array, lowest: number, highest: number): number {
  let best = -1;
  let at = 0;
  for (let lag = Math.round(lowest); lag <= highest; lag++) {
    let sum = 0;
    for (let i = Math.max(0, -lag); i < Math.min(dry.length, wet.length - lag); i++) sum += dry[i]! * wet[i + lag]!;
    if (Math.abs(sum) > best) {
      best = Math.abs(sum);
      at = lag;
    }
  }
  return at;
}

/** Of two takes of the same playing, which one is dry: by a word in their names, else the one with the higher peaks over its
 * mean, for distortion flattens. */
export function dryFirst<T extends { name: string; samples: Float32Array }>(a: T, b: T): [T, T] {
  const told = (name: string) => (DRY.test(name) ? 1 : 0) - (WET.test(name) ? 1 : 0);
  const words = told(a.name) - told(b.name);
  if (words !== 0) return words > 0 ? [a, b] : [b, a];
  return crest(a.samples) >= crest(b.samples) ? [a, b] : [b, a];
}

function crest(samples: Float32Array): number {
  let peak = 0;
  let sum = 0;
  for (const x of samples) {
    peak = Math.max(peak, Math.abs(x));
    sum += x * x;
  }
  return peak / Math.sqrt(sum / Math.max(1, samples.length) + 1e-12);
}
