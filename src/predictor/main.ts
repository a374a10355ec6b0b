// The page of a predictor file: reads the model that lies beside it in the file and mounts what a person sees.

import { mount } from 'svelte';
import '../ui/tokens.css';
import '../ui/base.css';
import { CONTENT_ID, parseContent } from '../export/predictorContent.ts';
import { createScorer } from '../infer/score.ts';
import ErrorPanel from '../ui/parts/ErrorPanel.svelte';
import App from './App.svelte';

const target = document.querySelector('#app')!;
try {
  const content = parseContent(document.getElementById(CONTENT_ID)!.textContent);
  const scorer = createScorer(content);
  target.replaceChildren();
  mount(App, { target, props: { content, scorer } });
} catch (error) {
  target.replaceChildren();
  mount(ErrorPanel, { target, props: { error } });
}
