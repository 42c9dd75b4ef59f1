#include "sound/playing.h"

#include <string.h>

#include "base/sha256.h"
#include "memory/presets.h"
#include "panel/knob_curves.h"

#define PEAK_FALL_SHIFT 8u /* a 256th a block */
#define BEND_TURN 3277     /* of the first knob, with the button down: 5 % */

_Static_assert(GRIT_GATE_DECIBELS == GRIT_PRESET_GATE, "presets know all gates");
_Static_assert(GRIT_BENDS == GRIT_PRESET_BENDS && GRIT_BEND_KNOBS == GRIT_PRESET_PLAYED, "presets know all bends");

static const void *blob_of(const grit_playing_t *playing, uint8_t model, size_t *bytes) {
  *bytes = playing->factory.bytes;
  if (model == GRIT_PRESET_MODEL_FACTORY) return playing->factory.blob;
  return grit_bank_model(&playing->memory->bank, model - 1u, bytes);
}

static uint64_t slot_bit(uint8_t model) {
  return model == GRIT_PRESET_MODEL_FACTORY ? 0 : UINT64_C(1) << (model - 1u);
}

static void set_flag(grit_playing_t *playing, uint32_t flag, bool on) {
  playing->status.flags = on ? playing->status.flags | flag : playing->status.flags & ~flag;
}

/* What the flags say of the voice that is heard or comes next. */
static void describe(grit_playing_t *playing, const grit_voice_t *voice) {
  set_flag(playing, GRIT_STATUS_STEREO, voice->channel_count == 2u);
  set_flag(playing, GRIT_STATUS_BYPASS, voice->channel_count == 0u);
  set_flag(playing, GRIT_STATUS_FALLBACK, playing->status.model != playing->status.wanted);
  playing->status.work = grit_voice_work(voice);
  playing->status.delay = voice->delay;
  playing->status.bend = voice->channel_count > 0 ? voice->channels[0].bend.kind : (uint8_t)GRIT_BEND_NONE;
  playing->status.gate = voice->channel_count > 0 ? voice->channels[0].gate.decibels : 0u;
}

/* Where the four knobs lead: from a preset's place and the voltages, or from the panel. */
static void lead(const int16_t *preset, const grit_controls_t *controls, int16_t to[GRIT_PRESET_PLAYED]) {
  for (size_t i = 0; i < GRIT_PRESET_PLAYED; i++) {
    const int32_t at = preset != NULL ? preset[i] + controls->cv_q15[i] : controls->played[i];
    to[i] = (int16_t)(at > INT16_MAX ? INT16_MAX : at < INT16_MIN ? INT16_MIN : at);
  }
}

/* Where a voice starts, so that it need not go there when it is heard: a preset's place, or the panel's, which leads
 * the played dimensions only. A bend lies on a preset's place, or where the same model is played now. */
static void start_of(grit_playing_t *playing, const grit_model_request_t *request, const grit_controls_t *controls,
                     grit_place_t *place) {
  const grit_preset_t *preset = &request->preset;
  const grit_instrument_t *now = grit_playing_instrument(playing);
  memset(place, 0, sizeof *place);
  place->bend = request->bend;
  place->gate = request->gate;
  const bool bent = request->bend != GRIT_BEND_NONE;
  if (request->with_preset) {
    memcpy(place->position, preset->played, sizeof preset->played);
    memcpy(place->position + GRIT_PRESET_PLAYED, preset->stored, sizeof preset->stored);
    if (!bent) lead(preset->played, controls, place->position);
    lead(request->turns, controls, place->turns);
    place->count = GRIT_LINK_POSITION_COUNT;
    return;
  }
  if (bent && now->engine != NULL && request->model == playing->status.model) {
    place->count = grit_instrument_numbers(now);
    memcpy(place->position, now->bend.kind != GRIT_BEND_NONE ? now->under : now->glide.current,
           place->count * sizeof(int16_t));
  } else if (!bent && controls->started) {
    place->count = GRIT_PRESET_PLAYED;
    lead(NULL, controls, place->position);
  }
  if (controls->started) lead(NULL, controls, place->turns);
}

