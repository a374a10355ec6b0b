// From inside a page or a worker: does the content security policy hold?

import type { Page, Worker } from 'playwright-core';

/** What `probe` gives under the policy. */
export const ALL_REFUSED = {
  fetch: 'TypeError',
  request: 'refused',
  socket: 'refused',
  module: 'TypeError',
  nested: 'refused',
  eval: 'EvalError',
  function: 'EvalError',
};

/** As text, for the test's own compiler would rewrite `import()`. */
const PROBE = `(async () => {
  await new Promise((done) => setTimeout(done)); // out of the debugger's call, which may run code from text
  const attempt = async (work) => {
    try {
      await work();
      return 'allowed';
    } catch (error) {
      return error instanceof Error ? error.name : String(error);
    }
  };
  const ended = (target, good) =>
    new Promise((resolve, reject) => {
      target.addEventListener(good, () => resolve());
      target.addEventListener('error', () => reject('refused'));
    });
  const nested = \`fetch('http://elsewhere.example/nested', { mode: 'no-cors' }).then(() => postMessage(0), () => { setTimeout(() => { throw 0; }); })\`;
  const request = new XMLHttpRequest();
  request.open('GET', 'http://elsewhere.example/request');
  return {
    fetch: await attempt(() => fetch('http://elsewhere.example/fetch', { mode: 'no-cors' })),
    request: await attempt(() => { request.send(); return ended(request, 'load'); }),
    socket: await attempt(() => ended(new WebSocket('ws://elsewhere.example/socket'), 'open')),
    module: await attempt(() => import('http://elsewhere.example/module.js')),
    nested: await attempt(() => ended(new Worker(URL.createObjectURL(new Blob([nested]))), 'message')),
    eval: await attempt(() => (0, eval)('1')),
    function: await attempt(() => new Function('return 1')()),
  };
})()`;

/** Tries every way out of a page or a worker, and code from text; says how each ended. */
export const probe = (where: Worker | Page) => (where as Worker).evaluate(PROBE);
