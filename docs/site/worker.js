// Search runs in a worker, which browsers refuse to pages opened as files: there, run it in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.ready = new Promise((resolve, reject) => {
        const frame = document.createElement("iframe");
        frame.hidden = true;
        frame.srcdoc = "<!doctype html><title>search</title>";
        frame.addEventListener("load", () => {
          const inner = frame.contentWindow;
          inner.postMessage = (told) => setTimeout((data) => this.hear(data), 0, structuredClone(told));
          const script = inner.document.createElement("script");
          script.src = new URL(url, location.href).href;
          script.addEventListener("load", () => resolve(inner));
          script.addEventListener("error", reject);
          inner.document.head.append(script);
        }, { once: true });
        document.body.append(frame);
        this.frame = frame;
      });
      this.ready.catch((event) => this.onerror && this.onerror(event));
    }

    hear(data) {
      const event = new MessageEvent("message", { data });
      if (this.onmessage) this.onmessage(event);
      this.dispatchEvent(event);
    }

    // as between threads: later, and a copy, since either side changes what it was given
    postMessage(told) {
      const data = structuredClone(told);
      this.ready.then((inner) => setTimeout(() => inner.dispatchEvent(new MessageEvent("message", { data }))));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