static void begin(grit_playing_t *playing, const grit_model_request_t *request, const grit_controls_t *controls) {
  size_t bytes = 0;
  const void *blob = blob_of(playing, request->model, &bytes);
  playing->status.wanted = request->model;
  playing->bend = request->bend;
  playing->gate = request->gate;
  if (blob == NULL) {
    playing->status.why = GRIT_WHY_MISSING;
    set_flag(playing, GRIT_STATUS_FALLBACK, playing->status.model != request->model);
    playing->changed = true;
    return;
  }
  grit_place_t place;
  start_of(playing, request, controls, &place);
  const grit_player_model_t model = {blob, bytes};
  playing->begun = *request;
  playing->memory->bank.held |= slot_bit(request->model);
  grit_player_want(&playing->player, &model, &place);
}

/* The player has decided what comes of the change that was begun. */
static void decide(grit_playing_t *playing) {
  grit_player_t *player = &playing->player;
  const bool good = player->outcome == GRIT_VOICE_GOOD;
  const bool swaps = grit_player_swap_due(player);
  if (good) {
    playing->status.model = playing->begun.model;
    if (playing->status.why != GRIT_WHY_LATE) playing->status.why = GRIT_WHY_NOTHING;
  } else {
    playing->status.why = player->outcome == GRIT_VOICE_BAD_MODEL   ? GRIT_WHY_BAD_MODEL
                          : player->outcome == GRIT_VOICE_TOO_LARGE ? GRIT_WHY_TOO_LARGE
                                                                    : GRIT_WHY_TOO_SLOW;
    if (swaps) playing->status.model = GRIT_PRESET_MODEL_FACTORY;
    playing->begun.with_preset = false;
  }
  describe(playing, &player->voices[swaps ? 1u - player->sounding : player->sounding]);
  playing->changed = true;
  playing->swap_go = swaps;
}

/* One change from beginning to end, before there is an audio interrupt. */
static void take_at_once(grit_playing_t *playing, const grit_controls_t *controls, uint8_t model) {
  grit_playing_request(playing, model, GRIT_BEND_NONE, 0);
  grit_playing_hand_out(playing, controls);
}

void grit_playing_start(grit_playing_t *playing, grit_memory_t *memory, const grit_player_model_t *factory,
                        const grit_voice_means_t *means, const grit_controls_t *controls, bool careful) {
  const uint8_t wanted = memory->settings.model;
  memset(playing, 0, sizeof *playing);
  playing->memory = memory;
  playing->factory = *factory;
  uint8_t sha256[32];
  grit_sha256(factory->blob, factory->bytes, sha256);
  memcpy(playing->factory_id.bytes, sha256, sizeof playing->factory_id.bytes);
  playing->level_q12 = GRIT_PRESET_LEVEL_UNITY;
  playing->bend_chosen = GRIT_BENDS;
  grit_aim_start(&playing->aim);
  grit_mixer_start(&playing->mixer);
  grit_player_start(&playing->player, means, factory);
  playing->status.preset = memory->settings.preset;
  take_at_once(playing, controls, careful ? GRIT_PRESET_MODEL_FACTORY : wanted);
  uint8_t why = playing->status.why;
  if (careful && wanted != GRIT_PRESET_MODEL_FACTORY) why = GRIT_WHY_CRASHED;
  if (grit_player_voice(&playing->player)->channel_count == 0 && playing->status.wanted != GRIT_PRESET_MODEL_FACTORY) {
    take_at_once(playing, controls, GRIT_PRESET_MODEL_FACTORY);
  }
  if (wanted != GRIT_PRESET_MODEL_FACTORY && playing->status.model != wanted) {
    playing->status.wanted = wanted;
    playing->status.why = why;
    set_flag(playing, GRIT_STATUS_FALLBACK, true);
  }
}

void grit_playing_request(grit_playing_t *playing, uint8_t model, uint8_t bend, uint8_t gate) {
  playing->request = (grit_model_request_t){.asked = true, .model = model, .bend = bend, .gate = gate};
}

