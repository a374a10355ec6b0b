// The trainings that this page begins, one at a time: from the draft, from a run that was cut off, or of a challenger.
// How one of them stands is a `Training`; those of other tabs and of scripts are in `shell/others`.

import { isAbort } from '../../base/errors.ts';
import type { Recipe } from '../../model/recipe.ts';
import type { CallOptions, Run, TrainProgress, Version } from '../../worker/api.ts';
import { lathe, WorkerGone } from '../../worker/client.ts';
import type { Session } from '../session.svelte.ts';
import { persistence } from '../shell/persistence.svelte.ts';
import { Training } from '../shell/training.svelte.ts';

export class Trainings {
  /** the latest, also when it has ended */
  current = $state.raw<Training | null>(null);
  /** the last training of a challenger, and the version that it came from */
  challenge = $state.raw<{ from: Version; training: Training } | null>(null);
  #abort: AbortController | null = null;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Trains the draft; what comes of it is in `current`. The new version becomes the one at hand. */
  async train(): Promise<void> {
    const { draft, datasets, isTraining } = this.#session;
    const recipe = draft.copy();
    if (!recipe || isTraining) return;
    const training = new Training(recipe, datasets.current?.name ?? '');
    await this.#follow(training, (options) => lathe.train(recipe, options));
  }

  /** Trains a recipe as the next version of the model that `from` is of, which becomes its challenger. */
  async trainChallenger(from: Version, recipe: Recipe): Promise<void> {
    const { datasets, versions, isTraining } = this.#session;
    if (isTraining) return;
    await datasets.read();
    const dataset = datasets.all.find(({ id }) => id === recipe.dataset);
    const training = new Training(recipe, dataset?.name ?? '');
    this.challenge = { from, training };
    await this.#follow(training, (options) => lathe.train(recipe, { model: from.model, ...options }));
    const { version } = training;
    if (!version) return;
    await this.#session.attempt(async () => {
      await lathe.setAlias(version.model, 'challenger', version.number);
      await versions.read();
    });
  }

  /** Goes on with a run that was cut off or failed. */
  async resumeRun(run: Run): Promise<void> {
    if (this.#session.isTraining) return;
    const training = new Training(run.recipe, run.datasetName);
    training.runId = run.id;
    await this.#follow(training, (options) => lathe.resumeRun(run.id, options));
    if (training.begun) return;
    this.current = null; // it was refused: another tab may have been first
    this.#session.fail(training.error);
  }

  /** A training from its begin to its end. Where its worker goes meanwhile, it is taken up once by itself. */
  async #follow(training: Training, begin: (options: CallOptions<TrainProgress>) => Promise<Version>): Promise<void> {
    const { datasets, versions } = this.#session;
    const notify = (text: string) => this.#session.notify(text);
    this.current = training;
    this.#abort = new AbortController();
    const options = { signal: this.#abort.signal, onProgress: (p: TrainProgress) => training.follow(p) };
    const takeUp = (error: unknown) => {
      if (!(error instanceof WorkerGone) || training.runId === null) throw error;
      console.warn(error);
      notify('The worker stopped. The training goes on from its last checkpoint.');
      return lathe.resumeRun(training.runId, options);
    };
    try {
      const version = await begin(options).catch(takeUp);
      await versions.read();
      training.version = version;
      training.state = 'finished';
      if (datasets.currentId === version.datasetId || !datasets.currentId) versions.use(version.id);
      notify(`Training is finished: ${version.id} is kept.`);
      if (versions.all.length === 1) await this.#askToKeep();
    } catch (error) {
      training.error = isAbort(error) ? null : error;
      training.state = isAbort(error) ? 'discarded' : 'failed';
      notify(isAbort(error) ? 'Training discarded.' : 'Training failed.');
    }
  }

  /** With the first version there is something to lose. */
  async #askToKeep(): Promise<void> {
    await persistence.read();
    if (persistence.state !== 'not asked') return;
    this.#session.notify(
      'Your first version is kept. The browser is asked not to clear it by itself when the disk is full.',
    );
    await persistence.ask();
  }

  async pause(): Promise<void> {
    await this.#session.attempt(() => lathe.pause());
  }

  async resume(): Promise<void> {
    await this.#session.attempt(() => lathe.resume());
  }

  /** Ends a training, of this page or another's, and keeps its best weights. */
  async stop(training: Training): Promise<void> {
    training.stopping = true;
    await this.#session.attempt(() => lathe.stop());
  }

  /** Ends the training and keeps nothing. */
  discard(): void {
    this.#abort?.abort();
  }

  /** Gives a run up that was cut off or failed. */
  async discardRun(id: number): Promise<void> {
    await this.#session.attempt(() => lathe.discardRun(id));
  }
}
