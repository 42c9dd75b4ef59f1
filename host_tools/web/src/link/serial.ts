// A real module on Web Serial.
import { LinkError, type Line } from "./client";

export function serialIsThere(): boolean {
  return "serial" in navigator;
}

class SerialLine implements Line {
  readonly name = "the module on this port";
  onBytes: (bytes: Uint8Array) => void = () => {};
  onClosed: (why: string) => void = () => {};
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  private reader: ReadableStreamDefaultReader<Uint8Array> | null = null;

  constructor(private readonly port: SerialPort) {
    this.writer = port.writable!.getWriter();
    void this.listen();
  }

  private async listen(): Promise<void> {
    let why = "the port was closed";
    try {
      this.reader = this.port.readable!.getReader();
      for (;;) {
        const { value, done } = await this.reader.read();
        if (done) break;
        this.onBytes(value);
      }
    } catch {
      why = "the port has gone: plug the module in again";
    }
    this.onClosed(why);
  }

  send(bytes: Uint8Array): Promise<void> {
    return this.writer.write(bytes).catch(() => this.onClosed("the port has gone: plug the module in again"));
  }

  async close(): Promise<void> {
    await this.reader?.cancel().catch(() => {});
    this.reader?.releaseLock();
    this.writer.releaseLock();
    await this.port.close().catch(() => {});
  }
}

/** Asks which port, and opens it. Throws LinkError with a sentence where there is none. */
export async function openSerial(): Promise<Line> {
  if (!serialIsThere()) {
    throw new LinkError("this browser has no Web Serial: use Chrome or Edge, or gritspace's commands in a terminal");
  }
  let port: SerialPort;
  try {
    port = await navigator.serial.requestPort();
  } catch {
    throw new LinkError("no port was chosen");
  }
  try {
    await port.open({ baudRate: 115200, bufferSize: 65536 });
  } catch {
    throw new LinkError("the port could not be opened: is it in use by another program?");
  }
  return new SerialLine(port);
}