bool grit_playing_as_wanted(const grit_playing_t *playing) {
  return playing->status.model == playing->status.wanted && playing->status.bend == playing->bend &&
         playing->status.gate == playing->gate;
}

bool grit_playing_decided(grit_playing_t *playing) {
  const bool decided = playing->changed;
  playing->changed = false;
  return decided;
}

bool grit_model_id_unknown(const grit_model_id_t *id) {
  static const grit_model_id_t none;
  return memcmp(id, &none, sizeof none) == 0;
}

grit_model_id_t grit_playing_model_id(const grit_playing_t *playing, uint8_t model) {
  if (model == GRIT_PRESET_MODEL_FACTORY) return playing->factory_id;
  grit_model_id_t id = {{0}};
  grit_bank_entry_t entry;
  if (!grit_bank_entry(&playing->memory->bank, model - 1u, &entry) || !grit_bank_known(&entry)) return id;
  memcpy(id.bytes, entry.sha256, sizeof id.bytes);
  return id;
}

/* Where a preset's model is now. False if nowhere: then what has taken its place is not played in its stead. A preset
 * that does not know its model (it is older than that, or was put before the model came) means what is in its slot. */
static bool find_model(const grit_playing_t *playing, const grit_model_id_t *wanted, uint8_t *model) {
  if (grit_model_id_unknown(wanted)) return true;
  grit_model_id_t id = grit_playing_model_id(playing, *model);
  if (memcmp(&id, wanted, sizeof id) == 0) return true;
  for (uint32_t other = 0; other <= grit_bank_count(&playing->memory->bank); other++) {
    id = grit_playing_model_id(playing, (uint8_t)other);
    if (memcmp(&id, wanted, sizeof id) != 0) continue;
    *model = (uint8_t)other;
    return true;
  }
  return false;
}

void grit_playing_choose(grit_playing_t *playing, unsigned place) {
  grit_settings_t *settings = &playing->memory->settings;
  grit_preset_t preset = settings->presets[place];
  settings->preset = (uint8_t)place;
  playing->status.preset = (uint8_t)place;
  playing->preset_shown = GRIT_PLAYING_PRESET_BLOCKS;
  if (!preset.used) return;
  if (!find_model(playing, &settings->preset_models[place], &preset.model)) {
    playing->status.why = GRIT_WHY_OTHER_MODEL;
    set_flag(playing, GRIT_STATUS_FALLBACK, true);
    return;
  }
  if (playing->status.why == GRIT_WHY_OTHER_MODEL) {
    playing->status.why = GRIT_WHY_NOTHING;
    set_flag(playing, GRIT_STATUS_FALLBACK, playing->status.model != playing->status.wanted);
  }
  const grit_preset_bend_t *bend = &settings->preset_bends[place];
  const bool bent = bend->kind != GRIT_BEND_NONE || playing->status.bend != GRIT_BEND_NONE;
  const bool same = preset.model == playing->status.model && bend->gate == playing->status.gate;
  const bool there = !bent && same && grit_player_steady(&playing->player);
  if (there && !playing->request.asked && playing->status.wanted == playing->status.model) {
    playing->recall_go = false; /* an older one that the interrupt has not yet seen */
    playing->recall = preset;
    playing->recall_go = true;
  } else {
    playing->request = (grit_model_request_t){.asked = true,
                                              .with_preset = true,
                                              .model = preset.model,
                                              .bend = bend->kind,
                                              .gate = bend->gate,
                                              .preset = preset};
    memcpy(playing->request.turns, bend->turns, sizeof bend->turns);
  }
}

