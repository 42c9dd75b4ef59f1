// A line through a WebSocket on loopback: to a simulated module, and from gritspace's commands to the module in this page.
import { LinkError, type Line } from "./client";

/** The other end of a bridge as a line. Throws LinkError where there is none. */
export async function openSocket(address: string): Promise<Line> {
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  await new Promise<void>((done, failed) => {
    socket.onopen = () => done();
    socket.onerror = () => failed(new LinkError(`nothing answers at ${address}`));
  });
  const line: Line = {
    name: "the module behind the bridge",
    onBytes: () => {},
    onClosed: () => {},
    send: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
    close: async () => socket.close(),
  };
  socket.onmessage = (event: MessageEvent<ArrayBuffer>) => line.onBytes(new Uint8Array(event.data));
  socket.onclose = () => line.onClosed("the bridge has gone");
  return line;
}

/** Lets gritspace's commands reach the module in this page: bytes of a socket to it and back, beside the page's own.
 * Only whole frames go in, so that the two do not fall into each other's. */
export async function lendLine(address: string, line: Line): Promise<void> {
  const socket = await openSocket(address);
  const own = line.onBytes;
  let begun: Uint8Array = new Uint8Array(0);
  line.onBytes = (bytes) => {
    void socket.send(bytes);
    own(bytes);
  };
  socket.onBytes = (bytes) => {
    const all = new Uint8Array(begun.length + bytes.length);
    all.set(begun);
    all.set(bytes, begun.length);
    const whole = all.lastIndexOf(0) + 1;
    begun = all.slice(whole);
    if (whole > 0) void line.send(all.slice(0, whole));
  };
  socket.onClosed = () => (line.onBytes = own);
}
