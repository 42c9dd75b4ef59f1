// Sounds that run side by side, one of which is heard: switching keeps the place in the music.

const FADE_SECONDS = 0.01;

export class Sounds {
  private readonly context = new AudioContext({ sampleRate: 48000 });
  private playing: { node: AudioBufferSourceNode; gain: GainNode; id: string }[] = [];
  private readonly decoded = new Map<string, AudioBuffer>();

  async decode(id: string, base64: string): Promise<void> {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    this.decoded.set(id, await this.context.decodeAudioData(bytes.buffer));
  }

  /** Starts all of them from their beginning; the first is heard. */
  async start(ids: string[]): Promise<void> {
    await this.context.resume();
    this.stop();
    const at = this.context.currentTime + 0.05;
    this.playing = ids.map((id) => {
      const node = new AudioBufferSourceNode(this.context, { buffer: this.decoded.get(id)!, loop: true });
      const gain = new GainNode(this.context, { gain: 0 });
      node.connect(gain).connect(this.context.destination);
      node.start(at);
      return { node, gain, id };
    });
  }

  hear(place: number): void {
    this.playing.forEach((one, i) => one.gain.gain.setTargetAtTime(i === place ? 1 : 0, this.context.currentTime, FADE_SECONDS / 3));
  }

  stop(): void {
    for (const one of this.playing) one.node.stop();
    this.playing = [];
  }
}