void grit_playing_save(grit_playing_t *playing, const grit_controls_t *controls) {
  const grit_instrument_t *instrument = grit_playing_instrument(playing);
  if (instrument->engine == NULL) return;
  grit_settings_t *settings = &playing->memory->settings;
  int16_t position[GRIT_LINK_POSITION_COUNT];
  grit_aim_place(&playing->aim, controls, instrument->glide.target, position);
  const bool bent = instrument->bend.kind != GRIT_BEND_NONE;
  grit_preset_bend_t *bend = &settings->preset_bends[settings->preset];
  memset(bend, 0, sizeof *bend);
  bend->kind = instrument->bend.kind;
  bend->gate = instrument->gate.decibels;
  if (bent) memcpy(bend->turns, position, sizeof bend->turns);
  settings->presets[settings->preset] =
      grit_presets_of(bent ? instrument->under : position, grit_instrument_numbers(instrument), playing->status.model,
                      playing->level_q12);
  settings->preset_models[settings->preset] = grit_playing_model_id(playing, playing->status.model);
  grit_store_save(&playing->memory->store);
  playing->saved_shown = GRIT_PLAYING_SAVED_BLOCKS;
}

static void obey(grit_playing_t *playing, const grit_controls_t *controls, grit_gesture_t gesture) {
  const grit_settings_t *settings = &playing->memory->settings;
  switch (gesture) {
    case GRIT_GESTURE_NEXT:
    case GRIT_GESTURE_PREVIOUS:
    case GRIT_GESTURE_STEP:
      grit_playing_choose(playing, grit_presets_after(settings->presets, settings->preset, gesture));
      break;
    case GRIT_GESTURE_SAVE:
      grit_playing_save(playing, controls);
      break;
    case GRIT_GESTURE_NONE:
      break;
  }
}

/* Blocks come late again and again: first both inputs through one engine, then the factory model, then none. */
static void give_way(grit_playing_t *playing, const grit_controls_t *controls) {
  if (grit_player_make_mono(&playing->player)) {
    describe(playing, grit_player_voice(&playing->player));
    return;
  }
  const uint8_t wanted = playing->status.wanted;
  playing->status.why = GRIT_WHY_LATE;
  if (playing->status.model != GRIT_PRESET_MODEL_FACTORY) {
    const grit_model_request_t request = {.asked = true, .model = GRIT_PRESET_MODEL_FACTORY};
    begin(playing, &request, controls);
  } else {
    const grit_player_model_t none = {NULL, 0};
    const grit_place_t nowhere = {.count = 0};
    playing->begun = (grit_model_request_t){.model = GRIT_PRESET_MODEL_FACTORY};
    grit_player_want(&playing->player, &none, &nowhere);
  }
  playing->status.wanted = wanted;
}

static void change(grit_playing_t *playing, const grit_controls_t *controls) {
  grit_player_t *player = &playing->player;
  if (grit_player_steady(player)) {
    playing->memory->bank.held = slot_bit(playing->status.model);
    if (grit_guard_take(&playing->guard)) {
      give_way(playing, controls);
    } else if (playing->request.asked) {
      const grit_model_request_t request = playing->request;
      playing->request.asked = false;
      playing->status.why = GRIT_WHY_NOTHING;
      begin(playing, &request, controls);
    }
  }
  if (grit_player_step(player)) decide(playing);
}

void grit_playing_idle(grit_playing_t *playing, const grit_controls_t *controls) {
  const grit_gesture_t gesture = (grit_gesture_t)playing->gesture;
  const uint8_t bend = playing->bend_chosen;
  playing->gesture = GRIT_GESTURE_NONE;
  playing->bend_chosen = GRIT_BENDS;
  obey(playing, controls, gesture);
  if (bend != GRIT_BENDS && bend != playing->status.bend)
    grit_playing_request(playing, playing->status.model, bend, playing->status.gate);
  change(playing, controls);
  set_flag(playing, GRIT_STATUS_CHANGING, !grit_player_steady(&playing->player));
  set_flag(playing, GRIT_STATUS_PRESET, playing->preset_shown > 0);
  set_flag(playing, GRIT_STATUS_SAVED, playing->saved_shown > 0);
}

grit_instrument_t *grit_playing_instrument(grit_playing_t *playing) {
  return &grit_player_voice(&playing->player)->channels[0];
}

