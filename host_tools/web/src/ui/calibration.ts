// Calibration, guided: known voltages at a CV jack, a straight line through what the converter reads.
import type { ModuleClient } from "../link/client";
import { LinkError } from "../link/client";
import { getSettings, pause } from "../link/memory";
import { button, h, labelled } from "./dom";

const READINGS = 32;
const STILL_MILLIVOLTS = 20;
const RESIDUAL_MILLIVOLTS = 20;
const LEAST_SPAN_VOLTS = 1;

export interface Reading {
  volts: number;
  pins: number[]; // microvolts at the pin
}

/** Readings at known voltages -> the line through them, by least squares. As host_tools/module/calibration.py. */
export function fitLine(readings: Reading[]): { offset_uv: number; gain_ppm: number; residual: number } {
  const volts = readings.map((one) => one.volts);
  if (readings.length < 2 || Math.max(...volts) - Math.min(...volts) < LEAST_SPAN_VOLTS) {
    throw new LinkError(`calibration needs two voltages at least ${LEAST_SPAN_VOLTS} V apart`);
  }
  const means = readings.map((one) => one.pins.reduce((a, b) => a + b, 0) / one.pins.length);
  const middle = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  const meanVolts = middle(volts);
  const meanPin = middle(means);
  const slope =
    volts.reduce((sum, v, i) => sum + (v - meanVolts) * (means[i]! - meanPin), 0) /
    volts.reduce((sum, v) => sum + (v - meanVolts) ** 2, 0);
  if (Math.abs(slope) < 1000) throw new LinkError("the voltage changes nothing there: is it patched into this input?");
  const offset = meanPin - slope * meanVolts;
  readings.forEach((one, i) => {
    const noise = Math.sqrt(middle(one.pins.map((pin) => (pin - means[i]!) ** 2)));
    if ((noise / Math.abs(slope)) * 1000 > STILL_MILLIVOLTS) {
      throw new LinkError(`${one.volts} V is not still: use a steady reference`);
    }
  });
  const residual = Math.max(...volts.map((v, i) => (Math.abs(means[i]! - offset - slope * v) / Math.abs(slope)) * 1000));
  if (residual > RESIDUAL_MILLIVOLTS) {
    throw new LinkError(`a reading is ${Math.round(residual)} mV off the others: was that voltage really there?`);
  }
  return { offset_uv: Math.round(offset), gain_ppm: Math.round(slope), residual };
}

export function calibrationPart(module: () => ModuleClient, notify: (text: string) => void): HTMLElement {
  const input = h("select", {}, ...["drive", "tone", "symmetry", "dynamics"].map((name, i) => h("option", { value: i }, name)));
  const volts = h("input", { type: "number", min: -5, max: 5, step: 0.001, value: 1 });
  const list = h("ol", {});
  let readings: Reading[] = [];
  const clear = () => {
    readings = [];
    list.replaceChildren();
  };
  input.addEventListener("change", clear);
  const read = async () => {
    const client = module();
    const settings = await getSettings(client);
    const pins: number[] = [];
    for (let i = 0; i < READINGS; i++) {
      const { codes } = (await client.ask("get_controls", "controls", {})).values;
      const code = codes[settings.knobs + Number(input.value)]!;
      if (code <= 0 || code >= 65535) throw new LinkError("the converter is at its end: use a voltage within -5..5 V");
      pins.push((code * settings.full_scale_uv) / 65535);
      await pause(2);
    }
    readings.push({ volts: Number(volts.value), pins });
    list.append(h("li", {}, `${volts.value} V read`));
  };
  const finish = async () => {
    const line = fitLine(readings);
    const values = { offset_uv: line.offset_uv, gain_ppm: line.gain_ppm, input: Number(input.value), measured: 1 };
    await module().ask("put_calibration", "settings", values);
    notify(`calibrated; the readings lie within ${line.residual.toFixed(1)} mV of their line`);
    clear();
  };
  const guarded = (act: () => Promise<void>) => () => {
    act().catch((error: unknown) => notify(error instanceof Error ? error.message : String(error)));
  };
  return h(
    "details",
    {},
    h("summary", {}, "Calibrate"),
    h("p", {}, "Put a known voltage into a CV jack, say which, and read it; two or three voltages, then finish."),
    h(
      "div",
      { class: "row" },
      labelled("CV input", input),
      labelled("Volts", volts),
      button("Read it", guarded(read)),
      button("Finish", guarded(finish)),
    ),
    list,
  );
}
