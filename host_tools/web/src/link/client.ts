// A module at the other end of a line of bytes: ask it, and it answers.
import { ERROR, VERSION, type Payloads } from "../../generated/link_messages";
import { FrameReceiver } from "./frames";
import { decodeMessage, encodeMessage, type Message, type MessageName } from "./messages";

/** Anything bytes go through: a serial port, the module in this page. */
export interface Line {
  /** In words, for a sentence about it. */
  readonly name: string;
  send(bytes: Uint8Array): Promise<void> | void;
  /** Who takes what comes; one taker. */
  onBytes: (bytes: Uint8Array) => void;
  onClosed: (why: string) => void;
  close(): Promise<void>;
}

/** The link failed; the message is one sentence and says what to do. */
export class LinkError extends Error {}

/** The module understood, and will not. */
export class Refusal extends LinkError {
  constructor(
    sentence: string,
    readonly reason: string,
    readonly detail: number,
  ) {
    super(sentence);
  }
}

interface Waiting {
  answer: MessageName;
  request: MessageName;
  done(message: Message): void;
  failed(error: Error): void;
}

const ASK_AGAIN_MS = 300;
const PATIENCE_MS = 5000;

export class ModuleClient {
  readonly receiver = new FrameReceiver();
  private sequence = Date.now() & 0xffff;
  private waiting = new Map<number, Waiting>();
  private closed = "";

  constructor(readonly line: Line) {
    line.onBytes = (bytes) => this.receiver.feed(bytes, (frame) => this.take(decodeMessage(frame)));
    line.onClosed = (why) => {
      this.closed = why;
      for (const waiting of this.waiting.values()) waiting.failed(new LinkError(why));
      this.waiting.clear();
    };
    void line.send(new Uint8Array(1)); // ends whatever half a frame the line may hold
  }

  /** Asks until the answer comes; asking twice does no harm with any of the messages. */
  async ask<Request extends MessageName, Answer extends MessageName>(
    request: Request,
    answer: Answer,
    values: Payloads[Request],
    tail?: Uint8Array,
  ): Promise<Message<Answer>> {
    if (this.closed !== "") throw new LinkError(this.closed);
    this.sequence = (this.sequence + 1) & 0xffff;
    const sequence = this.sequence;
    const bytes = encodeMessage(request, sequence, values, tail);
    const answered = new Promise<Message>((done, failed) => {
      this.waiting.set(sequence, { answer, request, done, failed });
    });
    let asked = 0;
    const again = setInterval(() => {
      asked += ASK_AGAIN_MS;
      if (asked < PATIENCE_MS) void this.line.send(bytes);
      else this.waiting.get(sequence)?.failed(new LinkError(`${this.line.name} does not answer: is it running?`));
    }, ASK_AGAIN_MS);
    try {
      await this.line.send(bytes);
      return (await answered) as Message<Answer>;
    } finally {
      clearInterval(again);
      this.waiting.delete(sequence);
    }
  }

  private take(message: Message | null): void {
    if (message === null) return;
    const waiting = this.waiting.get(message.sequence);
    if (waiting === undefined) return;
    if (message.name === waiting.answer) waiting.done(message);
    else if (message.name === "error") waiting.failed(refusal(waiting.request, message as Message<"error">));
  }
}

function refusal(request: string, message: Message<"error">): Refusal {
  const { code, detail, text } = message.values;
  const reason = Object.entries(ERROR).find(([, value]) => value === code)?.[0] ?? String(code);
  const sentence =
    reason === "version"
      ? `the module speaks version ${detail} of the link, this page version ${VERSION}: flash it anew`
      : `the module refused ${request}: ${text} (${reason}, ${detail})`;
  return new Refusal(sentence, reason, detail);
}
