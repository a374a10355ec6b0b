// The samples that come with the page, as `public/samples/index.json` lists them.

import type { Task } from '../../model/recipe.ts';

export interface Sample {
  id: string;
  title: string;
  kind: 'table' | 'images';
  rows: number;
  /** features; pixels for images */
  columns: number;
  image?: { height: number; width: number; channels: number };
  classes?: string[];
  task: Task;
  description: string;
  source: string;
  licence: string;
}

let listed: Promise<Sample[]> | null = null;

/** Reads the list, once. */
export function listSamples(): Promise<Sample[]> {
  listed ??= fetchSamples().catch((error: unknown) => {
    listed = null;
    throw error;
  });
  return listed;
}

async function fetchSamples(): Promise<Sample[]> {
  const response = await fetch(new URL('samples/index.json', document.baseURI));
  if (!response.ok) throw new Error(`the list of samples could not be read: the host answers ${response.status}`);
  return (await response.json()) as Sample[];
}
