// The reference of a version: what later batches are held against, as one blob beside its weights.

import { UserError } from '../base/errors.ts';
import type { ColumnSample } from '../monitor/drift.ts';
import type { Embeddings } from '../monitor/embeddings.ts';
import type { ReferenceProfile } from '../monitor/reference.ts';
import type { ReferenceSpread } from '../monitor/spread.ts';
import { pack, unpack } from './pack.ts';
import type { Version } from './versions.ts';
import type { Workspace } from './workspace.ts';

export interface Reference {
  profile: ReferenceProfile;
  /** null where the held-out rows were too few */
  spread: ReferenceSpread | null;
  /** of some held-out images; of a table, and of versions of an older Lathe, there are none */
  embeddings?: Embeddings | null;
}

/** A sample without a Map, which has no JSON. */
type FlatSample =
  | (ColumnSample & { kind: 'number' })
  | (Omit<ColumnSample & { kind: 'category' }, 'counts'> & { counts: [string, number][] });

export function packReference({ profile, ...rest }: Reference): Blob {
  const columns = profile.columns.map((column) => ({ ...column, sample: flat(column.sample) }));
  return pack({ profile: { ...profile, columns }, ...rest });
}

/** @throws UserError where the version has none, or it is damaged */
export async function readReference(ws: Workspace, version: Version): Promise<Reference> {
  const facts = await ws.read('version', String(version.runId));
  if (!facts?.reference) {
    throw new UserError(
      'missing',
      `reference of version '${version.id}': it was trained before Lathe kept one. Train it again to watch it.`,
    );
  }
  const packed = (await unpack(
    await ws.readBlob(facts.reference, `reference of version '${version.id}'`),
  )) as Reference;
  const columns = packed.profile.columns.map((column) => ({
    ...column,
    sample: full(column.sample as unknown as FlatSample),
  }));
  return { ...packed, profile: { ...packed.profile, columns } };
}

function flat(sample: ColumnSample): FlatSample {
  return sample.kind === 'number' ? sample : { ...sample, counts: [...sample.counts] };
}

function full(sample: FlatSample): ColumnSample {
  return sample.kind === 'number' ? sample : { ...sample, counts: new Map(sample.counts) };
}
