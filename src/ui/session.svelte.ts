// What the page knows: where one is, what it has to say, and, each a part of its own, the data sets, the draft of a recipe,
// the training under way, the versions, their aliases and what scores. The one place where the UI calls `lathe` to change
// any of these; stages read it and take no props. A choice of data set, version or recipe moves the other two, which is
// why the parts know the session that they are of.

import { isAbort } from '../base/errors.ts';
import { lathe } from '../worker/client.ts';
import { Aliases } from './session/aliases.ts';
import { Datasets } from './session/datasets.svelte.ts';
import { Draft } from './session/draft.svelte.ts';
import { Scoring } from './session/scoring.svelte.ts';
import { Trainings } from './session/trainings.svelte.ts';
import { Versions } from './session/versions.svelte.ts';
import { readPreference } from './shell/preference.ts';
import { hashOf, type Route, routeOfHash, subjectsOfHash } from './shell/stages.ts';

/** A short message, and what takes back what it tells of. */
interface Notice {
  text: string;
  undo?: () => Promise<unknown>;
}

export class Session {
  stage = $state<Route>('data');
  /** what the address names after it */
  subjects = $state.raw<string[]>([]);
  /** data sets and versions were read once */
  ready = $state(false);

  /** what went wrong outside any one stage, the latest last */
  problems = $state.raw<unknown[]>([]);
  /** the latest short message, for a toast and for screen readers */
  notice = $state.raw<Notice | null>(null);

  readonly datasets = new Datasets(this);
  readonly draft = new Draft(this);
  readonly trainings = new Trainings(this);
  readonly versions = new Versions(this);
  readonly aliases = new Aliases(this);
  readonly scoring = new Scoring(this);

  /** This page trains; for what others do see `others`. */
  get isTraining(): boolean {
    return this.trainings.current?.running ?? false;
  }

  /** Reads what is kept and goes where the address says. Call once. */
  async start(): Promise<void> {
    this.stage = routeOfHash(location.hash);
    this.subjects = subjectsOfHash(location.hash);
    const { datasets, versions } = this;
    try {
      await Promise.all([datasets.read(), versions.read()]);
      const keptVersion = readPreference('version');
      const keptDataset = readPreference('dataset');
      versions.currentId = versions.all.find(({ runId }) => String(runId) === keptVersion)?.id ?? null;
      const dataset = datasets.all.find(({ id }) => id === keptDataset) ?? datasets.all[0];
      if (dataset) await datasets.select(dataset.id);
      else versions.currentId ??= versions.all.at(-1)?.id ?? null;
    } catch (error) {
      await this.failToRead(error);
    }
    this.ready = true;
  }

  /** Reads the lists again: a script in the console, or another tab, has imported, trained, changed or removed. */
  async refresh(): Promise<void> {
    if (!this.ready) return;
    const { datasets, versions } = this;
    await this.attempt(async () => {
      const run = versions.current?.runId; // it stays the same version under another name
      await Promise.all([datasets.read(), versions.read()]);
      const renamed = versions.current ? null : versions.all.find(({ runId }) => runId === run);
      if (renamed) versions.use(renamed.id);
      if (datasets.importing) return; // it will choose
      const here = datasets.all.find(({ id }) => id === datasets.currentId) ?? datasets.all[0];
      if (!here) datasets.selectNone();
      if (here && here.id !== datasets.currentId) await datasets.select(here.id);
      else if (!versions.current) versions.useNewestOf(here?.id ?? null);
      if (here) await datasets.follow(here);
    });
  }

  /** Goes to a stage, by the address, so that the browser's Back works. */
  go(stage: Route, ...subjects: string[]): void {
    location.hash = hashOf(stage, ...subjects);
  }

  /** Takes files from a drop or a paste to where the stage at hand wants them. */
  receive(files: File[]): void {
    if (files.length === 0) {
      this.notify('There was no file in it. Drop a table, a zip of images, or images.');
    } else if (this.scoring.takesDrops) {
      this.scoring.files = files;
    } else {
      this.go('data');
      void this.datasets.importFiles(files);
    }
  }

  /** Says something short that needs no answer. @param undo takes back what it tells of, at a click */
  notify(text: string, undo?: () => Promise<unknown>): void {
    this.notice = { text, undo };
  }

  /** Shows an error above the stage, once where several things fail for one reason; what the user called off is none. */
  fail(error: unknown): void {
    if (isAbort(error)) return;
    this.problems = [...this.problems.filter((other) => String(other) !== String(error)), error];
  }

  /** As `fail`, of what the page reads by itself: an incident is told by its panel. */
  async failToRead(error: unknown): Promise<void> {
    if (!(await lathe.incident().catch(() => null))) this.fail(error);
  }

  dismiss(problem: unknown): void {
    this.problems = this.problems.filter((other) => other !== problem);
  }

  /** Runs the work and shows its error above the stage. True where it went well. */
  async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }
}

export const session = new Session();
