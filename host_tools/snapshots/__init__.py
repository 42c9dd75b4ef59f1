"""From one device to a snapshot or a knob model: `fit`, its plan and its report, and captures that are made to fit."""
