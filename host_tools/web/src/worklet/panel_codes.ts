// The panel's transfer: what a turn and a voltage make at the converter. As the simulated module's panel_inputs.c.
import {
  ADC_FULL_SCALE_UV,
  CV_GAIN_PPM,
  CV_OFFSET_UV,
  KNOB_LEFT_CODE,
  KNOB_RIGHT_CODE,
} from "../../generated/panel";

/** turn: 0..1 is the whole turn. */
export function codeOfKnob(turn: number): number {
  return Math.round(KNOB_LEFT_CODE + (KNOB_RIGHT_CODE - KNOB_LEFT_CODE) * Math.min(1, Math.max(0, turn)));
}

export function codeOfVolts(volts: number): number {
  const pin = CV_OFFSET_UV + (volts * 1e6 * CV_GAIN_PPM) / 1e6;
  return Math.min(65535, Math.max(0, Math.floor((pin * 65535) / ADC_FULL_SCALE_UV)));
}
