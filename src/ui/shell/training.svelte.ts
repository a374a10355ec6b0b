// One training as the page sees it: where it stands, its log, and the loss of its steps for the live curve. It lives in
// the session, so that a person can walk to other stages meanwhile.

import type { EpochLog } from '../../model/epochLog.ts';
import type { Recipe } from '../../model/recipe.ts';
import type { BackendName, StepProgress } from '../../train/events.ts';
import type { CheckpointProgress, TrainingNews, TrainPhase, TrainProgress, Version } from '../../worker/api.ts';

/** Points kept of the step curve; when it is full every second one goes. */
const MAX_POINTS = 2000;

/** Loss by step, thinned as it grows. The arrays are kept and grown; `length` of `step` and `loss` is the same. */
export interface StepCurve {
  step: number[];
  /** mean loss of the epoch so far, as of that step */
  loss: number[];
}

/** Who began it: this page, a script in its console, the rule for updates in this tab, or another tab. */
export type Begun = 'page' | 'script' | 'rule' | 'tab';

export type TrainingState = 'running' | 'finished' | 'failed' | 'discarded';

export class Training {
  readonly recipe: Recipe;
  readonly datasetName: string;
  readonly by: Begun;
  /** null until it has its number */
  runId: number | null = null;
  /** the worker has begun with it */
  begun = false;
  state = $state<TrainingState>('running');
  phase = $state<TrainPhase>('preparing');
  paused = $state(false);
  /** a stop was asked for and the best weights are being kept */
  stopping = $state(false);
  backend = $state<BackendName | null>(null);
  adapter = $state<string | null>(null);
  backendReason = $state<string | null>(null);
  step = $state.raw<StepProgress | null>(null);
  log = $state.raw<EpochLog[]>([]);
  /** grows in place: read `curveLength` to follow it */
  readonly curve: StepCurve = { step: [], loss: [] };
  curveLength = $state(0);
  /** the latest; null before the first */
  checkpoint = $state.raw<CheckpointProgress | null>(null);
  version = $state.raw<Version | null>(null);
  error = $state.raw<unknown>(null);
  /** 0..1, by steps, were every epoch to run */
  fraction = $derived(this.step ? this.step.step / Math.max(1, this.step.steps) : 0);
  #stride = 1;
  #seen = 0;

  constructor(recipe: Recipe, datasetName: string, by: Begun = 'page') {
    this.recipe = recipe;
    this.datasetName = datasetName;
    this.by = by;
  }

  get running(): boolean {
    return this.state === 'running';
  }

  /** Takes in what the worker says. */
  follow(progress: TrainProgress): void {
    this.begun = true;
    this.runId = progress.runId;
    this.phase = progress.phase;
    this.paused = progress.paused;
    this.backend = progress.backend ?? this.backend;
    this.adapter = progress.adapter ?? this.adapter;
    this.backendReason = progress.backendReason ?? this.backendReason;
    if (progress.log) this.#goBack(progress.log);
    this.checkpoint = progress.checkpoint ?? this.checkpoint;
    if (progress.step) {
      this.step = progress.step;
      this.#addPoint(progress.step);
    }
    if (progress.epoch) this.log = [...this.log, progress.epoch];
  }

  /** As `follow`, of one that this page did not begin. What is told before the whole log was is passed over. */
  hear({ epochs, after, ...progress }: TrainingNews): void {
    if (after > this.log.length) return;
    const before = this.log.length;
    this.follow(progress);
    if (after + epochs.length < before) this.#goBack(this.log.slice(0, after));
    this.log = [...this.log.slice(0, after), ...epochs];
  }

  /** What came after the checkpoint that the run was taken up from comes again. */
  #goBack(log: EpochLog[]): void {
    this.log = log;
    const { step, loss } = this.curve;
    const stepsPerEpoch = this.step ? this.step.steps / this.step.epochs : 0;
    const kept = step.findIndex((each) => each > log.length * stepsPerEpoch);
    if (kept >= 0) step.length = loss.length = kept;
    this.curveLength = step.length;
  }

  #addPoint({ step, loss }: StepProgress): void {
    if (this.#seen++ % this.#stride !== 0) return;
    const { curve } = this;
    curve.step.push(step);
    curve.loss.push(loss);
    if (curve.step.length >= MAX_POINTS) {
      for (const values of [curve.step, curve.loss]) {
        for (let i = 0; 2 * i < values.length; i++) values[i] = values[2 * i];
        values.length = Math.ceil(values.length / 2);
      }
      this.#stride *= 2;
    }
    this.curveLength = curve.step.length;
  }
}
