// Profiles that predictors have sent back, as one batch: read, told to be of the version and new, merged, and held against
// the reference as far as counts and sketches go.

import { UserError } from '../base/errors.ts';
import { stringify } from '../base/json.ts';
import { quote, type Repair } from '../data/repairs.ts';
import { mergeProfiles, type Profile } from '../monitor/profile.ts';
import { compareProfile } from '../monitor/profileDrift.ts';
import { isProfile, readProfile } from '../monitor/readProfile.ts';
import type { Figure } from '../monitor/rules.ts';
import { type MonitorSettings, methodsOf } from '../monitor/settings.ts';
import { type BatchFacts, listBatches, type ProfileSource } from '../store/batches.ts';
import { sha256 } from '../store/hash.ts';
import type { Reference } from '../store/references.ts';
import { hashWeights, listVersions, type TrainedModel, type Version } from '../store/versions.ts';
import type { Context } from './context.ts';
import type { KeptReport } from './examine.ts';
import { judgingMetric } from './subject.ts';

export interface ReadProfiles {
  name: string;
  profile: Profile;
  profiles: ProfileSource[];
  repairs: Repair[];
}

/** Whether these are profiles and not rows. @throws UserError where they are both */
export async function areProfiles(files: readonly File[]): Promise<boolean> {
  const kinds = await Promise.all(files.map(isProfile));
  if (kinds.every((own) => own === kinds[0])) return kinds[0] ?? false;
  throw new UserError('invalid', `choice of files: ${quote(files[kinds.indexOf(true)].name)} is a profile, and ${quote(files[kinds.indexOf(false)].name)} is none. Give them one after the other`); // prettier-ignore
}

/** @throws UserError where one is damaged, of another version, or was counted already */
export async function readProfiles(
  context: Context,
  version: Version,
  trained: TrainedModel,
  files: readonly File[],
): Promise<ReadProfiles> {
  const { workspace } = context;
  const fingerprint = version.weightsSha256 ?? (await hashWeights(trained.weights));
  const versions = await listVersions(workspace);
  const own = versions.filter(({ model }) => model === version.model);
  const kept = (await listBatches(workspace, new Set(own.map(({ runId }) => runId)))).filter(
    ({ profiles }) => profiles,
  );
  const all: { profile: Profile; source: ProfileSource }[] = [];
  const repairs: Repair[] = [];
  for (const file of files) {
    const profile = await readProfile(file);
    if (profile.model.fingerprint !== fingerprint) throw ofAnother(file.name, profile, version, versions);
    const source = { name: file.name, sha256: await sha256(stringify(profile)), rows: profile.rows, firstAt: profile.firstAt }; // prettier-ignore
    const twin = all.find((other) => other.source.sha256 === source.sha256);
    if (twin) throw new UserError('invalid', `profile ${quote(file.name)}: it says the same as ${quote(twin.source.name)}, and its rows would count twice. Leave one out`); // prettier-ignore
    const before = batchWith(kept, (each) => each.sha256 === source.sha256);
    if (before) throw new UserError('invalid', `profile ${quote(file.name)}: it was taken in already, with batch ${quote(before.name)}. Remove that batch to take it in anew`); // prettier-ignore
    const grown = [...kept, { name: 'this one', profiles: all.map((each) => each.source) }];
    const begun = source.firstAt !== null && batchWith(grown, (each) => each.firstAt === source.firstAt);
    if (begun) {
      repairs.push({
        kind: 'grownProfiles',
        count: 1,
        message: `profile ${quote(file.name)} seems to go on with one that batch ${quote(begun.name)} has: the rows of that one count in both`,
      });
    }
    all.push({ profile, source });
  }
  const profile = mergeProfiles(all.map((each) => each.profile));
  const [first] = files;
  const name = files.length === 1 ? first.name.replace(/\.json$/i, '') : `${files.length} profiles`;
  return { name, profile, profiles: all.map((each) => each.source), repairs };
}

/** A profile against the reference of its version, in the form of a batch of rows. */
export function examineProfile(
  version: Version,
  { profile: reference }: Reference,
  settings: MonitorSettings,
  profile: Profile,
): { figures: Figure[]; report: KeptReport } {
  const options = methodsOf(settings, reference.columns.map(({ sample }) => sample.name)); // prettier-ignore
  const images = version.recipe.task === 'imageClassification';
  const { figures, ...report } = compareProfile(reference, profile, { ...options, images });
  return { figures, report: { ...report, schema: [], slices: [], effects: {}, metric: judgingMetric(version) } };
}

function batchWith<B extends Pick<BatchFacts, 'name' | 'profiles'>>(
  batches: readonly B[],
  wanted: (source: ProfileSource) => boolean,
): B | undefined {
  return batches.find(({ profiles = [] }) => profiles.some(wanted));
}

function ofAnother(name: string, { model }: Profile, version: Version, versions: readonly Version[]): UserError {
  const found = versions.find(({ weightsSha256 }) => weightsSha256 === model.fingerprint);
  const remedy = found
    ? `Choose version ${quote(found.id)} to score with`
    : 'No version that is kept here has its weights';
  const of = quote(found?.id ?? model.id);
  return new UserError('invalid', `profile ${quote(name)}: it is of ${of}, and not of version ${quote(version.id)}. ${remedy}`); // prettier-ignore
}
