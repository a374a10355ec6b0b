// Aliases: movable names for one version each. An alias follows nothing: it stays where it was set, and goes with its
// version. Every move is written into the model's history.

import { UserError } from '../base/errors.ts';
import {
  type AliasMove,
  CHALLENGER,
  CHAMPION,
  findRollBack,
  type GateDigest,
  moveAlias,
  numberOf,
} from './aliasHistory.ts';
import { readModel } from './models.ts';
import type { Draft } from './records.ts';
import { versionId } from './versionId.ts';
import type { Workspace } from './workspace.ts';

/**
 * Moves an alias to a version of its model, or removes it (null).
 * @throws UserError where the name is none that an alias may have, or the model or version is unknown
 */
export async function setAlias(ws: Workspace, model: string, alias: string, number: number | null): Promise<void> {
  checkAlias(alias);
  return ws.commit(`the alias '${alias}'`, async (draft) => {
    const record = await readModel(draft, model);
    if (number !== null) await checkKept(draft, model, number);
    if (number === null && numberOf(record, alias) === null) {
      throw new UserError('unknown', `alias '${alias}': model '${model}' has none of this name.`);
    }
    draft.put('model', model, moveAlias(record, { alias, to: number, at: ws.now(), why: 'set' }));
  });
}

/**
 * Makes a version the champion; it is the challenger no more.
 * @param against number of the champion that it was held against, null for none; `gate` is what came of that
 * @throws UserError where it is the champion already, or another one is by now
 */
export function promote(
  ws: Workspace,
  { model, number }: { model: string; number: number },
  { against, gate, note }: { against: number | null; gate?: GateDigest; note?: string },
): Promise<void> {
  return ws.commit(`the promotion of '${versionId(model, number)}'`, async (draft) => {
    const record = await readModel(draft, model);
    await checkKept(draft, model, number);
    const champion = numberOf(record, CHAMPION);
    if (champion === number) throw alreadyChampion(versionId(model, number));
    if (champion !== against) {
      const now = champion === null ? 'there is none now' : `it is '${versionId(model, champion)}' now`;
      throw new UserError('invalid', `champion of '${model}': it was moved meanwhile, ${now}. Compare with that one.`);
    }
    const at = ws.now();
    let moved = moveAlias(record, {
      alias: CHAMPION,
      to: number,
      at,
      why: 'promoted',
      ...(gate && { gate }),
      ...(note && { note }),
    });
    if (numberOf(record, CHALLENGER) === number) {
      moved = moveAlias(moved, { alias: CHALLENGER, to: null, at, why: 'promoted' });
    }
    draft.put('model', model, moved);
  });
}

/** @param id of the version */
export function alreadyChampion(id: string): UserError {
  return new UserError('invalid', `version '${id}': it is the champion already.`);
}

/**
 * Puts the champion back to where it was before its last move that stands, and a challenger that became it back with it.
 * Again, it goes back further.
 * @returns the moves that were made, the champion's first
 * @throws UserError where there is no earlier champion that is still kept
 */
export function rollBack(ws: Workspace, model: string): Promise<AliasMove[]> {
  return ws.commit(`the roll back of '${model}'`, async (draft) => {
    const record = await readModel(draft, model);
    const kept = new Set<number>();
    for (const version of await draft.list('version')) if (version.model === model) kept.add(version.number);
    const back = findRollBack(record, (number) => kept.has(number));
    if (!back) {
      throw new UserError(
        'missing',
        `champion of '${model}': there is no earlier one that is kept. Promote a version.`,
      );
    }
    const at = ws.now();
    let moved = moveAlias(record, { alias: CHAMPION, to: back.champion, at, why: 'rolledBack' });
    if (back.challenger !== null) {
      moved = moveAlias(moved, { alias: CHALLENGER, to: back.challenger, at, why: 'rolledBack' });
    }
    draft.put('model', model, moved);
    return moved.history!.slice(record.history?.length ?? 0);
  });
}

async function checkKept(draft: Pick<Draft, 'find'>, model: string, number: number): Promise<void> {
  const id = versionId(model, number);
  if (!(await draft.find('version', id))) {
    throw new UserError('unknown', `version '${id}': it is not kept in this browser.`);
  }
}

function checkAlias(alias: string): void {
  if (!/^[\w-]{1,255}$/.test(alias)) {
    throw new UserError('invalid', `alias '${alias}': use 1 to 255 letters (a to z), digits, '_' and '-'.`);
  }
  if (alias === 'latest' || /^v?\d+$/i.test(alias)) {
    throw new UserError('invalid', `alias '${alias}': it already means a version by itself. Pick another name.`);
  }
}
