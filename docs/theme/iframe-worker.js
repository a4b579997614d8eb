// Browsers start no worker from a file. Where the site is opened as files, a hidden frame takes the worker's place:
// its window is the worker's world, and messages pass by events.
if (location.protocol === "file:") {
  class FrameWorker extends EventTarget {
    constructor(source) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      document.body.append(this.frame)
      const inner = this.frame.contentWindow
      inner.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }))
      const script = inner.document.createElement("script")
      script.src = new URL(source, location.href)
      this.ready = new Promise((loaded) => (script.onload = loaded))
      inner.document.body.append(script)
    }
    postMessage(data) {
      this.ready.then(() => {
        const inner = this.frame.contentWindow
        inner.dispatchEvent(new inner.MessageEvent("message", { data }))
      })
    }
    terminate() {
      this.frame.remove()
    }
  }
  window.IFrameWorker = FrameWorker
  window.Worker = FrameWorker
}