void grit_playing_head_for(grit_playing_t *playing, const int16_t *position) {
  grit_voice_t *voice = grit_player_voice(&playing->player);
  grit_aim_hand_over(&playing->aim, voice->channels[0].position_count);
  if (grit_player_follows(&playing->player)) grit_voice_head_for(voice, position);
}

static int16_t trim_q12_of(const grit_voice_t *voice) {
  if (voice->channel_count == 0) return GRIT_PRESET_LEVEL_UNITY;
  const uint16_t trim = voice->channels[0].model.header->trim_q12;
  if (trim == 0) return GRIT_PRESET_LEVEL_UNITY;
  return trim > INT16_MAX ? INT16_MAX : (int16_t)trim;
}

static int32_t q16_of_level(int16_t level_q12) {
  return level_q12 * (GRIT_UNITY_Q16 / GRIT_PRESET_LEVEL_UNITY);
}

int32_t grit_playing_trim(const grit_voice_t *voice) {
  return q16_of_level(trim_q12_of(voice));
}

/* The interrupt's part of a change of voices. */
static void swap(grit_playing_t *playing) {
  playing->swap_go = false;
  grit_player_swap(&playing->player);
  grit_aim_start(&playing->aim);
  if (playing->begun.with_preset) {
    grit_preset_t led = playing->begun.preset;
    if (playing->begun.bend != GRIT_BEND_NONE) memcpy(led.played, playing->begun.turns, sizeof led.played);
    grit_aim_recall(&playing->aim, &led, 0, NULL, 0);
  }
  playing->level_q12 =
      playing->begun.with_preset ? playing->begun.preset.level_q12 : trim_q12_of(grit_player_voice(&playing->player));
}

void grit_playing_hand_out(grit_playing_t *playing, const grit_controls_t *controls) {
  for (unsigned i = 0; i < 4u && (playing->request.asked || !grit_player_steady(&playing->player)); i++) {
    change(playing, controls);
    if (playing->swap_go) swap(playing);
    grit_player_end_fade(&playing->player);
  }
}

void grit_playing_stand(grit_playing_t *playing, const grit_controls_t *controls) {
  grit_voice_t *voice = grit_player_voice(&playing->player);
  if (voice->channel_count == 0 || !grit_player_follows(&playing->player)) return;
  const grit_glide_t *glide = &voice->channels[0].glide;
  int16_t position[GRIT_LINK_POSITION_COUNT];
  const uint32_t moved = grit_aim_step(&playing->aim, controls);
  for (size_t i = 0; i < glide->count; i++) position[i] = (moved >> i & 1u) ? playing->aim.now[i] : glide->target[i];
  grit_voice_restart(voice, position, glide->count);
}

void grit_playing_take_back(grit_playing_t *playing, const grit_controls_t *controls) {
  grit_voice_restart(grit_player_voice(&playing->player), NULL, 0);
  grit_aim_repeat(&playing->aim);
  grit_playing_stand(playing, controls);
}

/* While the button is down the first knob chooses among the bends; it counts when the button is let go. */
static void choose_bend(grit_playing_t *playing, const grit_controls_t *controls, bool was_down) {
  grit_gestures_t *gestures = &playing->gestures;
  const uint16_t knob = controls->knobs[0];
  const int32_t way = (int32_t)knob - playing->knob_then;
  if (!was_down) playing->knob_then = knob;
  if (was_down && gestures->down && !gestures->used && (way > BEND_TURN || way < -BEND_TURN))
    gestures->used = playing->turned = true;
  if (gestures->down || !playing->turned) return;
  playing->turned = false;
  playing->bend_chosen = (uint8_t)(knob * GRIT_BENDS >> 16);
}

GRIT_FAST_CODE void grit_playing_switches(grit_playing_t *playing, const grit_controls_t *controls, bool gate,
                                          bool button) {
  const bool was_down = playing->gestures.down;
  const grit_gesture_t gesture = grit_gestures_step(&playing->gestures, gate, button);
  if (gesture != GRIT_GESTURE_NONE) playing->gesture = (uint8_t)gesture;
  if (controls->started) choose_bend(playing, controls, was_down);
}

