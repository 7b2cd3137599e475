// A telephone in the page. It speaks Twilio's media-stream protocol to the same socket a carrier would.

const LOUD = 0.02; // microphone level that counts as speaking, of 1
const QUIET_MS = 350; // this long without it: the caller has finished
const THINKING_MS = 6000; // longer than that and nobody is thinking any more
const HELD_MS = 2500;
const STORY_MS = 1000;

const box = document.querySelector("[data-phone]");
const words = JSON.parse(box.dataset.words);
const part = (name) => box.querySelector(`[data-${name}]`);

let call = null; // the call in progress

function show(state, text) {
  box.dataset.state = state;
  part("state").textContent = text ?? words[state];
  const busy = !["idle", "ended", "failed"].includes(state);
  part("call").hidden = busy;
  part("hang-up").hidden = !busy;
  part("mute").disabled = !busy;
  for (const key of box.querySelectorAll("[data-key]")) key.disabled = !busy;
}

async function post(path, fields = {}) {
  const body = new FormData();
  body.set("csrf_token", box.dataset.csrf);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return fetch(path, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
}

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

class Call {
  constructor(connection, audio, line, microphone) {
    Object.assign(this, { audio, line, microphone });
    this.id = connection.call_id;
    this.over = false;
    this.startedAt = performance.now();
    this.lastVoiceAt = 0;
    this.spoke = false;
    this.stoppedAt = 0;
    line.port.onmessage = ({ data }) => this.fromLine(data);
    this.connect(connection);
    this.clock = setInterval(() => this.tick(), 100);
    this.story = setInterval(() => this.readStory(), STORY_MS);
    part("link").href = box.dataset.callPage.replace("/0", `/${this.id}`);
  }

  connect({ call_sid, token, path }) {
    this.streamSid = `MZ${crypto.randomUUID().replaceAll("-", "")}`;
    this.chunk = 0;
    this.sequence = 0;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const query = new URLSearchParams({ call: call_sid, token });
    this.socket = new WebSocket(`${scheme}://${location.host}${path}?${query}`);
    this.socket.onopen = () => {
      this.openedAt = performance.now();
      this.socket.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
      this.send("start", {
        start: {
          streamSid: this.streamSid, accountSid: "browser", callSid: call_sid, tracks: ["inbound"],
          mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 }, customParameters: { token },
        },
      });
      show("listening");
    };
    this.socket.onmessage = ({ data }) => this.fromServer(JSON.parse(data));
    this.socket.onclose = () => this.streamEnded();
  }

  send(event, rest) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ event, sequenceNumber: String(++this.sequence), streamSid: this.streamSid, ...rest }));
  }

  fromLine(data) {
    if (data.frame) {
      this.send("media", {
        media: {
          track: "inbound", chunk: String(++this.chunk), payload: base64(data.frame),
          timestamp: String(Math.round(performance.now() - (this.openedAt ?? 0))),
        },
      });
      this.level = data.level;
      if (data.level > LOUD) {
        this.lastVoiceAt = performance.now();
        this.spoke = true;
      }
    } else if (data.mark) {
      this.send("mark", { mark: { name: data.mark } });
    } else if ("playing" in data) {
      this.playing = data.playing;
      if (data.playing) this.answered();
      else this.stoppedAt = performance.now();
    }
  }

  answered() {
    this.held = false;
    if (this.spoke) {
      const waited = performance.now() - this.lastVoiceAt;
      if (waited > 60) {
        part("latency").textContent = words.answered.replace("{ms}", Math.round(waited));
        this.spoke = false;
      }
    }
  }

  fromServer(message) {
    if (message.event === "media") this.line.port.postMessage({ audio: bytes(message.media.payload) });
    else if (message.event === "mark") this.line.port.postMessage({ mark: message.mark.name });
    else if (message.event === "clear") this.line.port.postMessage({ clear: true });
  }

  /** What a listener would say is going on, ten times a second. */
  tick() {
    if (this.over) return;
    const now = performance.now();
    part("level").value = Math.min(1, (this.level ?? 0) * 5);
    part("time").textContent = clock(now - this.startedAt);
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const talking = now - this.lastVoiceAt < QUIET_MS;
    if (this.playing) show("speaking");
    else if (talking && now - this.stoppedAt < HELD_MS) show("held");
    else if (!talking && this.spoke && now - this.lastVoiceAt < THINKING_MS) show("thinking");
    else show("listening");
  }

  async streamEnded() {
    if (this.over) return;
    show("connecting");
    const answer = await post(box.dataset.next.replace("/0/", `/${this.id}/`)).catch(() => null);
    const next = answer?.ok ? await answer.json() : {};
    if (next.token && !this.over) return this.connect(next);
    this.end(next.ended ?? words.ended);
  }

  hangUp() {
    this.send("stop", { stop: { accountSid: "browser", callSid: "" } });
    this.end(words.ended);
    post(box.dataset.hungUp.replace("/0/", `/${this.id}/`));
  }

  leave() {
    const body = new FormData();
    body.set("csrf_token", box.dataset.csrf);
    navigator.sendBeacon(box.dataset.hungUp.replace("/0/", `/${this.id}/`), body);
  }

  end(text) {
    if (this.over) return;
    this.over = true;
    clearInterval(this.clock);
    clearInterval(this.story);
    this.socket.close();
    for (const track of this.microphone.getTracks()) track.stop();
    this.audio.close();
    show("ended", text);
    part("level").value = 0;
    part("link").hidden = false;
    call = null;
    setTimeout(() => this.readStory(), 600);
  }

  async readStory() {
    const answer = await fetch(box.dataset.story.replace("/0/", `/${this.id}/`), { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (!answer?.ok) return;
    const body = await answer.text();
    const place = part("story");
    if (body === this.shown) return;
    this.shown = body;
    const following = place.scrollTop + place.clientHeight > place.scrollHeight - 60;
    place.innerHTML = body;
    if (following) place.scrollTop = place.scrollHeight;
  }
}

function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

async function openMicrophone() {
  if (!navigator.mediaDevices || !window.AudioWorkletNode) throw new Error(words.insecure);
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
  } catch {
    throw new Error(words.noMicrophone);
  }
}

async function place() {
  show("connecting");
  part("link").hidden = true;
  part("latency").textContent = "";
  part("story").replaceChildren();
  let microphone = null;
  try {
    microphone = await openMicrophone();
    const audio = new AudioContext({ latencyHint: "interactive" });
    await audio.audioWorklet.addModule(box.dataset.worklet);
    const line = new AudioWorkletNode(audio, "line", { outputChannelCount: [1] });
    audio.createMediaStreamSource(microphone).connect(line).connect(audio.destination);
    await audio.resume();
    const answer = await post(box.dataset.place, { caller: part("caller").value });
    const connection = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(connection.error ?? words.failed);
    call = new Call(connection, audio, line, microphone);
  } catch (problem) {
    for (const track of microphone?.getTracks() ?? []) track.stop();
    show("failed", problem.message);
  }
}

part("call").addEventListener("click", place);
part("hang-up").addEventListener("click", () => call?.hangUp());
part("mute").addEventListener("click", () => {
  const muted = part("mute").getAttribute("aria-pressed") !== "true";
  part("mute").setAttribute("aria-pressed", String(muted));
  call?.line.port.postMessage({ muted });
});
for (const key of box.querySelectorAll("[data-key]")) {
  key.addEventListener("click", () => call?.send("dtmf", { dtmf: { track: "inbound_track", digit: key.dataset.key } }));
}
addEventListener("pagehide", () => call?.leave());
show("idle");
