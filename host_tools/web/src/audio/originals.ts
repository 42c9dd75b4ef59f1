// What the present sound was made from, to compare the module with: a device's clip, a capture's float network, the wet
// half of a pair. Each knows which dry sound it belongs to.
import { originalOf } from "../quantizer/client";
import { lagOf } from "./align";

export interface Original {
  /** What its button says. */
  words: string;
  /** Its sound of a dry clip, as long as that; null where it has none of it. */
  soundOf(dry: AudioBuffer, told: (text: string) => void, signal: AbortSignal): Promise<AudioBuffer | null>;
}

/** One round of `wet` from `lag` on, as long as `dry`. An encoded clip's delay is its decoder's business, a recording's its
 * interface's. */
function roundAt(wet: AudioBuffer, dry: AudioBuffer): AudioBuffer {
  const samples = wet.getChannelData(0);
  const lag = lagOf(dry.getChannelData(0), samples, dry.sampleRate);
  const out = new AudioBuffer({ length: dry.length, sampleRate: dry.sampleRate });
  const from = Math.max(0, lag);
  out.copyToChannel(samples.slice(from, lag + dry.length) as Float32Array<ArrayBuffer>, 0, from - lag);
  return out;
}

/** A factory device at one setting: a clip of one loop. */
export function clipOriginal(loop: AudioBuffer, clip: () => Promise<AudioBuffer>): Original {
  return {
    words: "the device itself",
    soundOf: async (dry) => (dry === loop ? roundAt(await clip(), dry) : null),
  };
}

/** A dropped capture, before it was rounded; of anything that plays. */
export function captureOriginal(bytes: Uint8Array): Original {
  return {
    words: "the capture itself",
    soundOf: async (dry, told, signal) => {
      const wet = await originalOf(bytes, dry.getChannelData(0), told, signal);
      const out = new AudioBuffer({ length: wet.length, sampleRate: dry.sampleRate });
      out.copyToChannel(wet, 0);
      return out;
    },
  };
}

/** A dropped pair's wet half. */
export function recordingOriginal(dryOfIt: AudioBuffer, wet: AudioBuffer): Original {
  return {
    words: "the recording itself",
    soundOf: async (dry) => (dry === dryOfIt ? roundAt(wet, dry) : null),
  };
}