static void follow(grit_playing_t *playing, const grit_controls_t *controls) {
  grit_voice_t *voice = grit_player_voice(&playing->player);
  if (playing->recall_go && grit_player_follows(&playing->player)) {
    playing->recall_go = false;
    uint16_t blocks = playing->memory->settings.morph_ms; /* a block is a millisecond */
    if (blocks < GRIT_LINK_GLIDE_BLOCKS) blocks = GRIT_LINK_GLIDE_BLOCKS;
    const grit_glide_t *glide = &voice->channels[0].glide;
    grit_aim_recall(&playing->aim, &playing->recall, blocks, glide->current, glide->count);
    playing->level_q12 = playing->recall.level_q12;
  }
  const uint32_t moved = grit_aim_step(&playing->aim, controls);
  if (!grit_player_follows(&playing->player)) return;
  if (moved != 0) grit_voice_jump(voice, moved, playing->aim.now);
}

/* 1 before the panel has been read, and where it has no such knob (-1). */
static int32_t factor_of(const grit_controls_t *controls, int knob, int32_t (*curve)(uint16_t)) {
  return controls->started && knob >= 0 ? curve(controls->knobs[knob]) : GRIT_UNITY_Q16;
}

static grit_levels_t levels_of(const grit_playing_t *playing, const grit_controls_t *controls, bool model) {
  return (grit_levels_t){
      .gain = factor_of(controls, GRIT_PANEL_KNOB_GAIN, grit_gain_of_knob),
      .mix = model ? factor_of(controls, GRIT_PANEL_KNOB_MIX, grit_mix_of_knob) : 0,
      .level = factor_of(controls, GRIT_PANEL_KNOB_LEVEL, grit_level_of_knob),
      .trim = q16_of_level(playing->level_q12),
  };
}

static uint16_t fall(uint16_t shown, uint16_t peak) {
  const uint16_t fallen = (uint16_t)(shown - (shown >> PEAK_FALL_SHIFT) - (shown > 0));
  return peak > fallen ? peak : fallen;
}

/* What moves from block to block. */
static void begin_block(grit_playing_t *playing, const grit_controls_t *controls) {
  if (playing->swap_go) swap(playing);
  follow(playing, controls);
  const grit_voice_t *voice = grit_player_voice(&playing->player);
  const grit_levels_t levels = levels_of(playing, controls, voice->channel_count > 0);
  grit_mixer_delay(&playing->mixer, voice->delay);
  grit_mixer_begin(&playing->mixer, &levels);
}

static void end_block(grit_playing_t *playing) {
  grit_module_status_t *status = &playing->status;
  status->peak_in = fall(status->peak_in, playing->mixer.peak_in);
  status->peak_out = fall(status->peak_out, playing->mixer.peak_out);
  if (playing->mixer.limited && status->limited < UINT16_MAX) status->limited++;
  if (playing->preset_shown > 0) playing->preset_shown--;
  if (playing->saved_shown > 0) playing->saved_shown--;
}

GRIT_FAST_CODE void grit_playing_audio(grit_playing_t *playing, const grit_controls_t *controls, size_t piece,
                                       const int16_t *const in[GRIT_VOICE_CHANNELS],
                                       int16_t *const out[GRIT_VOICE_CHANNELS]) {
  int16_t engine_in[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES];
  int32_t wet[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES];
  grit_mixer_t *mixer = &playing->mixer;
  if (piece == 0) begin_block(playing, controls);
  for (size_t c = 0; c < GRIT_VOICE_CHANNELS; c++) grit_mixer_input(mixer, piece, in[c], engine_in[c]);
  grit_player_process(&playing->player, piece, engine_in, wet);
  for (size_t c = 0; c < GRIT_VOICE_CHANNELS; c++) grit_mixer_output(mixer, piece, c, in[c], wet[c], out[c]);
  if (piece == GRIT_AUDIO_PIECES - 1u) end_block(playing);
}

void grit_playing_late(grit_playing_t *playing, uint32_t block) {
  grit_guard_late(&playing->guard, block);
}
