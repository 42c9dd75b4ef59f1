#include "streaming/live.h"

#include <string.h>

#include "panel/knob_curves.h"

static uint16_t turn_of(int16_t number) {
  return (uint16_t)(number + 32768);
}

static void head_for(void *context, const int16_t *target) {
  grit_live_t *live = context;
  grit_voice_t *voice = grit_player_voice(&live->playing->player);
  const int16_t *knobs = target + voice->channels[0].position_count;
  grit_voice_head_for(voice, target);
  live->levels.gain = grit_gain_of_knob(turn_of(knobs[0]));
  live->levels.mix = grit_mix_of_knob(turn_of(knobs[1]));
  live->levels.level = grit_level_of_knob(turn_of(knobs[2]));
}

static void play(void *context, const int16_t *in, int16_t *out) {
  grit_live_t *live = context;
  grit_mixer_t *mixer = &live->playing->mixer;
  grit_mixer_begin(mixer, &live->levels);
  for (size_t piece = 0; piece < GRIT_AUDIO_PIECES; piece++) {
    const size_t at = piece * GRIT_AUDIO_FRAMES;
    int16_t engine_in[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES];
    int32_t wet[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES];
    grit_mixer_input(mixer, piece, in + at, engine_in[0]);
    memcpy(engine_in[1], engine_in[0], sizeof engine_in[0]); /* one cable: the right input is normalled to the left */
    grit_player_process(&live->playing->player, piece, engine_in, wet);
    grit_mixer_output(mixer, piece, 0, in + at, wet[0], out + at);
  }
}

grit_stream_player_t grit_live_start(grit_live_t *live, grit_playing_t *playing, const int16_t *target) {
  grit_voice_t *voice = grit_player_voice(&playing->player);
  live->playing = playing;
  live->levels.trim = grit_playing_trim(voice);
  head_for(live, target);
  grit_voice_restart(voice, target, voice->channels[0].position_count);
  grit_mixer_settle(&playing->mixer, &live->levels, voice->delay);
  return (grit_stream_player_t){
      .count = voice->channels[0].position_count + GRIT_LIVE_KNOBS,
      .context = live,
      .head_for = head_for,
      .play = play,
  };
}
