// What the page proposes before a person has changed anything: a model and a training for each kind, by the size of
// the data. Plain values to edit; nothing here is enforced. The layers are architectures.ts.

import type { Task, TrainingSpec } from './recipe.ts';
import type { ColumnSpec, ColumnType } from '../data/table.ts';
import { ARCHITECTURES, type Architecture } from './architectures.ts';
import type { ModelSpec } from './spec.ts';

export interface ModelFacts {
  task: Task;
  /** rows to learn from */
  rows: number;
  /** columns after preparation, or numbers of one image */
  features: number;
  /** that are to be told apart, where that is known */
  classes?: number;
  /** whether the columns may be read one after the other: see `sequenceGap` */
  isSequence?: boolean;
  image?: { height: number; width: number; channels: 1 | 3 };
}

/** Fewer columns than this have no order worth reading. */
const FEWEST_STEPS = 4;
/** Fewer rows a column, and many columns, tempt a network to learn what each column has by chance. */
const FEWEST_ROWS = 10;
const MANY_COLUMNS = 20;
/** The penalty that holds a model back there; about that of a ridge. */
const STRONG_L2 = 0.01;
/** Types that are one number each after the preparation. */
const ORDERED: readonly ColumnType[] = ['number', 'integer', 'date'];

/** Why a table is not to be read as a sequence, its columns one after the other, as a clause; null where it may be. */
export function sequenceGap(columns: ColumnSpec[]): string | null {
  const features = columns.filter(({ role }) => role === 'feature');
  if (features.length >= FEWEST_STEPS && features.every(({ type }) => ORDERED.includes(type))) return null;
  return `it reads the columns as steps, and needs ${FEWEST_STEPS} or more features that are all numbers`;
}

/** A table of which a network without a strong penalty learns the noise. */
const isWide = ({ rows, features, image }: ModelFacts): boolean =>
  !image && features >= MANY_COLUMNS && rows < FEWEST_ROWS * features;

/** The models that suit the data, the proposed one first. */
export function architecturesOf(facts: ModelFacts): Architecture[] {
  const { image, isSequence } = facts;
  const suited = (Object.keys(ARCHITECTURES) as Architecture[]).filter((each) => {
    const { kind } = ARCHITECTURES[each];
    return kind === 'cnn' ? image : kind === 'sequence' ? isSequence && !image : true;
  });
  // a network with the penalty tells classes apart as well as a linear model; of values it learns far less
  return isWide(facts) && facts.task === 'regression'
    ? ['linear', ...suited.filter((each) => each !== 'linear')]
    : suited;
}

/** A model for the data. */
export function suggestModel(architecture: Architecture, facts: ModelFacts): ModelSpec {
  const { kind, layers } = ARCHITECTURES[architecture];
  return { kind, layers: layers(facts) };
}

/** A training for this model that converges on data of this size without a hand on it. */
export function suggestTraining(architecture: Architecture, facts: ModelFacts): TrainingSpec {
  const { kind } = ARCHITECTURES[architecture];
  const adam = (learningRate: number) =>
    ({ kind: 'adam', learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }) as const;
  const common = { l1: 0, l2: 0, classWeights: 'none' } as const;
  const wide = isWide(facts);
  const batchSize = facts.rows <= 2_000 ? 32 : facts.rows <= 20_000 ? 64 : 128;
  switch (kind) {
    case 'linear':
      return {
        ...common,
        epochs: facts.rows <= 20_000 ? 200 : 50,
        batchSize,
        optimizer: adam(0.02),
        schedule: { kind: 'cosine', minFactor: 0.01, warmupEpochs: 0 },
        l2: wide ? STRONG_L2 : 0,
        earlyStopping: { patience: 30, minDelta: 0 },
      };
    case 'mlp':
      return {
        ...common,
        epochs: facts.rows <= 20_000 ? 120 : 40,
        batchSize,
        optimizer: adam(0.005),
        schedule: { kind: 'cosine', minFactor: 0.02, warmupEpochs: 0 },
        l2: wide ? STRONG_L2 : 1e-4,
        earlyStopping: { patience: 20, minDelta: 0 },
      };
    case 'sequence':
      return {
        ...common,
        epochs: facts.rows <= 20_000 ? 60 : 20,
        batchSize,
        optimizer: adam(0.003),
        schedule: { kind: 'cosine', minFactor: 0.02, warmupEpochs: 1 },
        ...(architecture === 'lstm' && { clipNorm: 1 }), // what goes through many steps may explode
        earlyStopping: { patience: 12, minDelta: 0 },
      };
    case 'cnn':
      return {
        ...common,
        epochs: 15,
        batchSize: facts.rows <= 5_000 ? 32 : 64,
        optimizer: adam(0.002),
        schedule: { kind: 'cosine', minFactor: 0.05, warmupEpochs: 1 },
        earlyStopping: { patience: 5, minDelta: 0 },
      };
    default:
      kind satisfies never;
      throw new Error(`no training for ${String(kind)}`);
  }
}
