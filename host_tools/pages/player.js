// Sounds of one comparison start together and go on together; a choice fades from one to another in place, in 10 ms.
"use strict";
let context = null, now = null;

async function decoded(audio) {
  const text = atob(audio.src.slice(audio.src.indexOf(",") + 1));
  return context.decodeAudioData(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer);
}

for (const box of document.querySelectorAll(".sounds")) {
  const audios = [...box.querySelectorAll("audio")];
  const names = audios.map((audio) => audio.parentElement.textContent.trim());
  const play = Object.assign(document.createElement("button"), { textContent: "Play" });
  const bar = Object.assign(document.createElement("progress"), { value: 0, max: 1 });
  const choices = names.map((name) => Object.assign(document.createElement("button"), { textContent: name }));
  const me = { buffers: null, sources: null, gains: [], chosen: names.length - 1, since: 0, stop };
  bar.setAttribute("aria-label", "how far");
  box.replaceChildren(play, ...choices, bar);
  show();

  function show() {
    play.setAttribute("aria-pressed", String(me.sources !== null));
    play.textContent = me.sources ? "Stop" : "Play";
    choices.forEach((one, i) => one.setAttribute("aria-pressed", String(i === me.chosen)));
    box.dataset.chosen = names[me.chosen];
    box.dataset.playing = String(me.sources !== null);
  }

  function stop() {
    if (me.sources) for (const source of me.sources) { source.onended = null; source.stop(); }
    me.sources = null;
    bar.value = 0;
    show();
  }

  function tick() {
    if (!me.sources) return;
    const length = me.buffers[0].duration;
    bar.value = ((context.currentTime - me.since) % length) / length;
    requestAnimationFrame(tick);
  }

  play.onclick = async () => {
    if (me.sources) return stop();
    context = context || new AudioContext();
    await context.resume();
    me.buffers = me.buffers || (await Promise.all(audios.map(decoded)));
    if (now && now !== me) now.stop();
    now = me;
    me.gains = me.buffers.map((_, i) => {
      const gain = new GainNode(context, { gain: i === me.chosen ? 1 : 0 });
      gain.connect(context.destination);
      return gain;
    });
    me.since = context.currentTime + 0.05;
    me.sources = me.buffers.map((buffer, i) => {
      const source = new AudioBufferSourceNode(context, { buffer, loop: true });
      source.connect(me.gains[i]);
      source.start(me.since);
      return source;
    });
    show();
    tick();
  };

  choices.forEach((one, i) => {
    one.onclick = () => {
      me.chosen = i;
      if (me.sources) me.gains.forEach((gain, k) => gain.gain.setTargetAtTime(k === i ? 1 : 0, context.currentTime, 0.003));
      show();
    };
  });
}
