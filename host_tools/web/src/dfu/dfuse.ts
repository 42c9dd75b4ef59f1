// The STM32's own bootloader over WebUSB. Sources: USB DFU 1.1; ST's UM0424 (DfuSe) and AN3156.
import { FLASH_BYTES, FLASH_START, ImageError } from "./image";

const ST = { vendorId: 0x0483, productId: 0xdf11 };
const DNLOAD = 1;
const GETSTATUS = 3;
const CLRSTATUS = 4;
const ABORT = 6;
const DFU_CLASS = { classCode: 0xfe, subclassCode: 1 };
const STATE = { idle: 2, downloadBusy: 4, downloadIdle: 5, manifest: 7, error: 10 };
const SET_ADDRESS = 0x21;
const ERASE = 0x41;
const BLOCK_BYTES = 1024;

export function usbIsThere(): boolean {
  return "usb" in navigator;
}

/** Start, bytes and erase size of the chip's flash, out of an alternate setting's name; null: it is another memory. */
export function flashLayout(name: string): { start: number; bytes: number; sector: number } | null {
  const found = /internal flash.*?\/(0x[0-9a-f]+)\/(\d+)\*(\d+)([ KM]?)/i.exec(name);
  if (found === null) return null;
  const unit = found[4] === "K" ? 1024 : found[4] === "M" ? 1 << 20 : 1;
  const sector = Number(found[3]) * unit;
  return { start: Number(found[1]), bytes: Number(found[2]) * sector, sector };
}

/** Asks which device, and takes the one that is a Daisy's bootloader. Throws ImageError with a sentence. */
export async function openBootloader(): Promise<USBDevice> {
  if (!usbIsThere()) throw new ImageError("this browser has no WebUSB: use Chrome or Edge, or: gritspace flash");
  try {
    return await navigator.usb.requestDevice({ filters: [ST] });
  } catch {
    throw new ImageError("no module was chosen; hold BOOT, press and release RESET, let go of BOOT, and try again");
  }
}

/** Writes a checked image and starts it. */
export async function flash(
  device: USBDevice,
  image: Uint8Array,
  progress: (step: string, share: number) => void,
): Promise<void> {
  await device.open();
  if (device.configuration === null) await device.selectConfiguration(1);
  const choices = device.configuration!.interfaces.flatMap((one) =>
    one.alternates.map((alternate) => ({ number: one.interfaceNumber, alternate })),
  );
  const place = choices.find(
    ({ alternate }) =>
      alternate.interfaceClass === DFU_CLASS.classCode &&
      alternate.interfaceSubclass === DFU_CLASS.subclassCode &&
      flashLayout(alternate.interfaceName ?? "") !== null,
  );
  const layout = place === undefined ? null : flashLayout(place.alternate.interfaceName!);
  if (place === undefined || layout === null || layout.start !== FLASH_START || layout.bytes < FLASH_BYTES) {
    await device.close();
    throw new ImageError("this device is no Daisy's bootloader: its flash is another one");
  }
  await device.claimInterface(place.number);
  await device.selectAlternateInterface(place.number, place.alternate.alternateSetting);
  const dfu = new Dfu(device, place.number);
  await dfu.idle();
  const sectors = Math.ceil(image.length / layout.sector);
  for (let i = 0; i < sectors; i++) {
    progress("erasing", i / sectors);
    await dfu.command(ERASE, FLASH_START + i * layout.sector);
  }
  await dfu.command(SET_ADDRESS, FLASH_START);
  for (let at = 0, block = 2; at < image.length; at += BLOCK_BYTES, block++) {
    progress("writing", at / image.length);
    await dfu.download(block, image.slice(at, at + BLOCK_BYTES));
  }
  progress("starting", 1);
  await dfu.command(SET_ADDRESS, FLASH_START);
  await dfu.leave();
  await device.close().catch(() => {}); // it has gone already
}

class Dfu {
  constructor(
    private readonly device: USBDevice,
    private readonly index: number,
  ) {}

  private setup(request: number, value: number): USBControlTransferParameters {
    return { requestType: "class", recipient: "interface", request, value, index: this.index };
  }

  private async status(): Promise<{ status: number; wait: number; state: number }> {
    const answer = await this.device.controlTransferIn(this.setup(GETSTATUS, 0), 6);
    if (answer.data === undefined || answer.data.byteLength < 6) throw new ImageError("the bootloader does not answer");
    const at = (i: number) => answer.data!.getUint8(i);
    return { status: at(0), wait: at(1) | (at(2) << 8) | (at(3) << 16), state: at(4) };
  }

  async idle(): Promise<void> {
    const { state } = await this.status();
    if (state === STATE.error) await this.device.controlTransferOut(this.setup(CLRSTATUS, 0));
    else if (state !== STATE.idle) await this.device.controlTransferOut(this.setup(ABORT, 0));
  }

  async command(code: number, target: number): Promise<void> {
    const bytes = new Uint8Array(5);
    new DataView(bytes.buffer).setUint32(1, target, true);
    bytes[0] = code;
    await this.download(0, bytes);
  }

  async download(block: number, bytes: Uint8Array): Promise<void> {
    await this.device.controlTransferOut(this.setup(DNLOAD, block), bytes as Uint8Array<ArrayBuffer>);
    for (;;) {
      const { status, wait, state } = await this.status();
      if (status !== 0) throw new ImageError(`the bootloader refused (status ${status}): start it again and retry`);
      if (state === STATE.downloadIdle) return;
      await new Promise((done) => setTimeout(done, Math.max(1, wait)));
    }
  }

  /** An empty block: the chip leaves for the new firmware, and may not answer any more. */
  async leave(): Promise<void> {
    await this.device.controlTransferOut(this.setup(DNLOAD, 0), new Uint8Array(0));
    await this.status().catch(() => {});
  }
}
