// Updates that begin by themselves, as they are kept with their model. Carrying one out is the worker's.

import { NO_RULE, type Automatic, type AutomaticRule, type AutomaticUpdate } from './automaticRule.ts';
import { changeModel, readModel, type ModelRecord } from './models.ts';
import type { Workspace } from './workspace.ts';

/** @throws UserError where there is no such model */
export async function readAutomatic(ws: Workspace, model: string): Promise<Pick<Automatic, 'rule' | 'log'>> {
  const { automatic } = await readModel(ws, model);
  return { rule: automatic?.rule ?? NO_RULE, log: automatic?.log ?? [] };
}

/** @param labelled ids of the model's batches that have labels now @throws UserError where there is no such model */
export function setAutomaticRule(ws: Workspace, model: string, rule: AutomaticRule, labelled: string[]): Promise<void> {
  return changeModel(ws, model, (record) => ({
    ...record,
    automatic: { rule, before: labelled, log: record.automatic?.log ?? [] },
  }));
}

/** The model with the oldest update in this state. */
export async function findUpdate(
  ws: Workspace,
  state: AutomaticUpdate['state'],
): Promise<{ model: ModelRecord; update: AutomaticUpdate } | undefined> {
  for (const model of await ws.list('model')) {
    const update = model.automatic?.log.find((each) => each.state === state);
    if (update) return { model, update };
  }
  return undefined;
}

/** Changes an update, whatever its model is called by now. @returns false where it is not in the state `from` any more */
export function changeUpdate(
  ws: Workspace,
  id: string,
  from: AutomaticUpdate['state'],
  change: Partial<Pick<AutomaticUpdate, 'state' | 'version' | 'note'>>,
): Promise<boolean> {
  return ws.commit('the update', async (draft) => {
    for (const record of await draft.list('model')) {
      const { automatic } = record;
      if (!automatic?.log.some((each) => each.id === id && each.state === from)) continue;
      const log = automatic.log.map((each) => (each.id === id ? { ...each, ...change } : each));
      draft.put('model', record.name, { ...record, automatic: { ...automatic, log } });
      return true;
    }
    return false;
  });
}
