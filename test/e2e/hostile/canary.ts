// Sees it when a name was taken for anything but text: code of it ran, an element was made of it, the policy had to stop
// it, it opened a dialog, went somewhere, or asked for something.

import type { BrowserContext, Page } from 'playwright-core';

declare global {
  interface Window {
    canary(): void;
    /** how it fired in this page */
    fired: string[];
  }
}

export interface Canary {
  /** How it has fired so far, in the pages of the context; empty where it has not. */
  fired(): Promise<string[]>;
}

/** Puts the canary into every page that is opened from now on. */
export async function placeCanary(context: BrowserContext): Promise<Canary> {
  const outside: string[] = [];
  await context.addInitScript(() => {
    window.fired = [];
    window.canary = () => window.fired.push('code');
    // a policy that stops code of a name has seen a name as code
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
      window.fired.push(`stopped by the policy: ${effectiveDirective}`),
    );
    const marked = (node: Node) =>
      node instanceof Element && (node.matches('[data-canary]') || node.querySelector('[data-canary]') !== null);
    new MutationObserver((changes) => {
      for (const { target, addedNodes, type } of changes) {
        if (type === 'attributes' ? marked(target) : [...addedNodes].some(marked)) window.fired.push('element');
      }
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-canary'] });
  });
  context.on('dialog', (dialog) => {
    outside.push(`dialog: ${dialog.message().slice(0, 100)}`);
    void dialog.dismiss();
  });
  const isNone = (url: string) => /canary|etc.passwd|x\.example/i.test(url);
  context.on('request', (request) => {
    if (isNone(request.url())) outside.push(`request: ${request.url().slice(0, 100)}`);
  });
  const inside = async (page: Page) =>
    page.evaluate(() => [
      ...window.fired,
      ...(document.querySelector('[data-canary]') ? ['element'] : []),
      ...(/javascript:/i.test(location.href) ? ['address'] : []),
      ...(Object.keys(Object.prototype).length > 0 ? ['prototype'] : []),
    ]);
  return {
    async fired() {
      const pages = await Promise.all(context.pages().map(inside));
      return [...outside, ...pages.flat()];
    },
  };
}
