/* Playing: what the panel and the presets ask for, made into sound. Ties the player, the aim, the mixer and the guard
 * together. The audio interrupt calls what is said to be its; the rest is the main loop's. */
#ifndef GRITSPACE_PLAYING_H
#define GRITSPACE_PLAYING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory/memory.h"
#include "panel/controls.h"
#include "panel/gestures.h"
#include "panel/module_status.h"
#include "sound/aim.h"
#include "sound/guard.h"
#include "sound/mixer.h"
#include "sound/player.h"

/* Blocks that the LEDs tell of a preset that was chosen, and of one that was saved. */
#define GRIT_PLAYING_PRESET_BLOCKS 120u
#define GRIT_PLAYING_SAVED_BLOCKS 1000u

/* Another model is wanted, perhaps with a preset. */
typedef struct {
  bool asked, with_preset;
  uint8_t model; /* as in a preset */
  uint8_t bend;  /* grit_bend_kind_t */
  uint8_t gate;  /* in front, dB below full scale; 0: none */
  grit_preset_t preset;
  int16_t turns[GRIT_BEND_KNOBS]; /* the preset's, of its bend */
} grit_model_request_t;

typedef struct {
  grit_player_t player;
  grit_aim_t aim;
  grit_mixer_t mixer;
  grit_gestures_t gestures;
  grit_guard_t guard;
  grit_module_status_t status;
  grit_memory_t *memory;
  grit_player_model_t factory;
  grit_model_id_t factory_id;
  grit_model_request_t request, begun; /* begun: what the player is at */
  uint8_t bend, gate;                  /* that were wanted last */
  bool turned;                         /* a knob has chosen a bend while the button was down */
  uint16_t knob_then;                  /* where it stood when that began */
  volatile uint8_t bend_chosen;        /* the interrupt's, until the main loop takes it; GRIT_BENDS: none */
  bool changed;                        /* a change was decided that nobody has asked for yet */
  volatile bool swap_go;               /* the interrupt may let the next voice be heard */
  volatile bool recall_go;             /* the interrupt takes `recall` */
  grit_preset_t recall;
  volatile int16_t level_q12;                  /* the preset's */
  volatile uint8_t gesture;                    /* the interrupt's last, until the main loop takes it */
  volatile uint16_t preset_shown, saved_shown; /* blocks for which the LEDs still tell */
} grit_playing_t;

/* With the model that the settings name, or, where that cannot be played or careful is true, the factory model. The
 * audio interrupt does not run yet. memory, factory's blob and the means' memory must stay. */
void grit_playing_start(grit_playing_t *playing, grit_memory_t *memory, const grit_player_model_t *factory,
                        const grit_voice_means_t *means, const grit_controls_t *controls, bool careful);

/* Another model, from where the panel stands; or a bend (grit_bend_kind_t) on it, which lies where the model was played
 * if it is the same one. gate: in front, dB below full scale; 0: none. Later, see grit_playing_decided. */
void grit_playing_request(grit_playing_t *playing, uint8_t model, uint8_t bend, uint8_t gate);

/* What was asked for last is what plays. */
bool grit_playing_as_wanted(const grit_playing_t *playing);

/* True once after every change that was decided; status.model and status.why then say how. */
bool grit_playing_decided(grit_playing_t *playing);

/* Which model is there: 0 is the factory model, n the bank's slot n - 1. Unknown where there is none. */
grit_model_id_t grit_playing_model_id(const grit_playing_t *playing, uint8_t model);

bool grit_model_id_unknown(const grit_model_id_t *id);

/* A preset: its position, over the set time, and its model, wherever in the bank that is now. Where the module does not
 * have that model any more, what is heard stays, and status.why says so. An empty place changes nothing but where
 * saving goes. */
void grit_playing_choose(grit_playing_t *playing, unsigned place);

/* What is heard goes into the chosen preset, without the voltages at the jacks, and to flash. */
void grit_playing_save(grit_playing_t *playing, const grit_controls_t *controls);

/* Gestures, changes of models, the guard's verdicts. Not during a stream. */
void grit_playing_idle(grit_playing_t *playing, const grit_controls_t *controls);

/* The left engine of what is heard. Without a model its engine is NULL, and its status says what is known. */
grit_instrument_t *grit_playing_instrument(grit_playing_t *playing);

/* The level at which a voice's model is as loud as others, as its header says; 1 where it does not. Q16. */
int32_t grit_playing_trim(const grit_voice_t *voice);

/* The laptop heads for a position of the model's size. */
void grit_playing_head_for(grit_playing_t *playing, const int16_t *position);

/* A stream takes the engine: whatever was under way ends at once. The audio interrupt keeps away from here on. */
void grit_playing_hand_out(grit_playing_t *playing, const grit_controls_t *controls);

/* It is back: from silence, where panel and preset say. */
void grit_playing_take_back(grit_playing_t *playing, const grit_controls_t *controls);

/* From silence, at once where panel and preset say: the way there from the model's default position would be heard.
 * While the audio interrupt keeps away, or from it. */
void grit_playing_stand(grit_playing_t *playing, const grit_controls_t *controls);

/* The audio interrupt's, once a block: gate and button, and the first knob while that is down. */
void grit_playing_switches(grit_playing_t *playing, const grit_controls_t *controls, bool gate, bool button);

/* The audio interrupt's: a piece of each input -> a piece of each output. out may be in. piece: which one of the block;
 * a block's pieces follow each other from 0 on. */
void grit_playing_audio(grit_playing_t *playing, const grit_controls_t *controls, size_t piece,
                        const int16_t *const in[GRIT_VOICE_CHANNELS], int16_t *const out[GRIT_VOICE_CHANNELS]);

/* The audio interrupt's: the last block came late. block: their count. */
void grit_playing_late(grit_playing_t *playing, uint32_t block);

#endif
