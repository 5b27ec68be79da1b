/* A browser starts no worker for a page that is opened from the disk. There a hidden frame runs the
   script of one, and passes messages as a worker does: the theme's search needs no more. */
"use strict";

class FrameWorker extends EventTarget {
  constructor(address) {
    super();
    const frame = document.createElement("iframe");
    frame.hidden = true;
    document.body.append(frame);
    this.frame = frame.contentWindow;
    this.frame.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
    this.frame.importScripts = async (...scripts) => {
      for (const script of scripts) await this.load(script);
    };
    this.ready = this.load(address);
  }

  load(address) {
    return new Promise((done, failed) => {
      const script = this.frame.document.createElement("script");
      script.src = address;
      script.onload = done;
      script.onerror = failed;
      this.frame.document.body.append(script);
    });
  }

  postMessage(data) {
    this.ready.then(() => this.frame.dispatchEvent(new MessageEvent("message", { data })));
  }
}

if (location.protocol === "file:") window.Worker = FrameWorker;
