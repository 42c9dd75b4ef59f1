// What a capture sounds like before it is rounded: its float network, to compare the module with.
import { listen } from "./listening";
import type { Network } from "./nam";

const CHUNK_FRAMES = 24000;

/** How many frames a network looks at for one. */
export function receptiveField(network: Network): number {
  const spans = network.arrays.flatMap((array) => [
    ...array.layers.map((layer) => (layer.conv.kernel - 1) * layer.conv.dilation),
    array.head.kernel - 1,
  ]);
  return 1 + spans.reduce((sum, span) => sum + span, 0);
}

/** One round of a clip that goes round and round, in its steady state: as long as the clip. */
export function roundOf(network: Network, clip: Float32Array, told: (share: number) => void): Float32Array {
  const before = receptiveField(network) - 1;
  const out = new Float32Array(clip.length);
  for (let at = 0; at < clip.length; at += CHUNK_FRAMES) {
    const frames = Math.min(CHUNK_FRAMES, clip.length - at);
    const part = Float32Array.from({ length: before + frames }, (_, i) => {
      const place = (at - before + i) % clip.length;
      return clip[place < 0 ? place + clip.length : place]!;
    });
    out.set(listen(network, part, () => {}, null).output.subarray(before), at);
    told((at + frames) / clip.length);
  }
  return out;
}
