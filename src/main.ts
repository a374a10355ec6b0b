// Mounts the page and gives the console the very client that the page calls.

import { mount } from 'svelte';
import App from './ui/App.svelte';
import './ui/tokens.css';
import './ui/base.css';
import type { Lathe } from './worker/api.ts';
import { lathe } from './worker/client.ts';

declare global {
  interface Window {
    lathe: Lathe;
  }
}

window.lathe = lathe;
mount(App, { target: document.querySelector('#app')! });
